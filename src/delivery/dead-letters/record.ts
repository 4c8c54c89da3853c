/**
 * Dead letters on disk: files of records as the journal's blocks (journal/record.ts), with a meta of their own. The lsn in a
 * record's header is its place, a byte offset since the store's beginning; `lines` and `seconds` are those of the bundle.
 *
 *   meta     JSON, see Meta
 *   payload  the lines whole, in the order of their rows, as a PushRequest in snappy's block format; none where it only removes
 *
 * A record that `replaces` others takes effect with them in one step. One that `isAwaiting` counts only where the next record
 * follows at once: so several can take the place of one, and a write torn between them changes nothing.
 */
import { encodeRecord, openMeta, openPayload, type RecordHeader, RecordType } from '../../journal/record.js';

/** Lines of one block that one sink refused together, for one reason. */
export interface Bundle {
  readonly sink: string;
  readonly reason: string;
  /** What the sink's server said of one of them; empty where it was not asked. */
  readonly said: string;
  readonly tenant?: string | undefined;
  /** Of the block that they were in: with the row it names a line for ever. */
  readonly lane: number;
  readonly lsn: number;
  /** Ascending. */
  readonly rows: readonly number[];
  /** How often the sink has refused them. */
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly rejectedMs: number;
}

export interface Meta {
  /** Places of records that are no more. */
  readonly replaces?: readonly number[];
  /** Counts once the next record does. */
  readonly isAwaiting?: boolean;
  readonly bundle?: Bundle;
}

/** The record as buffers to write one after the other. */
export function encodeLetters(place: number, meta: Meta, payload: Buffer | undefined): Buffer[] {
  const { rows = [], rejectedMs = 0 } = meta.bundle ?? {};
  const seconds = Math.min(Math.max(0, Math.floor(rejectedMs / 1000)), 2 ** 32 - 1);
  const fields = { type: RecordType.block, lsn: place, lines: rows.length, seconds };
  return encodeRecord(fields, Buffer.from(JSON.stringify(meta)), payload);
}

/** Undefined where the body is damaged, or something else. */
export function decodeLetters(
  header: RecordHeader,
  body: Buffer,
): { meta: Meta; payload: Buffer } | undefined {
  if (header.type !== RecordType.block) return undefined;
  const meta = openMeta(header, body);
  const payload = openPayload(header, body);
  return meta && payload ? { meta: JSON.parse(meta.toString()) as Meta, payload } : undefined;
}

export function bytesOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
