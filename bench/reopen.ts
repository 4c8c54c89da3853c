/**
 * npm run bench:reopen: what it costs the engine, and the agent, to open a log again when hardly anything was missed.
 *
 * Four logs of 70 MB on a private engine, idle and chatty, with and without a limit of their files. Each is opened again
 * some hundred times by the agent's readers, as streams come to their age, and some times by `since`, as other programs
 * do. Then a crowd of idle containers, each opened again every second. What a stream that stays open costs is measured
 * first, and taken off; every line of the chatty ones has to come once, in order.
 */
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Batch } from '../src/pipeline/batch.js';
import type { Pipeline } from '../src/pipeline/contract.js';
import { StreamTable } from '../src/pipeline/streams.js';
import { silentLogger } from '../src/runtime/log.js';
import { Scope } from '../src/runtime/scope.js';
import { cpuSeconds } from '../src/selftest/process-figures.js';
import { ApiReaders } from '../src/sources/docker/api/index.js';
import { Engine } from '../src/sources/docker/engine.js';
import { SUPPORT_FOLDER } from '../test/support/engine.js';
import { type ContainerSpec, EngineApi, eachLimited } from '../test/support/engine-api.js';
import { ensureImage } from '../test/support/image.js';
import { PrivateEngine } from '../test/support/private-engine.js';
import { writeRecord } from './record.js';

const { values } = parseArgs({
  options: {
    reopenings: { type: 'string', default: '200' },
    'since-reopenings': { type: 'string', default: '10' },
    crowd: { type: 'string', default: '50' },
    out: { type: 'string', default: 'bench/reopen.json' },
  },
});
const LOG_BYTES = 70e6;
const AGE_MS = 50;
const CROWD_AGE_MS = 1_000;
const CROWD_SECONDS = 15;
const HELD_SECONDS = 5;
const CHATTY_EVERY_MS = 50;
const TICK_MS = 10;

/** Numbered lines: 70 MB as they stand on the disk, and then one every 50 ms, or none. */
const writer = (isChatty: boolean): string[] => [
  '/bin/node',
  '-e',
  `const { writeSync } = require('fs');
const line = () => n++ + ' ' + 'x'.repeat(160) + '\\n';
let n = 0;
while (n < ${Math.floor(LOG_BYTES / 225)}) { let some = ''; for (let i = 0; i < 200; i++) some += line(); writeSync(1, some); }
setInterval(() => ${isChatty ? 'writeSync(1, line())' : '{}'}, ${CHATTY_EVERY_MS});`,
];

interface Cost {
  readonly what: string;
  readonly reopenings: number;
  readonly requests: number;
  /** Of dockerd; what an open stream costs is taken off. */
  readonly engineMs: number;
  /** Of this process, all its threads. */
  readonly agentMs: number;
}

/** Numbers of a container's lines come one after the other. */
class LineCheck implements Pick<Pipeline, 'push'> {
  lines = 0;
  #last: number | undefined;

  push(batch: Batch): undefined {
    for (let i = 0; i < batch.length; i++) {
      const n = Number.parseInt(batch.arena.toString('latin1', batch.start[i], batch.end[i]), 10);
      if (this.#last !== undefined && n !== this.#last + 1)
        throw new Error(`line ${n} came after line ${this.#last}`);
      this.#last = n;
      this.lines++;
    }
  }
}

class Bench {
  readonly #scope: Scope;
  readonly #engine: Engine;
  readonly #pid: number;

  constructor(scope: Scope, engine: Engine, pid: number) {
    this.#scope = scope;
    this.#engine = engine;
    this.#pid = pid;
  }

