/**
 * Where reading goes on after a restart, as it is committed with the lines: the files that are still needed, oldest
 * first, and in each one watermark for stdout and one for stderr. Records of a stream below its watermark are done.
 *
 *   [seconds, nanos, live, catch-up, catch-up …]
 *     seconds   time of the last line read, since 1970
 *     nanos     within the second; not there in positions of old versions
 *     live      [file …]; before them the file that is done with and stands before all that are needed: [length, crc]
 *     catch-up  [[file …], [length, crc, offset]]: read up to `offset` of that last file
 *     file      [length, crc, out, err], and of the one that is being read the CRC-32 of the 64 bytes before the higher
 *               watermark: whoever cuts the file short or writes it anew changes those
 *
 * A file is known by the length and CRC-32 of its first record, time included: no two files of a log share that, a
 * compressed copy still has it, and a reused inode number does not. A line whose pieces are not all there holds its
 * stream's watermark at the first piece, so that a restart reads them again; that may be in an older file.
 */
import type { Position } from '../../../pipeline/contract.js';
import type { LineTime } from '../../../pipeline/line-time.js';

export type Fingerprint = readonly [length: number, crc: number];
export type FilePosition = readonly [
  length: number,
  crc: number,
  out: number,
  err: number,
  ...tail: number[],
];
export type EndPosition = readonly [length: number, crc: number, offset: number];

export interface CatchUpPosition {
  readonly files: readonly FilePosition[];
  readonly end: EndPosition;
}

export type LogTime = LineTime;

export interface LogPosition extends LogTime {
  readonly live: readonly FilePosition[];
  /** Everything up to the end of this file is done with. */
  readonly done?: Fingerprint | undefined;
  /** In the order in which they are read. */
  readonly catchUp: readonly CatchUpPosition[];
}

export function encodePosition(position: LogPosition): Position {
  return [
    position.seconds,
    position.nanos,
    position.done ? [position.done, ...position.live] : position.live,
    ...position.catchUp.map((span): Position => [span.files, span.end]),
  ];
}

/** Up to when a log was read through the engine's API; undefined where it was not. */
export function timeOfApiPosition(position: Position): LogTime | undefined {
  if (typeof position !== 'object' || position === null || Array.isArray(position)) return undefined;
  const { transport, seconds, nanos } = position as { readonly [key: string]: Position };
  return transport === 'api' && isCount(seconds) && isCount(nanos) ? { seconds, nanos } : undefined;
}

/** Of the last line read, by a saved position of either transport; undefined where none was. */
export function timeOfPosition(position: Position): LogTime | undefined {
  const { seconds, nanos } = timeOfApiPosition(position) ??
    decodePosition(position) ?? { seconds: 0, nanos: 0 };
  return seconds > 0 ? { seconds, nanos } : undefined;
}

/** Inverse of `encodePosition`; undefined for anything else. */
export function decodePosition(position: Position): LogPosition | undefined {
  if (!Array.isArray(position)) return undefined;
  const [seconds, ...rest]: readonly unknown[] = position;
  const nanos = typeof rest[0] === 'number' ? (rest.shift() as number) : 0;
  const [files, ...catchUp] = rest;
  const done =
    Array.isArray(files) && isNumbers(files[0], 2) ? (files[0] as unknown as Fingerprint) : undefined;
  const live: unknown = done ? (files as unknown[]).slice(1) : files;
  if (!isCount(seconds) || !isCount(nanos) || !isFiles(live)) return undefined;
  const spans: CatchUpPosition[] = [];
  for (const span of catchUp) {
    if (!Array.isArray(span)) return undefined;
    const [files, end]: readonly unknown[] = span;
    if (!isFiles(files) || !isNumbers(end, 3)) return undefined;
    spans.push({ files, end: end as unknown as EndPosition });
  }
  return { seconds, nanos, live, done, catchUp: spans };
}

function isFiles(value: unknown): value is FilePosition[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((file) => isNumbers(file, 4) || isNumbers(file, 5))
  );
}

function isNumbers(value: unknown, length: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every(isCount);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
