import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openJournal } from '../../journal/index.js';
import type { Journal } from '../../journal/types.js';
import { Batch, LineFlag } from '../../pipeline/batch.js';
import type { Pipeline } from '../../pipeline/contract.js';
import { GapRegister } from '../../pipeline/gap-register.js';
import { createIntake } from '../../pipeline/intake.js';
import { CATCH_UP_LABEL, type Stream, StreamTable } from '../../pipeline/streams.js';
import { parseQuery } from '../../query/index.js';
import { silentLogger } from '../../runtime/log.js';
import { Scope } from '../../runtime/scope.js';
import { TailClient } from './client.js';
import { EventQueue, MAX_QUEUED_CHARS } from './event-queue.js';
import { TailHub, type TailJournal } from './hub.js';
import { BatchEvents } from './line.js';
import type { TailRequest } from './request.js';
import { Selection } from './selection.js';
import { TailView } from './view.js';

const ALL: TailRequest = {
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
  readonly cut?: number;
  readonly committed: boolean;
}

/** A disk that does not answer. */
const stuck: TailJournal = {
  stats: { committedLsn: 0, linesUncommitted: 0 } as TailJournal['stats'],
  barrier: () => new Promise(() => {}),
  recent: () => Promise.resolve([]),
};

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
  return { journal, hub, pipeline: createIntake({ journal, streams, scope: root, taps: [hub], gaps }) };
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
    expect(kinds.filter((count) => count === 2).length).toBeGreaterThan(0);
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
      level: 'unknown',
      line: 'b 1 needle',
      committed: expect.any(Boolean),
    });
  });

  test('a disk that does not answer holds nothing up, and the hole is told', async () => {
    const hub = new TailHub({
      ...stuck,
      stats: { committedLsn: 0, linesUncommitted: 7 } as TailJournal['stats'],
    });
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

describe('a query', () => {
  const lines = ['a timeout', 'b Timeout level=error', 'b level=warn', 'c 503', 'b timeout 503 ERROR'];
  const queries: readonly (readonly [query: string, lines: readonly string[]])[] = [
    ['', lines],
    ['timeout', [lines[0], lines[1], lines[4]]],
    ['|= "timeout"', [lines[0], lines[4]]],
    ['{container="b"}', [lines[1], lines[2], lines[4]]],
    ['{container!="b"} |~ "5\\\\d\\\\d"', [lines[3]]],
    ['| level=~"warn|error"', [lines[1], lines[2], lines[4]]],
    ['{container="b"} |= "timeout" | level="error"', [lines[4]]],
  ];

  test('chooses first lines and live lines alike', async () => {
    const { hub, pipeline } = await start(0);
    const rows = lines.map((line, i) => [stream(line.slice(0, 1)), line, i] as const);
    await push(pipeline, rows);
    const screens = queries.map(([query]) => {
      const screen = new Screen();
      const watcher = root.child('watcher');
      void watcher.run('watch', () => hub.serve(watcher, { ...ALL, query: parseQuery(query) }, screen));
      return screen;
    });
    await until(() => screens.every(({ shown }) => shown.length > 0));
    await push(pipeline, rows);
    await until(() => screens.every((screen, i) => screen.lines.length >= 2 * queries[i][1].length));
    for (const [i, [, expected]] of queries.entries())
      expect(screens[i].lines).toEqual([...expected, ...expected]);
    expect(screens[0].shown.map(({ level }) => level).slice(0, 5)).toEqual([
      'unknown',
      'error',
      'warn',
      'unknown',
      'error',
    ]);
  });

  test('lines are looked at, and made events, once for all who want them', () => {
    const hub = new TailHub(stuck);
    const watcher = root.child('watcher');
    for (const query of ['timeout', 'timeout', 'timeout', '{container="b"}', '']) {
      void watcher.run('watch', () => hub.serve(watcher, { ...ALL, query: parseQuery(query) }, new Screen()));
    }
    expect(hub.clients).toBe(5);
    fill(lines.map((line) => [stream(line.slice(0, 1)), line, 1] as const));
    const decoded: string[] = [];
    batch.arena.toString = (...args) => {
      const text = Buffer.prototype.toString.apply(batch.arena, args);
      decoded.push(text);
      return text;
    };
    hub.onBatch(batch, (id) => streams.get(id));
    Reflect.deleteProperty(batch.arena, 'toString');
    expect(decoded.toSorted()).toEqual(lines.toSorted());
  });

  test('that takes half of the time for itself is ended, alone', () => {
    let now = 0;
    const selection = new Selection({ ...ALL, query: parseQuery('x') });
    selection.wants = () => {
      now += 600;
      return true;
    };
    const view = new TailView(selection, () => now);
    let ended = 0;
    view.clients.add(new TailClient(new EventQueue(new Screen()), 0, () => ended++));
    const pass = (lines: number): void => {
      fill(Array.from({ length: lines }, () => [stream('c'), 'x', 1] as const));
      view.onBatch(batch, (id) => streams.get(id), new BatchEvents(batch, (id) => streams.get(id)), 0);
    };
    pass(8);
    now += 10_000;
    pass(8);
    expect(ended).toBe(0);
    pass(1);
    expect(ended).toBe(1);
    pass(1);
    expect(ended).toBe(1);
  });

  test('a client whose query is too expensive is told so', async () => {
    const hub = new TailHub(stuck);
    const screen = new Screen();
    const watcher = root.child('watcher');
    const refuses = vi.spyOn(TailClient.prototype, 'onLines').mockImplementation(function (this: TailClient) {
      this.refuse();
    });
    const served = hub.serve(watcher, ALL, screen);
    hub.onBatch(fill([[stream('c'), 'x', 1]]), (id) => streams.get(id));
    refuses.mockRestore();
    await served;
    expect(screen.other.at(-1)).toBe('event: end\ndata: {"reason":"too_expensive"}');
    expect(hub.clients).toBe(0);
  });
});

describe('many clients', () => {
  test('first lines are looked for one client after the other', async () => {
    let asked = 0;
    let most = 0;
    const hub = new TailHub({
      ...stuck,
      barrier: () => Promise.resolve(0),
      recent: async () => {
        asked++;
        most = Math.max(most, asked);
        await pause(1);
        asked--;
        return [];
      },
    });
    const clients = root.child('clients');
    await Promise.all(
      Array.from({ length: 20 }, () => hub.serve(clients, { ...ALL, follow: false }, new Screen())),
    );
    expect(most).toBe(1);
  });

  test('who never reads is owed two queues of characters at most, and the others get every line', async () => {
    const written: string[] = [];
    const nothingCommitted = {
      committedLsn: 0,
      get linesUncommitted() {
        return written.length;
      },
    } as TailJournal['stats'];
    const hub = new TailHub({ ...stuck, stats: nothingCommitted, barrier: () => Promise.resolve(0) });
    const one = stream('c');
    const clients = root.child('clients');
    const deaf = Array.from({ length: 50 }, () => new Deaf());
    const readers = Array.from({ length: 50 }, () => new Screen());
    for (const output of [...deaf, ...readers])
      void clients.run('watch', () => hub.serve(clients, { ...ALL, lines: 0 }, output));
    await until(() => hub.clients === 100);
    for (let i = 0; i < 300; i++) {
      const line = `${i} ${'x'.repeat(4_000)}`;
      written.push(line);
      hub.onBatch(fill([[one, line, 1]]), (id) => streams.get(id));
      if (i % 20 === 0) await until(() => readers.every(({ lines }) => lines.length === i + 1));
    }
    await until(() => readers.every(({ lines }) => lines.length === 300)).catch(() =>
      console.log(readers.map((r) => r.lines.length).join(), readers[0].other),
    );
    for (const { lines, other } of readers) {
      expect(lines).toEqual(written);
      expect(other).toEqual([]);
    }
    for (const output of deaf) {
      const onItsWay = output.chars;
      output.hear();
      expect(onItsWay).toBeGreaterThan(0);
      expect(onItsWay).toBeLessThanOrEqual(MAX_QUEUED_CHARS);
      expect(output.chars - onItsWay).toBeGreaterThan(MAX_QUEUED_CHARS / 2);
      expect(output.chars - onItsWay).toBeLessThanOrEqual(MAX_QUEUED_CHARS + 100);
    }
    await clients.close();
  });
});

/** Takes what is written first, and nothing more until it hears. */
class Deaf {
  chars = 0;
  hear: () => void = () => {};
  write(text: string): boolean {
    this.chars += text.length;
    return false;
  }
  onDrain(callback: () => void): void {
    this.hear = callback;
  }
}

describe('what one client gets', () => {
  /** With no first lines, and what it does with a batch. */
  function client(now: () => number): { screen: Screen; pass: () => void } {
    const screen = new Screen();
    const queue = new EventQueue(screen);
    const only = new TailClient(queue, 0, () => {}, now);
    const view = new TailView(new Selection(ALL));
    view.clients.add(only);
    only.release(0);
    const streamOf = (id: number) => streams.get(id);
    return {
      screen,
      pass: () => {
        view.onBatch(batch, streamOf, new BatchEvents(batch, streamOf), 0);
        queue.flush();
      },
    };
  }

  test('is 2,000 lines a second, the rest is counted', () => {
    let now = 0;
    const { screen, pass } = client(() => now);
    const one = stream('c');
    const other = streams.acquire({ container: 'old', [CATCH_UP_LABEL]: 'true' });
    const burst = (count: number): void => {
      fill(Array.from({ length: count }, (_, i) => [i % 4 === 3 ? other : one, `${i}`, 1] as const));
      pass();
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
    const { screen, pass } = client(() => 0);
    const one = stream('c');
    const long = `${'x'.repeat(16 * 1024 - 1)}€${'y'.repeat(100)}`;
    fill([[one, long, 1]]);
    const at = batch.end[0];
    batch.arena.set([0xff, 0x0a, 0x22], at);
    batch.add(at, at + 3, one.id, 1, 0, LineFlag.malformed);
    pass();
    expect(screen.shown.map(({ line, cut }) => [line, cut])).toEqual([
      ['x'.repeat(16 * 1024 - 1), 103],
      ['\ufffd\n"', undefined],
    ]);
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
