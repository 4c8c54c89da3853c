/** Shared by the journal's tests: batches of lines, and what a journal holds. */
import { Batch } from '../../pipeline/batch.js';
import type { Block } from '../../pipeline/contract.js';
import { fieldName, Metadata } from '../../pipeline/metadata.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { LANES, type Labels, StreamTable } from '../../pipeline/streams.js';
import { type Logger, silentLogger } from '../../runtime/log.js';
import { Scope } from '../../runtime/scope.js';
import type { Disk } from '../disk.js';
import { openJournal } from '../index.js';
import type { JournalLimits } from '../limits.js';
import type { Journal, JournalCursor, JournalOptions, Loss } from '../types.js';

export const DIRECTORY = '/journal';
export const OPTIONS: JournalOptions = {
  maxBytes: 2 ** 40,
  maxAgeMs: 2 ** 40,
  minFree: 0,
  syncIntervalMs: 5,
};
export const SMALL: JournalLimits = { segmentBytes: 3_000, groupBytes: 2_000, heldBytes: 2 ** 30 };

export interface TestLine {
  readonly labels: Labels;
  readonly text: string | Buffer;
  readonly seconds?: number;
  readonly nanos?: number;
  readonly fields?: Readonly<Record<string, string>>;
}

export function batchOf(streams: StreamTable, lines: readonly TestLine[]): Batch {
  const texts = lines.map(({ text }) => Buffer.from(text));
  const batch = new Batch(Buffer.concat(texts), Math.max(1, lines.length));
  let at = 0;
  for (const [i, { labels, seconds = 1_700_000_000, nanos = 0, fields = {} }] of lines.entries()) {
    batch.add(at, at + texts[i].length, streams.acquire(labels).id, seconds, nanos, 0);
    for (const [name, value] of Object.entries(fields)) {
      batch.metadata ??= new Metadata(lines.length);
      batch.metadata.addText(i, fieldName(name), value);
    }
    at += texts[i].length;
  }
  return batch;
}

export interface Opened {
  readonly journal: Journal;
  readonly streams: StreamTable;
  readonly scope: Scope;
  readonly failures: unknown[];
}

export async function openOn(
  disk: Disk,
  options: Partial<JournalOptions> = {},
  limits: JournalLimits = SMALL,
  log: Logger = silentLogger,
): Promise<Opened> {
  const failures: unknown[] = [];
  const scope = Scope.root('test', (error) => failures.push(error));
  const streams = new StreamTable();
  const journal = await openJournal(DIRECTORY, { ...OPTIONS, ...options }, streams, scope, log, disk, limits);
  return { journal, streams, scope, failures };
}

/** Lines as `<labels> <text>`, by stream in the order of the block. */
export function linesOf(block: Block): string[] {
  const lines = new BlockLines();
  decodeBlock(block.payload, lines);
  return Array.from(
    { length: lines.length },
    (_, i) =>
      `${lines.streams[lines.stream[i]]} ${lines.data.toString('utf8', lines.start[i], lines.end[i])}`,
  );
}

export interface ReadAll {
  /** Per lane. */
  readonly lines: string[][];
  readonly losses: Loss[];
  readonly next: number[];
}

export async function readAll(
  cursor: JournalCursor,
  from = cursor.value,
  maxRawBytes = 1_000,
): Promise<ReadAll> {
  const lines: string[][] = [];
  const losses: Loss[] = [];
  const next: number[] = [];
  for (let lane = 0; lane < LANES; lane++) {
    lines[lane] = [];
    next[lane] = from[lane];
    for (;;) {
      const read = await cursor.read(lane, next[lane], maxRawBytes);
      losses.push(...read.losses);
      next[lane] = read.next;
      if (read.blocks.length === 0) break;
      for (const block of read.blocks) lines[lane].push(...linesOf(block));
    }
  }
  return { lines, losses, next };
}
