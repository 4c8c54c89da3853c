import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal } from '../journal/index.js';
import type { Journal } from '../journal/types.js';
import { Batch, LineFlag } from '../pipeline/batch.js';
import type { Pipeline } from '../pipeline/contract.js';
import { GapRegister } from '../pipeline/gap-register.js';
import { createIntake } from '../pipeline/intake.js';
import { CATCH_UP_LABEL, type Stream, StreamTable } from '../pipeline/streams.js';
import { silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { EventQueue } from './event-queue.js';
import { TailHub, type TailJournal } from './tail-hub.js';
import { TailReader, type TailRequest } from './tail-reader.js';

const ALL: TailRequest = { containers: [], grep: '', lines: 10_000, catchUp: false, follow: true };

interface Shown {
  readonly time: string;
  readonly container: string;
  readonly stream: string;
  readonly line: string;
  readonly committed: boolean;
}

/** Takes everything at once and parses it. */
class Screen {
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

let directory: string;
let root: Scope;
let streams: StreamTable;

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

async function start(syncIntervalMs: number, around = (journal: TailJournal) => journal): Promise<Started> {
  const options = { maxBytes: 1e9, maxAgeMs: 1e9, minFree: 0, syncIntervalMs };
  const journal = await openJournal(directory, options, streams, root, silentLogger);
  const hub = new TailHub(around(journal));
  const gaps = new GapRegister(journal, silentLogger);
  return { journal, hub, pipeline: createIntake({ journal, streams, processors: [], taps: [hub], gaps }) };
}

const batch = new Batch(Buffer.alloc(1024 ** 2), 4096);

function fill(rows: readonly (readonly [stream: Stream, line: string, seconds: number])[]): Batch {
  let at = 0;
  batch.reset();
  for (const [stream, line, seconds] of rows) {
    const end = at + batch.arena.write(line, at);
    batch.add(at, end, stream.id, seconds, 5, 0);
    at = end;
  }
  return batch;
}

function push(pipeline: Pipeline, rows: Parameters<typeof fill>[0]): Promise<void> | undefined {
  return pipeline.push(fill(rows), 'test', 0, { key: 'test', from: 0, to: 0, lines: rows.length });
}

function stream(container: string, more: Record<string, string> = {}): Stream {
  return streams.acquire({ container, stream: 'stdout', ...more });
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await pause(5);
  }
}

describe('first lines and live lines', () => {
  test('join without a hole or a double, whenever clients come', async () => {
    const { hub, pipeline } = await start(3);
    const sources = Array.from({ length: 5 }, (_, i) => stream(`c${i}`));
    const screens: Screen[] = [];
    let n = 0;
    const pushSome = async (count: number): Promise<void> => {
      const rows = Array.from(
        { length: count },
        () => [sources[n % 5], `line ${++n}`, 1_700_000_000 + n] as const,
      );
      await push(pipeline, rows);
    };
    const watcher = root.child('watchers');
    for (let round = 0; round < 120; round++) {
      await pushSome(1 + (round % 7));
      if (round % 10 === 5) {
        const screen = new Screen();
        screens.push(screen);
        const client = watcher.child('client');
        void client.run('watch', () => hub.serve(client, ALL, screen));
        await pushSome(2);
      }
      if (round % 4 === 0) await pause(round % 5);
    }
    await until(() => screens.every(({ lines }) => lines.at(-1) === `line ${n}`));
    const everything = Array.from({ length: n }, (_, i) => `line ${i + 1}`);
    for (const { lines, other } of screens) {
      expect(other).toEqual([]);
      expect(lines).toEqual(everything);
    }
    // The instrument is alive: clients saw both kinds.
    const kinds = screens.map(({ shown }) => new Set(shown.map(({ committed }) => committed)).size);
    expect(kinds.filter((count) => count === 2).length).toBeGreaterThan(3);
    await watcher.close();
    expect(hub.clients).toBe(0);
    expect(screens.every(({ other }) => other.join() === 'event: end\ndata: {"reason":"stopping"}')).toBe(
      true,
    );
  });

  test('equal lines at equal times are all there', async () => {
    const { hub, pipeline } = await start(50);
    const same = stream('c');
    const screen = new Screen();
    const watcher = root.child('watcher');
    for (let i = 0; i < 5; i++) await push(pipeline, [[same, 'x', 1]]);
    void watcher.run('watch', () => hub.serve(watcher, ALL, screen));
    for (let i = 0; i < 5; i++) await push(pipeline, [[same, 'x', 1]]);
    await push(pipeline, [[same, 'end', 2]]);
    await until(() => screen.lines.includes('end'));
    expect(screen.lines).toEqual([...Array(10).fill('x'), 'end']);
  });

  test('what is committed while the first lines are looked for comes once', async () => {
    const one = stream('c');
    const { hub, pipeline } = await start(0, (journal) => ({
      stats: journal.stats,
      barrier: () => journal.barrier(),
      recent: async (lanes, bytes) => {
        await push(pipeline, [[one, 'during', 2]]);
        await journal.barrier();
        return journal.recent(lanes, bytes);
      },
    }));
    const screen = new Screen();
    await push(pipeline, [[one, 'before', 1]]);
    const watcher = root.child('watcher');
    void watcher.run('watch', () => hub.serve(watcher, ALL, screen));
    await until(() => screen.lines.includes('during'));
    await push(pipeline, [[one, 'after', 3]]);
    await until(() => screen.lines.includes('after'));
    expect(screen.shown.map(({ line, committed }) => [line, committed])).toEqual([
      ['before', true],
      ['during', false],
      ['after', false],
    ]);
  });

  test('the newest by time are first, of the containers and with the text that are wanted', async () => {
    const { hub, pipeline } = await start(0);
    const [a, b] = [stream('a'), stream('b')];
    const old = stream('a', { [CATCH_UP_LABEL]: 'true' });
    await push(pipeline, [
      [a, 'a x 4', 4],
      [a, 'a x 1', 1],
      [a, 'a y 6', 6],
      [a, 'a x 5', 5],
      [b, 'b x 2', 2],
      [b, 'b x 7', 7],
      [old, 'a x 3', 3],
    ]);
    const first = async (request: Partial<TailRequest>): Promise<string[]> => {
      const screen = new Screen();
      await hub.serve(root.child('client'), { ...ALL, follow: false, ...request }, screen);
      expect(screen.other).toEqual(['event: end\ndata: {"reason":"complete"}']);
      return screen.lines;
    };
    expect(await first({ lines: 3 })).toEqual(['a x 5', 'a y 6', 'b x 7']);
    expect(await first({ containers: ['a'], grep: 'x', lines: 2 })).toEqual(['a x 4', 'a x 5']);
    expect(await first({ containers: ['a'], catchUp: true, lines: 4 })).toEqual([
      'a x 3',
      'a x 4',
      'a x 5',
      'a y 6',
    ]);
    expect(await first({ lines: 0 })).toEqual([]);
    expect(await first({ containers: ['nobody'] })).toEqual([]);
  });

  test('who takes them slowly still hears of the end', async () => {
    const { hub, pipeline } = await start(0);
    await push(pipeline, [[stream('c'), 'line', 1]]);
    let text = '';
    const output = {
      write: (part: string) => {
        text += part;
        return false;
      },
      onDrain: () => {},
    };
    await hub.serve(root.child('client'), { ...ALL, follow: false }, output);
    expect(text).toMatch(/"line":"line".*\n\nevent: end\ndata: {"reason":"complete"}\n\n$/);
  });

  test('live lines are those wanted, and leave out what the agent catches up with', async () => {
    const { hub, pipeline } = await start(0);
    const [a, b] = [stream('a'), stream('b', { stream: 'stderr' })];
    const old = stream('a', { [CATCH_UP_LABEL]: 'true' });
    const watch = (request: Partial<TailRequest>): Screen => {
      const screen = new Screen();
      const watcher = root.child('watcher');
      void watcher.run('watch', () => hub.serve(watcher, { ...ALL, ...request }, screen));
      return screen;
    };
    const screens = [
      watch({}),
      watch({ containers: ['b'] }),
      watch({ grep: 'needle' }),
      watch({ catchUp: true }),
    ];
    await push(pipeline, [
      [a, 'a 1', 1],
      [old, 'old 1', 1],
      [b, 'b 1 needle', 1],
      [a, '', 2],
    ]);
    await until(() => screens.every(({ shown }) => shown.length > 0));
    expect(screens.map(({ lines }) => lines)).toEqual([
      ['a 1', 'b 1 needle', ''],
      ['b 1 needle'],
      ['b 1 needle'],
      ['a 1', 'old 1', 'b 1 needle', ''],
    ]);
    expect(screens[1].shown[0]).toEqual({
      time: '1970-01-01T00:00:01.000000005Z',
      container: 'b',
      stream: 'stderr',
      line: 'b 1 needle',
      committed: expect.any(Boolean),
    });
  });

  test('a disk that does not answer holds nothing up, and the hole is told', async () => {
    const stuck: TailJournal = {
      stats: { committedLsn: 0, linesUncommitted: 7 } as TailJournal['stats'],
      barrier: () => new Promise(() => {}),
      recent: () => Promise.resolve([]),
    };
    const hub = new TailHub(stuck);
    const screen = new Screen();
    const watcher = root.child('watcher');
    void watcher.run('watch', () => hub.serve(watcher, ALL, screen));
    const one = stream('c');
    hub.onBatch(fill([[one, 'live', 1]]), (id) => streams.get(id));
    await until(() => screen.lines.length > 0);
    expect(screen.lines).toEqual(['live']);
    expect(screen.other).toEqual(['event: skipped\ndata: {"lines":6}']);
  });
});

describe('what one client gets', () => {
  test('is 2,000 lines a second, the rest is counted', () => {
    const screen = new Screen();
    let now = 0;
    const queue = new EventQueue(screen);
    const reader = new TailReader(ALL, queue, () => now);
    reader.release(0);
    const one = stream('c');
    const other = streams.acquire({ container: 'old', [CATCH_UP_LABEL]: 'true' });
    const burst = (count: number): void => {
      const rows = Array.from({ length: count }, (_, i) => [i % 4 === 3 ? other : one, `${i}`, 1] as const);
      reader.onBatch(fill(rows), (id) => streams.get(id));
      queue.flush();
    };
    burst(4000);
    expect(screen.shown.length).toBe(2000);
    expect(screen.other).toEqual(['event: skipped\ndata: {"lines":1000}']);
    now += 100;
    burst(400);
    expect(screen.shown.length).toBe(2200);
    expect(screen.other.length).toBe(2);
    expect(screen.other[1]).toBe('event: skipped\ndata: {"lines":100}');
    now += 10_000;
    burst(2000);
    expect(screen.shown.length).toBe(3700);
    expect(screen.other.length).toBe(2);
  });

  test('long lines are cut between characters, invalid bytes are marked', () => {
    const screen = new Screen();
    const queue = new EventQueue(screen);
    const reader = new TailReader(ALL, queue);
    reader.release(0);
    const one = stream('c');
    const long = `${'x'.repeat(16 * 1024 - 1)}€${'y'.repeat(100)}`;
    fill([[one, long, 1]]);
    const at = batch.end[0];
    batch.arena.set([0xff, 0x0a, 0x22], at);
    batch.add(at, at + 3, one.id, 1, 0, LineFlag.malformed);
    reader.onBatch(batch, (id) => streams.get(id));
    queue.flush();
    expect(screen.lines).toEqual([`${'x'.repeat(16 * 1024 - 1)} [103 bytes more]`, '\ufffd\n"']);
  });

  test('nobody listens: batches pass unseen', () => {
    const hub = new TailHub({} as TailJournal);
    const never = new Proxy({} as Batch, {
      get: () => {
        throw new Error('looked at');
      },
    });
    hub.onBatch(never, () => undefined);
  });
});
