import * as fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type { ReadTotals } from '../../pipeline/contract.js';
import { noCounts } from './json-file/counts.js';
import type { ContainerLog, ReaderStats } from './json-file/types.js';
import { KnownContainers } from './known-containers.js';
import { Readings } from './readings.js';
import { FakeReaders } from './testing/fake-readers.js';
import { RememberingPipeline } from './testing/remembering-pipeline.js';
import type { Transport } from './transport.js';

const NOTHING: ReaderStats = {
  ...noCounts(),
  state: 'live',
  unreadBytes: 0,
  heldFiles: 1,
};

let readers: Record<Transport, FakeReaders>;
let readings: Readings;
let pipeline: RememberingPipeline;

beforeEach(() => {
  readers = { file: new FakeReaders(), api: new FakeReaders() };
  pipeline = new RememberingPipeline();
  readings = new Readings(readers.file, readers.api, new KnownContainers(pipeline));
});

const log = (id: string): ContainerLog => ({
  id,
  path: `/${id}`,
  labels: { container: id },
  existedAtFirstStart: false,
});

/** The readers of `id` have read `lines` lines more, in a file of their own. */
function read(id: string, lines: number): void {
  const { figures } = readers[readings.transportOf(id) ?? 'file'];
  const before = figures.get(id) ?? NOTHING;
  const { linesRead, bytesRead, rotations } = before;
  figures.set(id, {
    ...before,
    linesRead: linesRead + lines,
    bytesRead: bytesRead + lines * 10,
    rotations: rotations + 1,
  });
}

/** The readers are done with a log that was to be finished. */
function finished(transport: Transport, id: string): void {
  const stats = readers[transport].figures.get(id) ?? NOTHING;
  readings.noticed({ kind: 'finished', id, stats: { ...stats, state: 'finished' } });
  readers[transport].figures.delete(id);
}

function sum(): ReadTotals {
  const { active, retired } = readings.figures();
  const all = { ...retired };
  for (const totals of active.values())
    for (const key of Object.keys(all) as (keyof ReadTotals)[]) all[key] += totals[key];
  return all;
}

/** By id, and of all that ended: what the short way tells. */
function told(): {
  readonly byId: Record<string, number>;
  readonly linesRead: number;
  readonly bytesRead: number;
} {
  const byId: Record<string, number> = {};
  let [linesRead, bytesRead] = [0, 0];
  readings.tellReads((id, lines, bytes) => {
    if (id !== undefined) byId[id] = lines;
    linesRead += lines;
    bytesRead += bytes;
  });
  return { byId, linesRead, bytesRead };
}

test('what is asked goes to the readers that hold the log, and to those only', () => {
  readings.add('file', 'web', log('a'));
  readings.add('api', 'db', log('b'));
  readings.stopped('a');
  readings.wake('b');
  readings.rename('b', 'data', { container: 'data' });
  expect([readers.file.hints, readers.api.hints]).toEqual([['stopped a'], ['woken b']]);
  expect(readers.api.open.get('b')?.labels).toEqual({ container: 'data' });
  readings.finish('b');
  expect([[...readers.file.open.keys()], [...readers.api.finished.keys()]]).toEqual([['a'], ['b']]);
});

test('another way: the one before is left first', () => {
  readings.add('file', 'web', { ...log('a'), labels: undefined });
  read('a', 3);
  readings.add('api', 'web', log('a'));
  expect([readers.file.rejected, [...readers.api.open.keys()]]).toEqual([['a'], ['a']]);
  expect(readings.transportOf('a')).toBe('api');
  expect(readings.figures().retired).toMatchObject({ linesRead: 3 });
});

test('what is held, and known later, is one reading', () => {
  readings.add('file', 'a1b2', { ...log('a'), labels: undefined });
  readings.beat('a');
  readings.add('file', 'web', log('a'));
  expect([...readings.figures().active]).toEqual([['web', expect.objectContaining({ heartbeats: 1 })]]);
});

test('two containers of one name are one row, and a new name takes its figures along', () => {
  readings.add('file', 'web', log('a'));
  readings.add('api', 'web', log('b'));
  read('a', 3);
  read('b', 4);
  expect([...readings.figures().active]).toEqual([
    ['web', { linesRead: 7, linesLate: 0, bytesRead: 70, rotations: 2, heartbeats: 0, requests: 0 }],
  ]);
  readings.rename('b', 'old', { container: 'old' });
  const { active, streams } = readings.figures();
  expect([active.get('web')?.linesRead, active.get('old')?.linesRead]).toEqual([3, 4]);
  expect(streams).toEqual([
    { container: 'web', transport: 'file', openedMs: 1 },
    { container: 'old', transport: 'api', openedMs: 1 },
  ]);
});

