import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { CATCH_UP_LABEL } from '../../pipeline/streams.js';
import { MAX_QUEUED_CHARS } from './event-queue.js';
import { TailHub, type TailJournal } from './hub.js';
import type { TailRequest } from './request.js';
import { ALL, fill, push, root, Screen, start, stream, streams, stuck, until } from './testing/hub-kit.js';

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
