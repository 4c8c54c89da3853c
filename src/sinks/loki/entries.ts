/**
 * Which lines of a request Loki refused: what its answer tells (told.ts), found again among the lines that were sent. It
 * counts only where both agree to the line; where they do not, a smaller request tells more.
 *
 * - Too old, too new: told by the second. Within one second the oldest go, or the newest; equal times share a fate.
 * - Too long: told by the length. Structured metadata: told by its bytes or pairs, or all that have any.
 * - Too far behind: told by the nanosecond, up to ten of them; more are those that Loki's own rule refuses, applied here
 *   again, if they are as many as it says.
 * - Labels: the stream as a whole.
 */
import { FieldFinder } from '../../pipeline/metadata.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { labelText, parseLabelText } from '../../pipeline/streams.js';
import type { Piece, Request } from './request.js';
import { OF_LABELS, type Time, type Told, type ToldGroup, type Words } from './told.js';

/** One line of a request. */
export interface Entry extends Time {
  readonly piece: Piece;
  /** Of `piece`. */
  readonly row: number;
  readonly labels: string;
  readonly bytes: number;
  /** Of its structured metadata: bytes of names and values. */
  readonly metadataBytes: number;
  readonly metadataPairs: number;
}

export type Verdicts = ReadonlyMap<Entry, Words>;

export interface Found {
  readonly refused: Verdicts;
  /** Lines that may have been refused beside these, unsaid; all others are stored. */
  readonly open: readonly Entry[];
}

/** Loki's usual `max_chunk_age / 2`. */
const BEHIND_SECONDS = 3_600;
/** Loki adds it where it is missing. */
const SERVICE_NAME = 'service_name';

/** The lines of a request, in their order. Throws JOURNAL_DAMAGED where a block cannot be read. */
export function entriesOf({ pieces }: Request): Entry[] {
  return pieces.flatMap((piece) => {
    const lines = new BlockLines();
    decodeBlock(piece.block.payload, lines);
    return Array.from({ length: lines.length }, (_, row) => ({
      piece,
      row,
      labels: lines.streams[lines.stream[row]],
      seconds: lines.seconds[row],
      nanos: lines.nanos[row],
      bytes: lines.end[row] - lines.start[row],
      ...metadataOf(lines, row),
    }));
  });
}

function metadataOf(
  { data, metadataStart, metadataEnd }: BlockLines,
  row: number,
): Pick<Entry, 'metadataBytes' | 'metadataPairs'> {
  const field = new FieldFinder();
  let metadataBytes = 0;
  let metadataPairs = 0;
  for (let at = metadataStart[row]; at < metadataEnd[row]; metadataPairs++) {
    at = field.read(data, at);
    metadataBytes += field.nameEnd - field.nameStart + field.end - field.start;
  }
  return { metadataBytes, metadataPairs };
}

/** `isSingle`: these are the lines of one stream, which was named once. Undefined where it cannot be said to the line. */
export function findRefused(told: Told, entries: readonly Entry[], isSingle: boolean): Found | undefined {
  const byStream = grouped(entries, ({ labels }) => labels);
  switch (told.kind) {
    case 'validation':
      return byValidation(told.groups, byStream);
    case 'nothing stored':
      return byStream.size === 1 ? { refused: allOf(entries, told), open: [] } : undefined;
    case 'ingester':
      // It tells of the last one, and hides what befell the others.
      return isSingle ? byIngester(told, entries) : undefined;
    default:
      return undefined;
  }
}

/** Whether a stream that Loki names so was sent as `labels`; true also where its name cannot be read. */
export function mayBe(stream: string, labels: string): boolean {
  return namesOf(stream)?.has(labels) ?? true;
}

export function allOf(entries: readonly Entry[], words: Words): Verdicts {
  return new Map(entries.map((entry) => [entry, words]));
}

function byValidation(
  groups: readonly ToldGroup[],
  byStream: ReadonlyMap<string, readonly Entry[]>,
): Found | undefined {
  const refused = new Map<Entry, Words>();
  for (const [labels, own] of groupsByStream(groups, [...byStream.keys()])) {
    const entries = byStream.get(labels);
    if (!entries || !refuseAll(own, entries, refused)) return undefined;
  }
  return { refused, open: [] };
}

/** The groups by the stream that they are of, as it was named when it was sent; under '' those of which that cannot be told. */
function groupsByStream(groups: readonly ToldGroup[], sent: readonly string[]): Map<string, ToldGroup[]> {
  return grouped(groups, ({ stream, reason }) => {
    if (sent.length === 1) return sent[0];
    // What is wrong with labels is told with a label as it is, which may hold anything.
    if (stream === undefined || OF_LABELS.has(reason)) return '';
    const names = namesOf(stream);
    return sent.find((labels) => names?.has(labels)) ?? '';
  });
}

