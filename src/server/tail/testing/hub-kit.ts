/** Shared by the tests of the live tail: a hub over a journal on a real disk, lines, and who is shown them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach } from 'vitest';
import { openJournal } from '../../../journal/index.js';
import type { Journal } from '../../../journal/types.js';
import { Batch } from '../../../pipeline/batch.js';
import type { Pipeline } from '../../../pipeline/contract.js';
import { GapRegister } from '../../../pipeline/gap-register.js';
import { createIntake } from '../../../pipeline/intake.js';
import { fieldName, Metadata } from '../../../pipeline/metadata.js';
import { type Stream, StreamTable } from '../../../pipeline/streams.js';
import { parseQuery } from '../../../query/index.js';
import { silentLogger } from '../../../runtime/log.js';
import { Scope } from '../../../runtime/scope.js';
import { TailHub, type TailJournal } from '../hub.js';
import type { TailRequest } from '../request.js';

export const ALL: TailRequest = {
  query: parseQuery(''),
  containers: [],
  grep: '',
  lines: 10_000,
  catchUp: false,
  follow: true,
};

interface Shown {
  readonly time: string;
  readonly container: string;
  readonly stream: string;
  readonly level: string;
  readonly line: string;
  readonly fields?: Fields;
  readonly cut?: number;
  readonly committed: boolean;
}

/** A disk that does not answer. */
export const stuck: TailJournal = {
  stats: { committedLsn: 0, linesUncommitted: 0 } as TailJournal['stats'],
  barrier: () => new Promise(() => {}),
  recent: () => Promise.resolve([]),
};

/** Takes everything at once and parses it. */
export class Screen {
  readonly shown: Shown[] = [];
  readonly other: string[] = [];
  write(text: string): boolean {
    for (const event of text.split('\n\n')) {
      if (event.startsWith('data: ')) this.shown.push(JSON.parse(event.slice(6)));
      else if (event !== '') this.other.push(event);
    }
    return true;
  }
  onDrain(): void {}
  get lines(): string[] {
    return this.shown.map(({ line }) => line);
  }
}

/** Of the test at hand. */
let directory: string;
export let root: Scope;
export let streams: StreamTable;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'log-capturer-tail-'));
  streams = new StreamTable();
  root = Scope.root('test', (error) => {
    throw error;
  });
});

afterEach(async () => {
  await root.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Started {
  readonly journal: Journal;
  readonly hub: TailHub;
  readonly pipeline: Pipeline;
}

export async function start(
  syncIntervalMs: number,
  around = (journal: TailJournal) => journal,
): Promise<Started> {
  const options = { maxBytes: 1e9, maxAgeMs: 1e9, minFree: 0, syncIntervalMs };
  const journal = await openJournal(directory, options, streams, root, silentLogger);
  const hub = new TailHub(around(journal));
  const gaps = new GapRegister(journal, silentLogger);
  return { journal, hub, pipeline: createIntake({ journal, streams, scope: root, taps: [hub], gaps }) };
}

export const batch = new Batch(Buffer.alloc(1024 ** 2), 4096);

type Fields = Readonly<Record<string, string>>;

export function fill(
  rows: readonly (readonly [stream: Stream, line: string, seconds: number, fields?: Fields])[],
): Batch {
  let at = 0;
  batch.reset();
  batch.metadata = undefined;
  for (const [row, [stream, line, seconds, fields = {}]] of rows.entries()) {
    const end = at + batch.arena.write(line, at);
    batch.add(at, end, stream.id, seconds, 5, 0);
    for (const [name, value] of Object.entries(fields)) {
      batch.metadata ??= new Metadata(batch.capacity);
      batch.metadata.addText(row, fieldName(name), value);
    }
    at = end;
  }
  return batch;
}

export function push(pipeline: Pipeline, rows: Parameters<typeof fill>[0]): Promise<void> | undefined {
  return pipeline.push(fill(rows), 'test', 0, { key: 'test', from: 0, to: 0, lines: rows.length });
}

export function stream(container: string, more: Record<string, string> = {}): Stream {
  return streams.acquire({ container, stream: 'stdout', ...more });
}

export async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await pause(5);
  }
}
