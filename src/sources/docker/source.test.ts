import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Position, SourceKey } from '../../pipeline/contract.js';
import type { Logger } from '../../runtime/log.js';
import { Scope } from '../../runtime/scope.js';
import { Health } from '../../telemetry/health.js';
import { noCounts } from './json-file/counts.js';
import type { Notice, ReaderStats } from './json-file/types.js';
import { createSource, type DockerSource } from './source.js';
import { type FakeEngine, fakeEngine, json } from './testing/fake-engine.js';
import { FakeReaders } from './testing/fake-readers.js';
import { RememberingPipeline } from './testing/remembering-pipeline.js';
import { until } from './testing/until.js';

const id = (n: number): string => n.toString(16).padStart(64, '0');

let fake: FakeEngine;
let scope: Scope;
let readers: FakeReaders;
let api: FakeReaders;
let health: Health;
let pipeline: RememberingPipeline;
let positions: Map<SourceKey, Position>;
let said: string[];
let source: DockerSource;
let notify: (notice: Notice) => void;
let running: Promise<void> | undefined;

const log: Logger = {
  debug: () => {},
  info: (_fields, message) => said.push(`info: ${message}`),
  warn: (_fields, message) => said.push(`warn: ${message}`),
  error: (_fields, message) => said.push(`error: ${message}`),
};

beforeEach(async () => {
  fake = await fakeEngine();
  mkdirSync(join(fake.dir, 'root/containers'), { recursive: true });
  scope = Scope.root('test', (error) => {
    throw error;
  });
  readers = new FakeReaders();
  api = new FakeReaders();
  health = new Health();
  pipeline = new RememberingPipeline();
  ({ positions } = pipeline);
  said = [];
  const config = {
    type: 'docker',
    transport: 'auto',
    labelPreset: 'default',
    endpoint: fake.socket,
    startAt: 'beginning',
    maxHistoryBytes: 1,
    maxLineBytes: 1,
    maxStreams: 50,
    streamMaxAgeMs: 300_000,
    livenessTimeoutMs: 60_000,
    containerLabels: {},
  } as const;
  source = createSource(
    config,
    { name: 'containers', log, health, labels: { env: 'test' } },
    ({ onNotice }) => {
      notify = onNotice;
      return { file: readers, api };
    },
  );
});
afterEach(async () => {
  await close();
  await fake.dispose();
});

async function close(): Promise<void> {
  const closed = scope.close();
  await running;
  await closed;
  expect([...scope.census()]).toEqual([]);
}

function start(): void {
  running = source.run(scope, pipeline);
}

function make(n: number, created: string): void {
  const dir = join(fake.dir, 'root/containers', id(n));
  mkdirSync(dir);
  const config = { ID: id(n), Name: `/c${n}`, Created: created, Config: { Image: 'nginx', Labels: {} } };
  writeFileSync(join(dir, 'hostconfig.json'), JSON.stringify({ LogConfig: { Type: 'json-file' } }));
  writeFileSync(join(dir, 'config.v2.json'), JSON.stringify(config));
}

function list(...containers: number[]): void {
  fake.routes.set(
    '/containers/json',
    json(containers.map((n) => ({ Id: id(n), Names: [`/c${n}`], State: 'running' }))),
  );
}

const engineKey = (): string => `docker-engine/box${join(fake.dir, 'root')}`;
const lists = (): number => fake.asked.filter((url) => url.includes('/containers/json')).length;

