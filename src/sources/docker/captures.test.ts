import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AgentError } from '../../runtime/errors.js';
import type { ListedContainer } from './engine.js';
import {
  deny,
  dir,
  event,
  id,
  listed,
  make,
  makeFolder,
  namesOf,
  removeFolder,
  said,
  scope,
  setUp,
  waysOf,
  writeFacts,
} from './testing/captures-kit.js';

describe('first sight', () => {
  test('a listed container is opened with its labels, limits and place', async () => {
    const { readers, list } = setUp();
    make(1, { options: { 'max-size': '1k', 'max-file': '2' }, created: '2025-12-31T00:00:00Z' });
    make(2);
    await list(listed(1), listed(2));
    expect([...readers.open.values()]).toEqual([
      {
        id: id(1),
        path: join(dir, id(1), `${id(1)}-json.log`),
        labels: { container: 'c1', service_name: 'c1', host: 'box' },
        existedAtFirstStart: true,
        maxSizeBytes: 1024,
        maxFiles: 2,
        driver: 'json-file',
      },
      expect.objectContaining({ id: id(2), existedAtFirstStart: false }),
    ]);
  });

  test('a sighted one is opened before anything is known, and read when its facts are there', async () => {
    const { readers, captures, list } = setUp();
    make(1);
    await list(listed(1));
    makeFolder(2);
    captures.sighted(id(2));
    expect(readers.open.get(id(2))).toMatchObject({ labels: undefined, existedAtFirstStart: false });
    expect(captures.lookAgain()).toBe(true);
    writeFacts(2, { name: 'late' });
    expect(captures.lookAgain()).toBe(false);
    expect(namesOf(readers)).toEqual(['c1', 'late']);
  });

  test('what a container asks for by its labels comes with them, also late, and stays when it is renamed', async () => {
    const { readers, captures, list } = setUp();
    const labels = {
      'log-capturer.parse': 'json',
      'log-capturer.sink': 'loki',
      'log-capturer.labels.team': 'a',
    };
    make(1, { labels });
    make(2);
    await list(listed(1), listed(2));
    makeFolder(3);
    captures.sighted(id(3));
    expect(readers.open.get(id(3))).toMatchObject({ labels: undefined });
    writeFacts(3, { name: 'late', labels });
    captures.lookAgain();
    await captures.event(event('rename', 1, 'other'));
    const asked = [1, 2, 3].map((n) => readers.open.get(id(n)));
    expect(asked.map((log) => log?.tuning)).toEqual([{ parse: 'json' }, undefined, { parse: 'json' }]);
    expect(asked.map((log) => log?.labels?.['__sinks__'])).toEqual(['loki', undefined, 'loki']);
    expect(asked.map((log) => log?.labels?.['team'])).toEqual(['a', undefined, 'a']);
    expect(asked[0]?.labels?.['container']).toBe('other');
  });

  test('looking again ends by itself', async () => {
    const { captures, list } = setUp();
    make(1);
    await list(listed(1));
    makeFolder(2);
    captures.sighted(id(2));
    let looks = 0;
    while (captures.lookAgain()) expect(++looks).toBeLessThan(1_000);
    expect(looks).toBeGreaterThan(100);
  });

  test('selected afterwards: what is not to be captured is dropped unread', async () => {
    const { readers, captures, list } = setUp({ config: { exclude: { names: ['shy*'] } } });
    make(1);
    await list(listed(1));
    makeFolder(2);
    captures.sighted(id(2));
    writeFacts(2, { name: 'shy-1' });
    captures.lookAgain();
    expect([readers.rejected, namesOf(readers)]).toEqual([[id(2)], ['c1']]);
  });

  test('what is not to be captured any more has nothing missing should it vanish, but for what cannot be read', async () => {
    const { list, pipeline } = setUp({ config: { exclude: { names: ['shy*'] } } });
    const before = { labels: { container: 'x' } };
    for (const n of [1, 2]) pipeline.setPosition(`docker-known/${id(n)}`, before);
    make(1, { name: 'shy-1' });
    make(2, { driver: 'none' });
    await list(listed(1, { name: '/shy-1' }), listed(2));
    expect([1, 2].map((n) => pipeline.position(`docker-known/${id(n)}`))).toEqual([
      { ...before, drained: true },
      before,
    ]);
  });

  test('labels come from the destroy event where nothing else told, and from the id where nothing did', async () => {
    const { readers, captures, list } = setUp();
    make(1);
    await list(listed(1));
    for (const n of [2, 3]) {
      makeFolder(n);
      captures.sighted(id(n));
      removeFolder(n);
    }
    await captures.event(event('destroy', 2, 'short'));
    await list(listed(1));
    expect(
      Object.fromEntries([...readers.finished].map(([key, labels]) => [key, labels['container']])),
    ).toEqual({
      [id(2)]: 'short',
      [id(3)]: id(3).slice(0, 12),
    });
  });

  test('never the agent itself', async () => {
    const { readers, captures, list } = setUp({ selfId: id(1).slice(0, 12) });
    make(1);
    await list(listed(1));
    expect(readers.open.size).toBe(0);
    expect(captures.statuses()).toMatchObject([{ transport: 'none', why: 'it is the agent itself' }]);
  });
});

