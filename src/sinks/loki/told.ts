/**
 * What the body of a 400 tells of the lines that Loki refused. Pure. The bodies are Loki's sentences (2.9 to 3.7, of which the
 * newer begin with a small letter):
 *
 *   validation   "3 errors like: entry for stream '{…}' has timestamp too old: <whole seconds>, …; 1 errors like: Max entry
 *                size …": each different sentence once, with its count, in any order; a lone sentence stands for one error.
 *                Structured metadata is told by its bytes or its pairs; where none is allowed, of every line that has any.
 *                What is wrong with labels concerns all of a stream, and is told once for each time that it was sent.
 *   ingester     "entry with timestamp <nanoseconds> ignored, reason: 'entry too far behind, …',\n… (the first ten)
 *                user 'x', total ignored: 7 out of 40 for stream: {…}", for one stream, and it hides what validation said:
 *                then "out of" is less than what was sent
 *   labels       that cannot be parsed: nothing of the request is stored
 *
 * Labels are in these bodies and come from anybody, so whatever stands in quotes is covered before anything is read.
 */
import { firstLine, printable } from '../http/reply.js';

export interface Time {
  /** Since 1970. */
  readonly seconds: number;
  readonly nanos: number;
}

/** Why a line was refused: a reason of rejections.ts, and Loki's words, short and printable. */
export interface Words {
  readonly reason: string;
  readonly said: string;
}

export interface ToldGroup extends Words {
  readonly count: number;
  /** As Loki writes it, with the labels that it added; undefined where it is not told. */
  readonly stream: string | undefined;
  /** Since 1970, of each of these lines; undefined where times do not matter. */
  readonly seconds: number | undefined;
  /** Length of each of these lines; undefined where it does not matter. */
  readonly bytes: number | undefined;
  /** Structured metadata of each of these lines; undefined where it does not matter. */
  readonly metadata: MetadataTold | undefined;
}

/** So many bytes or pairs; neither: any. */
export interface MetadataTold {
  readonly bytes?: number;
  readonly pairs?: number;
}

export type Told =
  | (Words & { readonly kind: 'nothing stored' })
  | { readonly kind: 'validation'; readonly groups: readonly ToldGroup[] }
  | (Words & {
      readonly kind: 'ingester';
      readonly stream: string;
      readonly ignored: number;
      /** Lines that came through validation. */
      readonly of: number;
      /** The first of those ignored, in the order in which they were sent. */
      readonly listed: readonly Time[];
      /** What the first of them would have to be, in seconds since 1970, cut to whole ones. */
      readonly oldestSeconds: number | undefined;
    })
  /** Not in these words: `reason` is what stands there of what is known. */
  | { readonly kind: 'unknown'; readonly reason: string | undefined; readonly said: string };

/** Concerns a stream as a whole. */
export const OF_LABELS: ReadonlySet<string> = new Set(['max_labels', 'invalid_labels']);
const OTHER = 'other';

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/label names; limit/, 'max_labels'],
  [/label (name|value) too long|duplicate label name/, 'invalid_labels'],
  [/least one label pair|arsing labels|parse labels|missing required labels/, 'invalid_labels'],
  [/has timestamp too old/, 'too_old'],
  [/has timestamp too new/, 'too_new'],
  [/[Mm]ax entry size/, 'line_too_long'],
  [/structured metadata/, 'structured_metadata'],
  [/entry too far behind/, 'too_far_behind'],
  [/entry out of order/, 'out_of_order'],
];

/** `isWhole`: nothing of the body is missing at its end. */
export function readRefusal(body: string, isWhole = true): Told {
  const text = covered(body);
  if (/^(couldn't parse|[Ee]rror parsing) labels/.test(text))
    return { kind: 'nothing stored', reason: 'invalid_labels', said: printable(firstLine(body)) };
  const told = ingester(body, text) ?? validation(body, text);
  if (isWhole || told.kind !== 'validation') return told;
  const [{ reason, said }] = told.groups;
  return { kind: 'unknown', reason, said };
}

function ingester(body: string, text: string): Told | undefined {
  const total = /^user '[^\n]*', total ignored: (\d+) out of (\d+) for stream: /m.exec(text);
  if (!total) return undefined;
  const entries = /^entry with timestamp (\S+) (\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? \+0000 UTC ignored/gm;
  const listed = [...text.matchAll(entries)].map(([, date, clock, fraction = '']): Time => {
    return { seconds: Date.parse(`${date}T${clock}Z`) / 1000, nanos: Number(fraction.padEnd(9, '0')) };
  });
  const [, ignored, of] = total;
  return {
    kind: 'ingester',
    reason: reasonIn(text) ?? OTHER,
    said: printable(firstLine(body)),
    stream: firstLine(body.slice(total.index + total[0].length)),
    ignored: Number(ignored),
    of: Number(of),
    listed,
    oldestSeconds: secondsIn(/oldest acceptable timestamp is: ([^',\s]+)/, text),
  };
}

function validation(body: string, text: string): Told {
  const heads = [...text.matchAll(/(?:^|; )(\d+) errors like: /g)];
  if (heads.length === 0) {
    const group = groupOf(body, text, 1);
    if (group.reason !== OTHER) return { kind: 'validation', groups: [group] };
    return { kind: 'unknown', reason: undefined, said: printable(firstLine(body)) };
  }
  const groups = heads.map((head, i) => {
    const part = [head.index + head[0].length, heads[i + 1]?.index] as const;
    return groupOf(body.slice(...part), text.slice(...part), Number(head[1]));
  });
  return { kind: 'validation', groups };
}

function groupOf(body: string, text: string, count: number): ToldGroup {
  const stream = /stream '(\{.*\})'/.exec(text);
  const from = stream ? stream.index + "stream '".length : 0;
  return {
    reason: reasonIn(text) ?? OTHER,
    said: printable(firstLine(body)),
    count,
    stream: stream ? body.slice(from, from + stream[1].length) : undefined,
    seconds: secondsIn(/has timestamp too (?:old|new): ([^',\s]+)/, text),
    bytes: numberIn(/with length '(\d+)' bytes/, text),
    metadata: metadataIn(text),
  };
}

function metadataIn(text: string): MetadataTold | undefined {
  const bytes = numberIn(/structured metadata too large: '(\d+)' bytes/, text);
  if (bytes !== undefined) return { bytes };
  const pairs = numberIn(/too many structured metadata labels: '(\d+)'/, text);
  if (pairs !== undefined) return { pairs };
  return /includes structured metadata, but/.test(text) ? {} : undefined;
}

export function reasonIn(text: string): string | undefined {
  return REASONS.find(([pattern]) => pattern.test(text))?.[1];
}

/** `body`, every character between double quotes exchanged for another, so that places stay the same. */
export function covered(body: string): string {
  return body.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => `"${'_'.repeat(quoted.length - 2)}"`);
}

function secondsIn(pattern: RegExp, text: string): number | undefined {
  const seconds = Date.parse(pattern.exec(text)?.[1] ?? '') / 1000;
  return Number.isFinite(seconds) ? Math.floor(seconds) : undefined;
}

function numberIn(pattern: RegExp, text: string): number | undefined {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
