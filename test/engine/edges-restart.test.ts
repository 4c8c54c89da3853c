/**
 * The engine restarts while containers write: they end with it, and are started again; or, with live-restore, they live
 * on, also while the agent is away. What the engine recorded is what arrives, byte for byte.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Agent } from '../support/agent.js';
import { outputRecords, toldGaps, unaccounted, WAYS } from '../support/edges.js';
import { describeWithOwnEngine, fileSinkConfig, type OwnEngineBed } from '../support/engine-test.js';
import { writerCommand } from '../support/image.js';
import { scratch } from '../support/scratch.js';

const COMPLETE_DEADLINE_MS = 30_000;
const WRITERS = WAYS.flatMap((way) => [0, 1].map((i) => ({ name: `restarted-${i}-${way}`, way })));

describeWithOwnEngine('an engine that restarts while containers write', (bed) => {
  it('costs no line that it recorded, with and without live-restore', { timeout: 120_000 }, async () => {
    const { api, engine, facts } = bed();
    const folder = scratch('restart');
    const output = path.join(folder, 'out');
    const options = { folder, config: fileSinkConfig(facts, ['restarted-*'], output, { compress: false }) };
    let agent = await Agent.start(options);
    await agent.ready();
    const ids: string[] = [];
    for (const { name, way } of WRITERS) {
      const command = writerCommand({
        name,
        out: 100_000,
        err: 50_000,
        seed: 21,
        lengths: 'short',
        linesPerSecond: 200,
      });
      ids.push(
        await api.create({ name, image: facts.image, command, labels: { 'log-capturer.transport': way } }),
      );
    }
    const startAll = (): Promise<void[]> => Promise.all(ids.map((id) => api.start(id)));
    const areRunning = (): Promise<boolean[]> =>
      Promise.all(ids.map(async (id) => (await api.inspect(id)).State.Running));

    await startAll();
    await sleep(1_000);
    await engine.stopDaemon();
    writeFileSync(`${engine.folder}/none.json`, '{"live-restore": true}');
    await engine.startDaemon();
    expect(await areRunning(), 'without live-restore').toEqual(ids.map(() => false));
    await startAll();
    await sleep(1_000);
    await engine.stopDaemon();
    await engine.startDaemon();
    expect(await areRunning(), 'with live-restore').toEqual(ids.map(() => true));
    await sleep(1_000);
    agent.signal('SIGKILL');
    await agent.exit;
    await engine.stopDaemon();
    await engine.startDaemon();
    agent = await Agent.start(options);
    await agent.ready();
    await sleep(1_000);
    await Promise.all(ids.map((id) => api.stop(id)));

    const deadline = performance.now() + COMPLETE_DEADLINE_MS;
    for (;;) {
      const [arrived, recorded] = [digests(output), await recordedBy(bed(), ids)];
      if (JSON.stringify(arrived) === JSON.stringify(recorded)) break;
      if (performance.now() > deadline) expect(arrived, agent.log).toEqual(recorded);
      await sleep(200);
    }
    for (const [stream, { lines }] of Object.entries(digests(output)))
      expect(lines, stream).toBeGreaterThan(100);
    expect(await toldGaps(agent)).toEqual([]);
    expect(await unaccounted(agent)).toEqual([]);
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
  });
});

/** By container and stream: how many lines, and which. */
type Digests = Record<string, { lines: number; digest: string }>;

function digests(output: string): Digests {
  const found: Digests = {};
  for (const { name } of WRITERS) {
    const records = outputRecords(output, [name]);
    for (const stream of ['stdout', 'stderr'] as const) {
      const lines = records.filter((record) => record.stream === stream).map(({ line }) => line);
      found[`${name} ${stream}`] = digestOf(
        Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])),
      );
    }
  }
  return found;
}

async function recordedBy({ api }: OwnEngineBed, ids: readonly string[]): Promise<Digests> {
  const found: Digests = {};
  for (const [i, { name }] of WRITERS.entries()) {
    const logs = await api.logs(ids[i]);
    for (const stream of ['stdout', 'stderr'] as const) found[`${name} ${stream}`] = digestOf(logs[stream]);
  }
  return found;
}

function digestOf(bytes: Buffer): { lines: number; digest: string } {
  const lines = bytes.reduce((count, byte) => (byte === 10 ? count + 1 : count), 0);
  return { lines, digest: createHash('sha256').update(bytes).digest('hex').slice(0, 16) };
}