describe('another engine has a folder of the same name', () => {
  test('its containers are held, not read, and let go', async () => {
    const { readers, captures, list } = setUp();
    make(1);
    captures.sighted(id(1));
    await list();
    expect(readers.open.get(id(1))?.labels).toBeUndefined();
    await list();
    expect([readers.rejected, readers.finished.size]).toEqual([[id(1)], 0]);
  });

  test('where the engine names one that is in the folder, all are read', async () => {
    const { readers, captures } = setUp();
    make(1);
    make(2);
    captures.sighted(id(1));
    captures.sighted(id(2));
    await captures.event(event('create', 1));
    expect(namesOf(readers)).toEqual(['c1', 'c2']);
  });

  test('even where that one is gone already', async () => {
    const { readers, captures } = setUp();
    make(1);
    captures.sighted(id(1));
    removeFolder(1);
    await captures.event(event('destroy', 1));
    expect(readers.finished.get(id(1))).toMatchObject({ container: 'c1' });
  });
});

async function failFirst(asked: string): Promise<unknown> {
  if (asked === id(1)) throw new AgentError('ENGINE_ANSWER', 'answered 500');
  return { Name: '/c2' };
}

describe('trouble is said once, in one sentence for all', () => {
  test('logging drivers that keep nothing, or nothing that the engine can read', async () => {
    const { api, captures, list } = setUp();
    for (const n of [1, 2, 3, 4, 5]) make(n, { driver: n < 5 ? 'syslog' : 'none' });
    api.onAdd = (log) => captures.unreadable(log.id);
    const all = [1, 2, 3, 4, 5].map((n) => listed(n));
    await list(...all);
    await list(...all);
    expect([api.open.size, api.rejected.length]).toEqual([0, 4]);
    expect(said).toEqual([
      expect.stringMatching(
        /^4 containers \(c1, c2, c3 and 1 more\): the engine cannot read what .* syslog writes/,
      ),
      expect.stringMatching(/^1 container \(c5\): the logging driver is none, which keeps nothing/),
    ]);
    await captures.event(event('rename', 1, 'new'));
    await list(...all.slice(1), listed(1, { name: '/new' }));
    expect([api.rejected.length, said.length]).toEqual([4, 2]);
  });

  test('files that are to be read and may not, until they may', async () => {
    const all = setUp({ config: { transport: 'file' } });
    const { readers, captures, list } = all;
    deny(all);
    make(1);
    make(2);
    await list(listed(1), listed(2));
    expect(said).toEqual([
      expect.stringMatching(
        /^2 containers \(c1, c2\): their log files belong to root; set transport to auto/,
      ),
    ]);
    expect(captures.hindered()).toEqual([{ trouble: { kind: 'unreadable' }, containers: 2 }]);
    readers.onAdd = () => {};
    await list(listed(1), listed(2));
    expect(waysOf(captures)).toEqual({
      c1: 'file: the configuration says so',
      c2: 'file: the configuration says so',
    });
    expect([namesOf(readers), captures.hindered(), said.length]).toEqual([['c1', 'c2'], [], 1]);
  });

  test('files that are to be read and are elsewhere, until they are here', async () => {
    const inspect = () => Promise.resolve({ Name: '/c1' });
    const { readers, api, list } = setUp({ config: { transport: 'file' }, inspect });
    await list(listed(1));
    await list(listed(1));
    expect([readers.open.size, api.open.size]).toEqual([0, 0]);
    expect(said).toEqual([expect.stringMatching(/^1 container \(c1\): its log file is not on this machine/)]);
    make(1);
    await list(listed(1));
    expect(namesOf(readers)).toEqual(['c1']);
  });

  test('mode=non-blocking is captured and warned of', async () => {
    const { readers, list, lossy } = setUp();
    make(1, { options: { mode: 'non-blocking' } });
    await list(listed(1));
    await list(listed(1));
    expect([namesOf(readers), lossy]).toEqual([['c1'], ['c1']]);
    expect(said).toEqual([expect.stringMatching(/^1 container \(c1\): logging with mode=non-blocking/)]);
  });

  test('one container that the engine cannot tell about does not hide the others', async () => {
    const { readers, list } = setUp({ inspect: failFirst });
    makeFolder(1);
    makeFolder(2);
    await list(listed(1, { name: '/from-list' }), listed(2));
    expect(namesOf(readers)).toEqual(['from-list', 'c2']);
  });
});

