/**
 * For tests: sources of numbered lines that can be read again from any position, and a journal that takes them. The
 * position of a source is how many of its lines are done; its lines are `<key> <number>`, from 1 on.
 */
import { expect } from 'vitest';
import type { Cursor } from '../../pipeline/contract.js';
import { CATCH_UP_LABEL, type Labels } from '../../pipeline/streams.js';
import { silentLogger } from '../../runtime/log.js';
import type { Disk } from '../disk.js';
import type { JournalLimits } from '../limits.js';
import type { JournalCursor, Loss } from '../types.js';
import { MemoryDisk } from './memory-disk.js';
import { batchOf, type Opened, openOn, readAll, SMALL, type TestLine } from './test-kit.js';

/** Their streams are of several lanes. */
export const KEYS = ['a', 'b', 'c', 'd'];
const LABELS: Readonly<Record<string, Labels>> = {
  a: { container: 'a', stream: 'stdout' },
  b: { container: 'b', stream: 'stderr' },
  c: { container: 'c', stream: 'stdout' },
  d: { container: 'd', stream: 'stdout', [CATCH_UP_LABEL]: 'true' },
};

/** Lines of each source. */
export type Written = ReadonlyMap<string, number>;

export function textOf(key: string, number: number): string {
  return `${key} ${number}`;
}

export function allOf(written: Written): string[] {
  return [...written].flatMap(([key, lines]) => Array.from({ length: lines }, (_, i) => textOf(key, i + 1)));
}

export function testLine(key: string, number: number): TestLine {
  return { labels: LABELS[key], text: textOf(key, number), seconds: 1_700_000_000 + number, nanos: number };
}

/** Gives the journal what it lacks of the first `lines` lines of `key`. */
export function readOn({ journal, streams }: Opened, key: string, lines: number): void {
  const from = (journal.position(key) ?? 0) as number;
  const missing = Array.from({ length: Math.max(0, lines - from) }, (_, i) => testLine(key, from + i + 1));
  if (missing.length === 0) return;
  void journal.append(batchOf(streams, missing), key, lines, { key, from, to: lines });
}

export interface Image {
  readonly disk: MemoryDisk;
  readonly written: Written;
  /** End lsn of each commit, and what was written by then. */
  readonly commits: readonly { readonly end: number; readonly written: Written }[];
}

/** A journal of `rounds` commits, each with one to three lines of two sources. */
export async function writeImage(rounds: number, limits: JournalLimits): Promise<Image> {
  const disk = new MemoryDisk();
  const opened = await openOn(disk, {}, limits);
  const written = new Map<string, number>();
  const commits: { end: number; written: Written }[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [i, key] of KEYS.entries()) {
      if ((round + i) % 4 > 1) continue;
      written.set(key, (written.get(key) ?? 0) + 1 + (round % 3));
      readOn(opened, key, written.get(key) as number);
    }
    commits.push({ end: await opened.journal.barrier(), written: new Map(written) });
  }
  await opened.scope.close();
  return { disk, written, commits };
}

export interface Survived {
  readonly recovery: readonly string[];
  readonly warnings: readonly string[];
  readonly losses: readonly Loss[];
  /** What the reader never got, and what it got more than once, over both its lives. */
  readonly missing: readonly string[];
  readonly twice: readonly string[];
}

/**
 * Opens what is left of a journal for a reader that had `before` and stood at `own`; lets the sources read on from their
 * positions, and a line further. Whatever happened: nothing fails, pending is what then comes, and what is missing is told.
 */
export async function survive(
  disk: Disk,
  written: Written,
  own?: Cursor,
  before: readonly string[] = [],
): Promise<Survived> {
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (_: object, sentence: string): void => void warnings.push(sentence) };
  const opened = await openOn(disk, {}, SMALL, log);
  const { journal, scope, failures } = opened;
  const cursor: JournalCursor = journal.openCursor('reader', own);
  await cursor.locate();
  const pending = cursor.pendingLines();
  const first = await readAll(cursor);
  const told = (losses: readonly Loss[]): number => losses.reduce((sum, { lines }) => sum + lines, 0);
  expect(first.lines.flat().length + told(first.losses)).toBe(pending);
  cursor.advance(first.next);
  const further = new Map(KEYS.map((key) => [key, (written.get(key) ?? 0) + 1]));
  for (const [key, lines] of further) readOn(opened, key, lines);
  await journal.barrier();
  const second = await readAll(cursor, first.next);
  expect(second.losses).toEqual([]);
  await scope.close();
  expect(failures).toEqual([]);
  const got = [...before, ...[...first.lines, ...second.lines].flat().map(withoutLabels)];
  const once = new Set(got);
  const seen = new Set<string>();
  const twice = got.filter((text) => seen.size === seen.add(text).size);
  const missing = allOf(further).filter((text) => !once.has(text));
  for (const key of KEYS) expect(once).toContain(textOf(key, further.get(key) as number));
  // What was told and has come all the same was read again from its source, which is told too.
  const recovery = journal.recovery.map(({ sentence }) => sentence);
  if (recovery.some((sentence) => sentence.includes('once more')))
    expect(missing.length).toBeLessThanOrEqual(told(first.losses));
  else expect(missing.length).toBe(told(first.losses));
  return { recovery, warnings, losses: first.losses, missing, twice };
}

function withoutLabels(line: string): string {
  return line.slice(line.indexOf('} ') + 2);
}