describe('with an engine', () => {
  test('what it lists is captured, then the source is ready', async () => {
    make(1, '2020-01-01T00:00:00Z');
    list(1);
    start();
    await source.ready;
    expect(readers.isReady).toBe(true);
    expect(readers.open.get(id(1))).toMatchObject({ labels: { container: 'c1', host: 'box', env: 'test' } });
    expect(source.containers()).toMatchObject([
      {
        name: 'c1',
        state: 'running',
        transport: 'file',
        transportWhy: 'its log file can be read',
        why: '',
      },
    ]);
    expect(source.engineInfo()).toMatchObject({ name: 'box', version: '20.10.24', apiVersion: '1.41' });
    expect(health.components().get('containers')).toMatchObject({ state: 'healthy' });
    expect(said).toEqual([`info: Docker engine 20.10.24 "box" at unix://${fake.socket}.`]);
  });

  test('a new folder is opened without asking anybody', async () => {
    make(1, '2020-01-01T00:00:00Z');
    list(1);
    start();
    await source.ready;
    const asked = fake.asked.length;
    make(2, new Date().toISOString());
    await until('the new container', () => readers.open.get(id(2))?.labels !== undefined);
    expect(fake.asked).toHaveLength(asked);
  });

  test('facts that come after the folder are found', async () => {
    make(1, '2020-01-01T00:00:00Z');
    list(1);
    start();
    await source.ready;
    mkdirSync(join(fake.dir, 'root/containers', id(2)));
    await until('the new folder', () => readers.open.has(id(2)));
    expect(readers.open.get(id(2))?.labels).toBeUndefined();
    rmSync(join(fake.dir, 'root/containers', id(2)), { recursive: true });
    make(2, new Date().toISOString());
    await until('its labels', () => readers.open.get(id(2))?.labels?.['container'] === 'c2');
  });

  test('the first sight of an engine is remembered: start_at is about containers made before', async () => {
    make(1, '2020-01-01T00:00:00Z');
    make(2, '2999-01-01T00:00:00Z');
    list(1, 2);
    start();
    await source.ready;
    const before = positions.get(engineKey());
    expect(before).toBeGreaterThan(Date.parse('2026-01-01'));
    expect([1, 2].map((n) => readers.open.get(id(n))?.existedAtFirstStart)).toEqual([true, false]);
  });

  test('a second start has the same first sight', async () => {
    positions.set(engineKey(), Date.parse('2019-01-01'));
    make(1, '2020-01-01T00:00:00Z');
    list(1);
    start();
    await source.ready;
    expect(readers.open.get(id(1))?.existedAtFirstStart).toBe(false);
    expect(positions.get(engineKey())).toBe(Date.parse('2019-01-01'));
  });

  test('positions of containers removed meanwhile are forgotten, and each is a gap', async () => {
    for (const n of [1, 2, 3]) positions.set(`docker/${id(n)}`, [1_767_225_600, 5, [[1, 2, 3, 4]]]);
    positions.set(`docker-known/${id(3)}`, { labels: { container: 'db' } });
    make(1, '2020-01-01T00:00:00Z');
    list(1);
    start();
    await source.ready;
    expect([...positions.keys()].toSorted()).toEqual(
      [`docker/${id(1)}`, `docker-known/${id(1)}`, engineKey()].toSorted(),
    );
    const gap = { why: 'blind', from: { seconds: 1_767_225_600, nanos: 5 } };
    expect(pipeline.gaps).toMatchObject([
      { ...gap, labels: { container: id(2).slice(0, 12) } },
      { ...gap, labels: { container: 'db' } },
    ]);
  });

  test('not where they may belong to another engine', async () => {
    positions.set('docker-engine/other/var/lib/docker', 0);
    positions.set(`docker/${id(2)}`, 2);
    start();
    await source.ready;
    expect(positions.has(`docker/${id(2)}`)).toBe(true);
  });

  test('what the readers notice becomes a sentence', async () => {
    make(1, '2020-01-01T00:00:00Z');
    list(1);
    start();
    await source.ready;
    said.length = 0;
    notify({ kind: 'truncated', id: id(1), path: '/a.log' });
    expect(said).toEqual(['warn: c1: somebody cut /a.log short: what was not read by then is missing.']);
  });
});

