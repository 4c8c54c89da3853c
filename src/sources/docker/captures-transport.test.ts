import { describe, expect, test } from 'vitest';
import {
  deny,
  event,
  id,
  listed,
  make,
  makeFolder,
  namesOf,
  said,
  setUp,
  waysOf,
  writeFacts,
} from './testing/captures-kit.js';

describe('which way a log is read', () => {
  test('its file where there is one that can be read, else the API; of that nothing is said', async () => {
    const { readers, api, captures, list } = setUp({ inspect: () => Promise.resolve({ Name: '/c3' }) });
    make(1);
    make(2, { driver: 'journald' });
    await list(listed(1), listed(2));
    expect(waysOf(captures)).toEqual({
      c1: 'file: its log file can be read',
      c2: 'api: its logging driver is journald',
    });
    expect([namesOf(readers), namesOf(api)]).toEqual([['c1'], ['c2']]);
    expect(captures.transports()).toEqual({ file: 1, api: 1, none: 0 });
    expect(said).toEqual([]);
  });

  test('an engine on another machine', async () => {
    const inspect = () =>
      Promise.resolve({
        Name: '/c1',
        Config: { Tty: true },
        HostConfig: { LogConfig: { Type: 'json-file' } },
      });
    const { readers, api, captures, list } = setUp({ inspect });
    await list(listed(1));
    await list(listed(1));
    expect(waysOf(captures)).toEqual({ c1: 'api: its log file is not on this machine' });
    expect(api.open.get(id(1))).toMatchObject({ tty: true, driver: 'json-file' });
    expect([readers.open.size, said]).toEqual([0, []]);
    await list();
    expect([...api.finished.keys()]).toEqual([id(1)]);
  });

  test('an engine on another machine, where another engine here has a folder of the same name', async () => {
    const { readers, api, captures, list } = setUp({
      inspect: (id) => Promise.resolve({ Name: id.slice(-1) }),
    });
    make(9);
    await list(listed(1));
    await captures.event(event('start', 1));
    captures.sighted(id(9));
    await captures.event(event('create', 2));
    await list(listed(1), listed(2), listed(3));
    await list(listed(1), listed(2), listed(3));
    expect([...api.open.keys()]).toEqual([id(1), id(2), id(3)]);
    expect([readers.open.size, readers.rejected]).toEqual([0, [id(9)]]);
  });

  test('files that may not be read: by the API, and once it is said what would be cheaper', async () => {
    const all = setUp();
    const { readers, api, captures, list } = all;
    deny(all);
    make(1);
    make(2);
    await list(listed(1), listed(2));
    make(3);
    await list(listed(1), listed(2), listed(3));
    expect([namesOf(readers), namesOf(api)]).toEqual([[], ['c1', 'c2', 'c3']]);
    expect(captures.hindered()).toEqual([]);
    expect(said).toEqual([
      expect.stringMatching(
        /^2 containers \(c1, c2\): their log files belong to root, so they are read through/,
      ),
    ]);
  });

  test('also where that shows before anything is known of the container', async () => {
    const all = setUp();
    const { api, captures, list } = all;
    make(1);
    await list(listed(1));
    makeFolder(2);
    deny(all);
    captures.sighted(id(2));
    expect(api.open.size).toBe(0);
    writeFacts(2);
    captures.lookAgain();
    expect(captures.statuses().map(({ transport }) => transport)).toEqual(['file', 'api']);
  });

  test('a log goes on the way that it was begun', async () => {
    const positions = {
      [id(1)]: { transport: 'api', seconds: 1, nanos: 0 },
      [id(2)]: [1, 0, [[1, 1, 1, 1]]],
    };
    const { captures, list } = setUp({ positions });
    make(1);
    make(2);
    await list(listed(1), listed(2));
    expect(captures.statuses().map(({ transport }) => transport)).toEqual(['api', 'file']);
  });

  test('what is held by its file goes over to the API when its facts say so, and to its end there', async () => {
    const { readers, api, captures, list } = setUp();
    make(1);
    await list(listed(1));
    makeFolder(2);
    captures.sighted(id(2));
    expect([...readers.open.keys()]).toEqual([id(1), id(2)]);
    writeFacts(2, { labels: { 'log-capturer.transport': 'api' } });
    captures.lookAgain();
    expect([readers.rejected, namesOf(api)]).toEqual([[id(2)], ['c2']]);
    captures.held(id(2), '/proc/self/fd/9', undefined);
    expect(readers.open.has(id(2))).toBe(false);
    await captures.event(event('start', 2));
    await captures.event(event('rename', 2, 'new'));
    await captures.event(event('die', 2));
    expect([api.hints, namesOf(api)]).toEqual([[`woken ${id(2)}`, `stopped ${id(2)}`], ['new']]);
    await captures.event(event('destroy', 2));
    expect([...api.finished.keys()]).toEqual([id(2)]);
  });
});
