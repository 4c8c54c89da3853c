/**
 * Where reading a log through the engine goes on after a restart, as it is committed with the lines:
 *
 *   {transport: 'api', seconds, nanos, known, behind?: [count, sum, place], out?, err?, last?}
 *     seconds, nanos   time of the last record taken, since 1970
 *     known            up to 16 records, the last ones before which nothing is missing: base64 of three 32 bit numbers
 *                      each, little endian: seconds, nanoseconds, hash (ring.ts)
 *     behind           there while records were taken that were not compared with the log (verification.ts): how many, in
 *                      32 bits the sum of their marks (ring.ts), and the record before them as in `known`, empty where
 *                      they begin with the log. The last one of them is the last one of `known`
 *     out, err         there while a line is open: so many records of stdout and of stderr behind `known` are done
 *     last             there while a line is open: the last records taken, as `known`, for when those are gone
 *
 * A line whose pieces are not all there holds `known` before its first piece, so that a restart reads them again.
 *
 * The file transport's form is an array that begins with the whole seconds of the last line, and may hold its time in full.
 */
import type { Position } from '../../../pipeline/contract.js';
import { KNOWN_RECORDS } from './overlap.js';
import type { Behind } from './recount.js';

export interface ApiPosition {
  readonly seconds: number;
  readonly nanos: number;
  readonly known: Uint32Array;
  readonly behind: Behind | undefined;
  readonly out: number;
  readonly err: number;
  readonly last: Uint32Array | undefined;
}

/** The part of it that says what is known. */
export type KnownPosition = { readonly known: string; readonly behind?: readonly [number, number, string] };

export function encodeBehind({ count, sum, place }: Behind): NonNullable<KnownPosition['behind']> {
  return [count, sum, place ? encodeRecords(Uint32Array.of(place.seconds, place.nanos, place.hash)) : ''];
}

export function encodeRecords(records: Uint32Array): string {
  return Buffer.from(records.buffer, records.byteOffset, records.byteLength).toString('base64');
}

/** Undefined for anything that is no position of this transport. */
export function decodePosition(position: Position): ApiPosition | undefined {
  if (typeof position !== 'object' || position === null || Array.isArray(position)) return undefined;
  const {
    transport,
    seconds,
    nanos,
    known,
    behind,
    out = 0,
    err = 0,
    last,
  } = position as Record<string, unknown>;
  const records = decodeRecords(known);
  const lastRecords = last === undefined ? undefined : decodeRecords(last);
  if (transport !== 'api' || !records || (last !== undefined && !lastRecords)) return undefined;
  if (!isCount(seconds) || !isCount(nanos) || !isCount(out) || !isCount(err)) return undefined;
  return { seconds, nanos, known: records, behind: decodeBehind(behind), out, err, last: lastRecords };
}

/** Undefined for what is none: then it is as if all had been compared. */
function decodeBehind(value: unknown): Behind | undefined {
  if (!Array.isArray(value)) return undefined;
  const [count, sum, place] = value as unknown[];
  const record = decodeRecords(place);
  if (!isCount(count) || !isCount(sum) || !record || record.length > 3) return undefined;
  const [seconds, nanos, hash] = record;
  return { count, sum, place: record.length === 3 ? { seconds, nanos, hash } : undefined };
}

function decodeRecords(text: unknown): Uint32Array | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 12 !== 0 || bytes.length > KNOWN_RECORDS * 12) return undefined;
  const records = new Uint32Array(bytes.length / 4);
  for (let i = 0; i < records.length; i++) records[i] = bytes.readUInt32LE(i * 4);
  return records;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
