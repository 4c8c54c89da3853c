/**
 * What the engine's log streams are made of: records, each with its timestamp in front.
 *
 *   <time> <text>[newline]      2026-11-21T21:40:00.123456789Z GET / 200
 *
 * A record is what one write of the engine's copier was: a line, a piece of 16 KiB of a longer line (without newline,
 * all with the time of the first), or the unended rest of a process's output. How they stand in the stream is told by
 * frames.ts (no terminal) and raw.ts (terminal).
 */
import { TimestampParser } from '../../../pipeline/timestamp-parser.js';
import { type RecordId, recordHash } from './ring.js';

export const NEWLINE = 0x0a;
const SPACE = 0x20;
/** Longer is no time as the engine writes it. */
const LONGEST_TIME = 36;

export interface RecordSink {
  /**
   * A record of which the text, without newline, is buf[start .. end). False asks to stop behind it. The sink may change
   * these bytes, and no others.
   */
  record(
    buf: Buffer,
    start: number,
    end: number,
    endsLine: boolean,
    isStderr: boolean,
    seconds: number,
    nanos: number,
  ): boolean;
  /** Bytes without a time in front: a line, as it is. */
  malformed(buf: Buffer, start: number, end: number, isStderr: boolean): boolean;
  /** What the engine says of itself among the lines. */
  engineError(message: string): void;
}

export interface RecordDecoder {
  /** With fewer bytes than this nothing more can be decoded. */
  readonly needed: number;
  /**
   * Gives the whole records in buf[0 .. length) to the sink and returns where it stopped: what is behind comes again with
   * more, or not at all. `starts` are the places at which the engine's writes begin as far as they can be seen; `isEnd`:
   * nothing more follows. Throws a ForeignStream for what is no log stream.
   */
  decode(buf: Buffer, length: number, starts: readonly number[], isEnd: boolean, sink: RecordSink): number;
}

/** What the engine answered is no stream of logs. */
export class ForeignStream extends Error {}

export class StampParser {
  readonly time = new TimestampParser();

  /** Where the text behind the time at buf[from] begins; -1 where no time is there, -2 where it may not be all there. */
  parse(buf: Buffer, from: number, to: number): number {
    const limit = Math.min(to, from + LONGEST_TIME);
    let at = from;
    while (at < limit && buf[at] !== SPACE) at++;
    if (at === limit) return to - from < LONGEST_TIME ? -2 : -1;
    return this.time.parse(buf, from, at) ? at + 1 : -1;
  }
}

/** Keeps of each record nothing but what identifies it. */
export class RecordIds implements RecordSink {
  readonly ids: RecordId[] = [];

  record(
    buf: Buffer,
    start: number,
    end: number,
    endsLine: boolean,
    isStderr: boolean,
    seconds: number,
    nanos: number,
  ): boolean {
    this.ids.push({ seconds, nanos, hash: recordHash(buf, start, end, endsLine, isStderr) });
    return true;
  }

  malformed(): boolean {
    return true;
  }

  engineError(): void {}

  drained(): boolean {
    return true;
  }
}