/** How a stream that Loki names so may have been named when it was sent; undefined where that cannot be read. */
function namesOf(stream: string): ReadonlySet<string> | undefined {
  try {
    const labels = parseLabelText(stream);
    const { [SERVICE_NAME]: _, ...given } = labels;
    return new Set([labelText(labels), labelText(given)]);
  } catch {
    return undefined;
  }
}

/** Adds to `refused` the lines of one stream that `groups` tell of. False where they are not there in that number. */
function refuseAll(
  groups: readonly ToldGroup[],
  entries: readonly Entry[],
  refused: Map<Entry, Words>,
): boolean {
  const ofLabels = groups.find(({ reason }) => OF_LABELS.has(reason));
  if (ofLabels) {
    for (const entry of entries) refused.set(entry, ofLabels);
    return true;
  }
  for (const group of groups.toSorted((a, b) => placeOf(a) - placeOf(b))) {
    const { count, seconds, reason } = group;
    const candidates = entries.filter((entry) => !refused.has(entry) && isMeant(entry, group));
    const sign = reason === 'too_new' ? -1 : 1;
    if (seconds !== undefined) candidates.sort((a, b) => sign * (a.nanos - b.nanos));
    const next = candidates.at(count);
    const isSplit =
      next !== undefined && (seconds === undefined || next.nanos === candidates[count - 1].nanos);
    if (candidates.length < count || isSplit) return false;
    for (const entry of candidates.slice(0, count)) refused.set(entry, group);
  }
  return true;
}

/** Loki looks at the time first, then at the length, then at structured metadata: its bytes, its pairs. */
function placeOf({ seconds, bytes, metadata }: ToldGroup): number {
  if (seconds !== undefined) return 0;
  return bytes !== undefined ? 1 : metadata?.pairs === undefined ? 2 : 3;
}

function isMeant(entry: Entry, { seconds, bytes, metadata }: ToldGroup): boolean {
  if (seconds !== undefined) return entry.seconds === seconds;
  if (bytes !== undefined) return entry.bytes === bytes;
  if (metadata?.bytes !== undefined) return entry.metadataBytes === metadata.bytes;
  if (metadata?.pairs !== undefined) return entry.metadataPairs === metadata.pairs;
  return metadata !== undefined && entry.metadataPairs > 0;
}

type OfIngester = Extract<Told, { kind: 'ingester' }>;

function byIngester(told: OfIngester, entries: readonly Entry[]): Found | undefined {
  const { ignored, of, listed, stream } = told;
  // Loki had divided the stream, and says nothing of its other shards.
  if (/\b__stream_shard__=/.test(stream) || ignored === 0 || ignored > of || of > entries.length)
    return undefined;
  const isListed = ignored === listed.length;
  const found =
    ignored === entries.length ? entries : isListed ? sameTimes(told, entries) : behind(told, entries);
  if (found?.length !== ignored) return undefined;
  const refused = allOf(found, told);
  const open = of === entries.length ? [] : entries.filter((entry) => !refused.has(entry));
  return { refused, open };
}

/** The lines with these times. Where more have one the last of them: the newest only grows, and what it refuses with it. */
function sameTimes({ listed, of }: OfIngester, entries: readonly Entry[]): Entry[] {
  const byTime = grouped(entries, keyOf);
  return [...grouped(listed, keyOf)].flatMap(([time, { length }]) => {
    const own = byTime.get(time) ?? [];
    // Some of them may not have come so far.
    return of < entries.length && own.length !== length ? [] : own.slice(-length);
  });
}

function behind(
  { listed, oldestSeconds, reason }: OfIngester,
  entries: readonly Entry[],
): Entry[] | undefined {
  if (oldestSeconds === undefined || reason !== 'too_far_behind') return undefined;
  let oldest: Time = { seconds: oldestSeconds, nanos: 0 };
  const found = entries.filter((entry) => {
    if (isBefore(entry, oldest)) return true;
    const seconds = entry.seconds - BEHIND_SECONDS;
    if (isBefore(oldest, { seconds, nanos: entry.nanos })) oldest = { seconds, nanos: entry.nanos };
    return false;
  });
  const isAsListed = listed.every((time, i) => found[i] !== undefined && keyOf(found[i]) === keyOf(time));
  return isAsListed ? found : undefined;
}

function keyOf({ seconds, nanos }: Time): string {
  return `${seconds}.${nanos}`;
}

function isBefore(a: Time, b: Time): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}

function grouped<T, K>(items: readonly T[], keyOfItem: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOfItem(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
