import { describe, expect, test, vi } from 'vitest';
import { type Batch, LineFlag } from '../../pipeline/batch.js';
import { CATCH_UP_LABEL } from '../../pipeline/streams.js';
import { parseQuery } from '../../query/index.js';
import { randomOf } from '../../regex/testing/hostile.js';
import { TailClient } from './client.js';
import { EventQueue } from './event-queue.js';
import { TailHub, type TailJournal } from './hub.js';
import { BatchEvents } from './line.js';
import { Selection } from './selection.js';
import {
  ALL,
  batch,
  fill,
  push,
  root,
  Screen,
  start,
  stream,
  streams,
  stuck,
  until,
} from './testing/hub-kit.js';
import { TailView } from './view.js';

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
    ['| status>=500', [lines[3]]],
    ['| status=~"[23].." | container!="a"', [lines[2]]],
  ];
  const fields = [{ status: '200' }, {}, { status: '204', level: 'WARNING' }, { status: '503' }, {}];

  test('chooses first lines and live lines alike', async () => {
    const { hub, pipeline } = await start(0);
    const rows = lines.map((line, i) => [stream(line.slice(0, 1)), line, i, fields[i]] as const);
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
    const told = fields.map((own) => (Object.keys(own).length > 0 ? own : undefined));
    expect(screens[0].shown.map((shown) => shown.fields)).toEqual([...told, ...told]);
  });

  test('a level that a field or a label tells is the line\u2019s', async () => {
    const { hub, pipeline } = await start(0);
    const rows = [
      [stream('a'), 'ERROR x', 1, { level: 'info' }],
      [stream('a', { level: 'debug' }), 'ERROR x', 2],
      [stream('a', { level: 'debug' }), 'ERROR x', 3, { level: '50' }],
      [stream('a'), 'ERROR x', 4, { level: 'high', detected_level: 'W' }],
      [stream('a', { level: 'high' }), 'ERROR x', 5, { level: '' }],
    ] as const;
    await push(pipeline, rows);
    const screen = new Screen();
    const watcher = root.child('watcher');
    void watcher.run('watch', () => hub.serve(watcher, ALL, screen));
    await until(() => screen.shown.length === rows.length);
    await push(pipeline, rows);
    await until(() => screen.shown.length === 2 * rows.length);
    const levels = ['info', 'debug', 'error', 'warn', 'error'];
    expect(screen.shown.map(({ level }) => level)).toEqual([...levels, ...levels]);
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

  test('a line that would take too long to judge is told as skipped', () => {
    const random = randomOf(1);
    const costly = Array.from({ length: 50_000 }, () => (random() < 0.5 ? 'a' : 'b')).join('');
    const view = new TailView(new Selection({ ...ALL, query: parseQuery('|~ "a.{150}[cd]$"') }));
    const queue = new EventQueue(new Screen());
    const skip = vi.spyOn(queue, 'skip');
    const line = vi.spyOn(queue, 'line');
    const client = new TailClient(queue, 0, () => {});
    client.release(0);
    view.clients.add(client);
    const wanted = `a${'.'.repeat(150)}c`;
    fill([wanted, costly, 'x', wanted].map((text) => [stream('a'), text, 1] as const));
    const of = (id: number) => streams.get(id);
    view.onBatch(batch, of, new BatchEvents(batch, of), 0);
    expect([line.mock.calls.length, skip.mock.calls]).toEqual([2, [[1]]]);
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

  test('lines that cannot be shown are counted, and not made events', () => {
    let now = 0;
    const queries = ['', '|= "x"'].map((query) => parseQuery(query));
    for (const query of queries) {
      const view = new TailView(new Selection({ ...ALL, query }));
      const screens = [new Screen(), new Screen()];
      const clients = screens.map(
        (screen) =>
          new TailClient(
            new EventQueue(screen),
            0,
            () => {},
            () => now,
          ),
      );
      for (const one of clients) one.release(0);
      const streamOf = (id: number) => streams.get(id);
      const made: number[] = [];
      const pass = (count: number): void => {
        const one = stream('c');
        const two = stream('d');
        fill(Array.from({ length: count }, (_, i) => [i < 2_900 ? one : two, `x ${i}`, 1] as const));
        const events = new BatchEvents(batch, streamOf);
        const of = events.of.bind(events);
        events.of = (row) => {
          made.push(row);
          return of(row);
        };
        view.onBatch(batch, streamOf, events, 0);
        for (const one of clients) one.queue.flush();
      };
      view.clients.add(clients[0]);
      pass(1_500);
      view.clients.delete(clients[0]);
      for (const one of clients.toReversed()) view.clients.add(one);
      made.length = 0;
      // The first has room for 500 more, the second for 2,000.
      pass(3_000);
      expect([...new Set(made)]).toEqual(Array.from({ length: 2_000 }, (_, i) => i));
      const numbers = (count: number) => Array.from({ length: count }, (_, i) => `x ${i}`);
      expect(screens[0].lines).toEqual([...numbers(1_500), ...numbers(500)]);
      expect(screens[1].lines).toEqual(numbers(2_000));
      expect(screens.map(({ other }) => other)).toEqual([
        ['event: skipped\ndata: {"lines":2500}'],
        ['event: skipped\ndata: {"lines":1000}'],
      ]);
      now += 10_000;
    }
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