describe('through the API', () => {
  /** A container of which there is nothing here but what inspect tells. */
  function remote(n: number, driver: string): void {
    const answer = { Name: `/c${n}`, Config: { Labels: {} }, HostConfig: { LogConfig: { Type: driver } } };
    fake.routes.set(`/containers/${id(n)}/json`, json(answer));
  }

  test('what is not on this machine is captured, and all is well', async () => {
    remote(1, 'json-file');
    list(1);
    start();
    await source.ready;
    expect(api.open.get(id(1))).toMatchObject({ labels: { container: 'c1' }, driver: 'json-file' });
    expect(api.isReady).toBe(true);
    expect(health.components().get('containers')).toMatchObject({ state: 'healthy' });
    expect(said).toEqual([expect.stringMatching(/^info: Docker engine/)]);
    expect(source.figures()?.containers).toEqual({ file: 0, api: 1, none: 0 });
  });

  test('what the engine cannot read is said, and degrades', async () => {
    remote(1, 'syslog');
    list(1);
    start();
    await source.ready;
    notify({ kind: 'unreadable', id: id(1), path: '' });
    await until('the sentence', () => said.length === 2);
    expect(said[1]).toMatch(
      /^warn: 1 container \(c1\): the engine cannot read what the logging driver syslog writes/,
    );
    expect(health.components().get('containers')).toMatchObject({
      state: 'degraded',
      reason: expect.stringMatching(/^1 container is not captured: the engine cannot read/),
    });
    expect([api.rejected, source.figures()?.containers]).toEqual([[id(1)], { file: 0, api: 0, none: 1 }]);
  });

  test('the readers have the engine while there is one', async () => {
    start();
    await source.ready;
    const { engine } = api;
    expect(await engine?.inspect(id(9))).toBeUndefined();
    await fake.stop();
    await until('the loss', () => api.engine === undefined);
    await fake.start();
    await until('another session', () => api.engine !== undefined);
    expect(api.engine).not.toBe(engine);
  });
});

describe('figures', () => {
  const STATS: ReaderStats = {
    ...noCounts(),
    bytesRead: 100,
    linesRead: 10,
    linesLate: 0,
    rotations: 1,
    state: 'live',
    unreadBytes: 0,
    heldFiles: 1,
  };

  test('there are none before it runs', () => expect(source.figures()).toBeUndefined());

  test('by container until it is gone and its sum retired', async () => {
    make(1, '2020-01-01T00:00:00Z');
    list(1);
    start();
    await source.ready;
    readers.figures.set(id(1), STATS);
    const totals = { linesRead: 10, linesLate: 0, bytesRead: 100, rotations: 1, heartbeats: 0, requests: 0 };
    const nothing = { linesRead: 0, linesLate: 0, bytesRead: 0, rotations: 0, heartbeats: 0, requests: 0 };
    expect(source.figures()).toEqual({
      active: new Map([['c1', totals]]),
      retired: nothing,
      containers: { file: 1, api: 0, none: 0 },
      streams: [{ container: 'c1', transport: 'file', openedMs: 1 }],
      streamCapacity: 0,
      waiting: 0,
      stalled: 0,
    });
    fake.emit({ Type: 'container', Action: 'destroy', Actor: { ID: id(1) }, time: 1 });
    await until('the removal', () => readers.finished.has(id(1)));
    notify({ kind: 'truncated', id: id(1), path: '/a.log' });
    expect(said.at(-1)).toMatch(/^warn: c1: somebody cut/);
    expect(source.figures()?.active).toEqual(new Map([['c1', totals]]));
    readers.figures.delete(id(1));
    notify({ kind: 'finished', id: id(1), stats: { ...STATS, linesRead: 12 } });
    expect(source.figures()).toEqual({
      active: new Map(),
      retired: { ...totals, linesRead: 12 },
      containers: { file: 0, api: 0, none: 0 },
      streams: [],
      streamCapacity: 0,
      waiting: 0,
      stalled: 0,
    });
  });

  test('a heart beats every 30 s while a container runs', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      for (const n of [1, 2]) make(n, '2020-01-01T00:00:00Z');
      fake.routes.set(
        '/containers/json',
        json([1, 2].map((n) => ({ Id: id(n), Names: [`/c${n}`], State: n === 1 ? 'running' : 'exited' }))),
      );
      start();
      await source.ready;
      vi.advanceTimersByTime(90_000);
      const beats = [...(source.figures()?.active ?? [])].map(([name, { heartbeats }]) => [name, heartbeats]);
      expect(beats).toEqual([
        ['c1', 3],
        ['c2', 0],
      ]);
    } finally {
      await close();
      vi.useRealTimers();
    }
  });
});

