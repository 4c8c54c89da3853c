/**
 * Seams for tests and operators, on Node's diagnostics channels: they cost one property read while nobody listens.
 * Published synchronously at the named moment, so that a listener can stop or kill the process exactly there.
 */
import { type Channel, channel } from 'node:diagnostics_channel';

/** Lines have been encoded into the journal's memory, not yet committed: `{ lines, key }`. */
export const journalAppended: Channel = channel('log-capturer:journal.appended');
/** A commit is durable: `{ lines, lsn, seconds }`, the last being how long it took. */
export const journalCommitted: Channel = channel('log-capturer:journal.committed');
/** The file sink wrote output that its commit record does not cover yet: `{ lines, bytes }`. */
export const fileSinkWritten: Channel = channel('log-capturer:file-sink.written');
/** The file sink's commit record is written: `{ lines }`. */
export const fileSinkRecorded: Channel = channel('log-capturer:file-sink.recorded');
/** A log stream has come to its age and is gone: `{ container, rotations, ageSeconds }`; `rotations` counts the container's. */
export const streamRotated: Channel = channel('log-capturer:stream.rotated');
/** A sink's server has answered a request, or not (`status` is then `error`): `{ sink, seconds, status }`. */
export const sinkRequest: Channel = channel('log-capturer:sink.request');
/** A sink has taken a delivery, or failed to: `{ sink, seconds }`. */
export const sinkDelivery: Channel = channel('log-capturer:sink.delivery');