test('what a removed container has left is counted under its name until it is read', () => {
  readings.add('api', 'web', log('a'));
  readings.finish('a');
  read('a', 5);
  expect(readings.figures().active.get('web')?.linesRead).toBe(5);
  expect(told()).toEqual({ byId: { a: 5 }, linesRead: 5, bytesRead: 50 });
  finished('api', 'a');
  expect(told()).toEqual({ byId: {}, linesRead: 5, bytesRead: 50 });
  expect(readings.figures()).toMatchObject({ active: new Map(), retired: { linesRead: 5 }, streams: [] });
});

test("a heartbeat is counted for what is read, and each log has its readers' sign of life", () => {
  readings.add('file', 'web', log('a'));
  readings.add('api', 'db', log('b'));
  readers.api.dead.add('b');
  for (const id of ['a', 'a', 'b', 'c']) readings.beat(id);
  const { active } = readings.figures();
  expect([active.get('web')?.heartbeats, active.get('db')?.heartbeats]).toEqual([2, 1]);
  expect([...readings.signs(7)]).toEqual([
    { id: 'a', name: 'web', transport: 'file', at: 7 },
    { id: 'b', name: 'db', transport: 'api', at: undefined },
  ]);
});

test('what has to be known should it vanish follows it: its labels, and whether anything of it is unread', () => {
  const known = (): unknown => pipeline.position('docker-known/a');
  readings.add('file', 'a1b2', { ...log('a'), labels: undefined });
  expect(known()).toBeUndefined();
  readings.add('file', 'web', log('a'));
  expect(known()).toEqual({ labels: { container: 'a' } });
  readings.noticed({ kind: 'drained', id: 'a' });
  expect(known()).toEqual({ labels: { container: 'a' }, drained: true });
  readings.rename('a', 'old', { container: 'old' });
  expect(known()).toEqual({ labels: { container: 'old' }, drained: true });
  readings.wake('a');
  expect(known()).toEqual({ labels: { container: 'old' } });
  readings.unwanted('a');
  expect(known()).toMatchObject({ drained: true });
  finished('file', 'a');
  expect(known()).toBeUndefined();
});

test('no sum ever drops, and none misses a line, whatever becomes of the containers', () => {
  const step = fc.record({
    what: fc.constantFrom('add', 'read', 'finish', 'finished', 'reject', 'rename', 'beat'),
    id: fc.constantFrom('a', 'b', 'c'),
    name: fc.constantFrom('web', 'db'),
    transport: fc.constantFrom<Transport>('file', 'api'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      readers = { file: new FakeReaders(), api: new FakeReaders() };
      readings = new Readings(readers.file, readers.api, new KnownContainers(new RememberingPipeline()));
      for (const one of Object.values(readers)) {
        const reject = one.reject.bind(one);
        one.reject = (id) => {
          reject(id);
          one.figures.delete(id);
        };
      }
      const done = { linesRead: 0, linesLate: 0, bytesRead: 0, rotations: 0, heartbeats: 0, requests: 0 };
      const open = new Set<string>();
      const finishing = new Set<string>();
      for (const { what, id, name, transport } of steps) {
        if (
          what === 'add' &&
          !finishing.has(id) &&
          (!open.has(id) || readings.transportOf(id) !== transport)
        ) {
          readings.add(transport, name, log(id));
          open.add(id);
        } else if (what === 'read' && (open.has(id) || finishing.has(id))) {
          read(id, 2);
          done.linesRead += 2;
          done.bytesRead += 20;
          done.rotations++;
        } else if (what === 'beat') {
          readings.beat(id);
          if (open.has(id) || finishing.has(id)) done.heartbeats++;
        } else if (what === 'finished' && finishing.delete(id)) {
          finished(readings.transportOf(id) ?? 'file', id);
        } else if (open.has(id) && what === 'finish') {
          readings.finish(id);
          open.delete(id);
          finishing.add(id);
        } else if (open.has(id) && what === 'reject') {
          readings.reject(id);
          open.delete(id);
        } else if (open.has(id) && what === 'rename') {
          readings.rename(id, name, { container: name });
        }
        expect(sum()).toEqual(done);
        expect(told()).toMatchObject({ linesRead: done.linesRead, bytesRead: done.bytesRead });
      }
      expect(readings.figures().streams).toHaveLength(open.size);
    }),
  );
});