describe('as it lives on', () => {
  test('stops and starts are passed on', async () => {
    const { readers, captures, list } = setUp();
    make(1);
    await list(listed(1, { state: 'exited' }));
    await captures.event(event('start', 1));
    await captures.event(event('die', 1));
    await list(listed(1));
    expect(readers.hints).toEqual(['stopped', 'woken', 'stopped', 'woken'].map((hint) => `${hint} ${id(1)}`));
  });

  test('a list that is older than an event does not undo it', async () => {
    const { readers, captures, list } = setUp();
    make(1);
    make(2);
    await list(listed(1), listed(2, { state: 'exited' }));
    captures.listing();
    await captures.event(event('destroy', 1));
    await captures.event(event('start', 2));
    await captures.listed([listed(1), listed(2, { state: 'exited' })], scope);
    expect([namesOf(readers), readers.hints.at(-1)]).toEqual([['c2'], `woken ${id(2)}`]);
  });

  test('a new name is in the labels from then on, whoever tells it', async () => {
    const { readers, captures, list } = setUp({ config: { include: { names: ['c*'] } } });
    make(1);
    await list(listed(1));
    await captures.event(event('rename', 1, 'new'));
    expect(namesOf(readers)).toEqual(['new']);
    await list(listed(1, { name: '/newer' }));
    expect(namesOf(readers)).toEqual(['newer']);
    await list(listed(1, { name: '' }));
    expect(namesOf(readers)).toEqual(['newer']);
  });

  test('one that was left out is captured once it has a name that is', async () => {
    const { readers, captures, list } = setUp({ config: { include: { names: ['web-*'] } } });
    make(1);
    await list(listed(1));
    expect(readers.open.size).toBe(0);
    await captures.event(event('rename', 1, 'web-1'));
    expect(namesOf(readers)).toEqual(['web-1']);
  });

  test('not listed means removed only where the folder is gone', async () => {
    const { readers, list } = setUp();
    make(1);
    make(2);
    await list(listed(1), listed(2));
    removeFolder(2);
    await list();
    expect([namesOf(readers), [...readers.finished.keys()]]).toEqual([['c1'], [id(2)]]);
  });

  test('events of containers long gone are nothing', async () => {
    const { readers, captures, list } = setUp();
    make(1);
    await list(listed(1));
    for (const action of ['create', 'start', 'die', 'destroy'] as const)
      await captures.event(event(action, 9));
    expect(captures.statuses()).toHaveLength(1);
    expect(readers.open.size).toBe(1);
  });
});

test('whatever tells of containers, late, twice or never: all are read, and none is held when it is gone', async () => {
  const step = fc.record({
    container: fc.integer({ min: 1, max: 6 }),
    isSighted: fc.boolean(),
    isTold: fc.boolean(),
    isFactless: fc.boolean(),
    driver: fc.constantFrom('json-file', 'local'),
    list: fc.constantFrom('none', 'fresh', 'stale'),
    lookAgain: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      rmSync(dir, { recursive: true });
      mkdirSync(dir);
      const { readers, api, captures, list } = setUp({
        inspect: () => Promise.resolve({ Name: '/inspected' }),
      });
      const local = new Set<string>();
      const alive = new Map<number, number>();
      const seen = new Map<number, boolean>();
      let next = 100;
      make(99);
      await list(listed(99));
      const all = (): ListedContainer[] => [listed(99), ...[...alive.values()].map((n) => listed(n))];
      for (const { container, isSighted, isTold, isFactless, driver, list: how, lookAgain } of steps) {
        const before = all();
        if (how === 'stale') captures.listing();
        const n = alive.get(container);
        if (n === undefined) {
          alive.set(container, next);
          makeFolder(next);
          if (!isFactless) writeFacts(next, { driver });
          if (!isFactless && driver === 'local') local.add(id(next));
          if (isSighted) captures.sighted(id(next));
          if (isTold)
            for (const action of ['create', 'start'] as const) await captures.event(event(action, next));
          seen.set(next, isSighted || isTold);
          next++;
        } else {
          alive.delete(container);
          removeFolder(n);
          if (isTold)
            for (const action of ['die', 'destroy'] as const) await captures.event(event(action, n));
        }
        if (lookAgain) captures.lookAgain();
        if (how === 'stale') await captures.listed(before, scope);
        if (how === 'fresh') {
          await list(...all());
          for (const m of alive.values()) seen.set(m, true);
        }
      }
      await list(...all());
      const expectedOpen = [99, ...alive.values()].map(id);
      expect([...readers.open.keys(), ...api.open.keys()].toSorted()).toEqual(expectedOpen.toSorted());
      for (const log of [...readers.open.values(), ...api.open.values()]) expect(log.labels).toBeDefined();
      for (const one of expectedOpen) expect(api.open.has(one)).toBe(local.has(one));
      const gone = [...seen]
        .filter(([n, wasSeen]) => wasSeen && ![...alive.values()].includes(n))
        .map(([n]) => id(n));
      const finished = [...readers.finished.keys(), ...api.finished.keys()];
      expect(new Set(finished).size).toBe(finished.length);
      expect(finished).toEqual(expect.arrayContaining(gone));
      // Of what is read by the API the file is let go once that is known.
      for (const one of readers.rejected) expect(local.has(one)).toBe(true);
      expect(api.rejected).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