test('a container without a sign of life degrades, beside an engine that is away, until there is one', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  try {
    for (const n of [1, 2]) make(n, '2020-01-01T00:00:00Z');
    list(1, 2);
    start();
    await source.ready;
    said.length = 0;
    readers.dead.add(id(2));
    vi.advanceTimersByTime(60_000);
    expect([health.overall, source.figures()?.stalled]).toEqual(['healthy', 0]);
    vi.advanceTimersByTime(15_000);
    expect(source.figures()?.stalled).toBe(1);
    const silence = expect.stringMatching(/^1 container has shown no sign of life since .* \(c2\)/);
    expect(health.components().get('containers')).toMatchObject({ state: 'degraded', reason: silence });
    await fake.stop();
    await until('the trouble', () => source.engineTrouble() !== undefined);
    expect(health.components().get('containers')?.reason).toMatch(
      /^No Docker engine is there .* 1 container has shown no sign of life/,
    );
    await fake.start();
    await until('the engine', () => source.engineTrouble() === undefined && lists() >= 2);
    await until('only the container', () => !health.components().get('containers')?.reason.startsWith('No'));
    expect(health.components().get('containers')).toMatchObject({ state: 'degraded', reason: silence });
    readers.dead.clear();
    vi.advanceTimersByTime(5_000);
    expect(health.components().get('containers')).toMatchObject({ state: 'healthy', reason: '' });
    expect(said).toEqual([
      expect.stringMatching(/^warn: 1 container has shown no sign of life/),
      expect.stringMatching(/^warn: No Docker engine/),
      expect.stringMatching(/^info: The Docker engine at .* is back/),
      expect.stringMatching(/^info: All running containers that are captured show signs of life again/),
    ]);
  } finally {
    await close();
    vi.useRealTimers();
  }
});

describe('without an engine', () => {
  test('it is said once, the source is ready, and captures as soon as there is one', async () => {
    await fake.stop();
    start();
    await source.ready;
    expect(source.engineInfo()).toBeUndefined();
    expect(source.engineTrouble()).toMatch(/No Docker engine is there/);
    expect(health.components().get('containers')).toMatchObject({ state: 'degraded' });
    make(1, '2020-01-01T00:00:00Z');
    list(1);
    const attempts = vi.spyOn(health, 'set');
    await until('three more attempts', () => attempts.mock.calls.length >= 3);
    await fake.start();
    await until('the container', () => readers.open.has(id(1)));
    expect(source.engineTrouble()).toBeUndefined();
    await until('health', () => health.overall === 'healthy');
    expect(said).toEqual([
      expect.stringMatching(/^warn: No Docker engine is there at .* It is tried again every few seconds\.$/),
      expect.stringMatching(/^info: Docker engine/),
    ]);
  });

  test('one that goes away and comes back is noticed, and what happened meanwhile found out', async () => {
    make(1, '2020-01-01T00:00:00Z');
    list(1);
    start();
    await source.ready;
    said.length = 0;
    await fake.stop();
    await until('the trouble', () => source.engineTrouble() !== undefined);
    expect([...readers.open.keys()]).toEqual([id(1)]);
    rmSync(join(fake.dir, 'root/containers', id(1)), { recursive: true });
    make(2, new Date().toISOString());
    list(2);
    await fake.start();
    await until('the list', () => readers.finished.has(id(1)));
    expect([...readers.open.keys()]).toEqual([id(2)]);
    expect(said).toEqual([
      expect.stringMatching(/^warn: No Docker engine is there/),
      expect.stringMatching(/^info: The Docker engine at .* is back/),
    ]);
  });

  test('a cut event stream alone is nothing to speak of: it is opened again, and listed', async () => {
    start();
    await source.ready;
    said.length = 0;
    fake.emit({ Type: 'container', Action: 'die', Actor: { ID: id(9) }, time: 1_234 });
    for (const response of fake.streams) response.end();
    await until('another list', () => lists() === 2);
    expect(fake.asked.filter((url) => url.includes('/events')).at(-1)).toContain('since=1234');
    // The session, its connections, and its wait for the next list: of one session.
    expect(scope.census().get('scope')).toBe(3);
    expect(said).toEqual([]);
  });

  test('an engine that answers nonsense is a different sentence, and no reason to stop', async () => {
    fake.routes.set('/info', json({ message: 'on fire' }, 500));
    start();
    await source.ready;
    expect(source.engineTrouble()).toMatch(/answered \/info with 500 on fire/);
    fake.routes.set('/info', json({ Name: 'box', DockerRootDir: join(fake.dir, 'root') }));
    await until('the engine', () => source.engineInfo() !== undefined);
  });
});