  /** Reads these containers for as long as `body` takes. */
  async #reading(
    ids: readonly string[],
    ageMs: number,
    body: (readers: ApiReaders) => Promise<void>,
  ): Promise<void> {
    const scope = this.#scope.child('reading');
    const checks = new Map(ids.map((id) => [`docker/${id}`, new LineCheck()]));
    const pipeline: Pipeline = {
      streams: new StreamTable(),
      push: (batch, key) => checks.get(key)?.push(batch),
      gap: ({ why }) => {
        throw new Error(`a gap: ${why}`);
      },
      setPosition: () => {},
      position: () => undefined,
      positionKeys: () => [],
      isFirstStart: true,
    };
    const readers = new ApiReaders({
      pipeline,
      log: silentLogger,
      startAt: { kind: 'end' },
      onNotice: () => {},
      maxStreams: ids.length,
      streamMaxAgeMs: ageMs,
    });
    void scope.run('readers', () => readers.run(scope));
    readers.connected(this.#engine);
    for (const id of ids) readers.add({ id, path: '', labels: { container: id }, existedAtFirstStart: true });
    while (readers.openStreams().length < ids.length) await sleep(TICK_MS);
    await sleep(1_000);
    await body(readers);
    await scope.close();
  }

  /** What streams cost that stay open, a second: of the engine, of the agent. */
  async #held(ids: readonly string[]): Promise<[number, number]> {
    let cost: [number, number] = [0, 0];
    await this.#reading(ids, 3_600_000, async () => {
      const before = this.#cpu();
      await sleep(HELD_SECONDS * 1_000);
      const after = this.#cpu();
      cost = [(after[0] - before[0]) / HELD_SECONDS, (after[1] - before[1]) / HELD_SECONDS];
    });
    return cost;
  }

  async byAge(what: string, ids: readonly string[], ageMs: number, wanted: number): Promise<Cost> {
    const held = await this.#held(ids);
    let cost: Cost | undefined;
    await this.#reading(ids, ageMs, async (readers) => {
      const total = (): { rotations: number; requests: number } => {
        const all = [...readers.stats().values()];
        const sum = (key: 'rotations' | 'requests') => all.reduce((total, stats) => total + stats[key], 0);
        return { rotations: sum('rotations'), requests: sum('requests') };
      };
      const [from, cpu, started] = [total(), this.#cpu(), performance.now()];
      while (total().rotations - from.rotations < wanted) await sleep(TICK_MS);
      const [to, cpuAfter] = [total(), this.#cpu()];
      const seconds = (performance.now() - started) / 1_000;
      const reopenings = to.rotations - from.rotations;
      const each = (i: 0 | 1): number => ((cpuAfter[i] - cpu[i] - held[i] * seconds) / reopenings) * 1_000;
      const requests = to.requests - from.requests;
      cost = { what, reopenings, requests, engineMs: each(0), agentMs: each(1) };
    });
    if (!cost) throw new Error('nothing was measured');
    return cost;
  }

  /** As it is done elsewhere: everything from the last line's time on. */
  async bySince(what: string, id: string, reopenings: number): Promise<Cost> {
    const last = await this.#firstData(id, { tail: 1 });
    const since = `${Date.parse(`${last.slice(0, 19)}Z`) / 1_000}${/\.\d+/.exec(last)?.[0] ?? ''}`;
    const cpu = this.#cpu();
    for (let i = 0; i < reopenings; i++) await this.#firstData(id, { since });
    const after = this.#cpu();
    const each = (i: 0 | 1): number => ((after[i] - cpu[i]) / reopenings) * 1_000;
    return { what, reopenings, requests: reopenings, engineMs: each(0), agentMs: each(1) };
  }

  /** Follows the log until the first record is there, and answers it. */
  async #firstData(id: string, range: { tail?: number; since?: string }): Promise<string> {
    const scope = this.#scope.child('stream');
    try {
      const response = await this.#engine.logs(id, { ...range, follow: true }, scope);
      for await (const chunk of response ?? []) return (chunk as Buffer).toString('latin1', 8);
      throw new Error('the engine served nothing');
    } finally {
      await scope.close();
    }
  }

  #cpu(): [number, number] {
    const { user, system } = process.cpuUsage();
    return [cpuSeconds(this.#pid) ?? Number.NaN, (user + system) / 1e6];
  }
}

async function startAll(api: EngineApi, specs: readonly ContainerSpec[]): Promise<string[]> {
  const ids: string[] = [];
  await eachLimited(specs, 4, async (spec, i) => {
    ids[i] = await api.create(spec);
    await api.start(ids[i]);
  });
  return ids;
}

const dockerd = await PrivateEngine.start();
const api = new EngineApi(dockerd.endpoint, 'reopen');
const scope = Scope.root('bench', (error) => {
  throw error;
});
const costs: Cost[] = [];
try {
  const image = await ensureImage(api, SUPPORT_FOLDER);
  const kinds = ['idle', 'chatty', 'idle-limited', 'chatty-limited'];
  const ids = await startAll(
    api,
    kinds.map((name) => ({
      name,
      image,
      command: writer(name.startsWith('chatty')),
      logOptions: name.endsWith('limited') ? { 'max-size': '1g' } : {},
    })),
  );
  for (const id of ids) {
    const { LogPath } = await api.inspect(id);
    while (statSync(LogPath).size < LOG_BYTES) await sleep(100);
  }
  const target = { socketPath: `${dockerd.folder}/docker.sock` };
  const engine = new Engine(scope, { url: dockerd.endpoint, target });
  await engine.connect();
  const pid = Number(readFileSync(`${dockerd.folder}/dockerd.pid`, 'utf8'));
  const bench = new Bench(scope, engine, pid);
  const report = (cost: Cost): void => {
    costs.push(cost);
    const { what, reopenings, requests, engineMs, agentMs } = cost;
    console.log(
      `${what}: ${engineMs.toFixed(2)} ms of dockerd's CPU and ${agentMs.toFixed(2)} of the agent's a reopening (${reopenings} reopenings, ${requests} requests)`,
    );
  };
  for (const [i, kind] of kinds.entries()) {
    report(await bench.byAge(`${kind} log of 70 MB, by age`, [ids[i]], AGE_MS, Number(values.reopenings)));
    report(await bench.bySince(`${kind} log of 70 MB, by since`, ids[i], Number(values['since-reopenings'])));
    const [ours, since] = costs.slice(-2);
    console.log(`  ratio ${(since.engineMs / ours.engineMs).toFixed(0)}`);
  }
  for (const id of ids) await api.remove(id);
  const size = Number(values.crowd);
  const crowd = await startAll(
    api,
    Array.from({ length: size }, (_, i) => ({
      name: `quiet-${i}`,
      image,
      command: ['/bin/sh', '-c', 'echo 0; exec sleep 100000'],
    })),
  );
  const each = `each of ${size} idle logs every second`;
  report(await bench.byAge(each, crowd, CROWD_AGE_MS, (size * CROWD_SECONDS * 1_000) / CROWD_AGE_MS));
  const version = (await api.call<{ Version: string }>('GET', '/version')).Version;
  writeRecord(values.out, { engine: version, costs });
} finally {
  await scope.close();
  api.close();
  await dockerd.close();
}
