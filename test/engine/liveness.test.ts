/**
 * What becomes of open log streams when requests for logs hang, the whole engine hangs (SIGSTOP), connections are cut and
 * the engine is restarted: the alarm comes within liveness_timeout and goes by itself, and every line is there once.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Agent } from '../support/agent.js';
import { describeWithOwnEngine, expectedOf, fileSinkConfig, startWriters } from '../support/engine-test.js';
import { Exposition } from '../support/exposition.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import type { WriterSpec } from '../support/lines.mjs';
import { assertExact, outputLines } from '../support/oracle.js';
import { outputsComplete } from '../support/outputs.js';
import { scratch } from '../support/scratch.js';

const LIVENESS_S = 5;
/** The alarm comes a look later. */
const ALARM = { timeout: (LIVENESS_S + 4) * 1_000, interval: 50 };
const BACK = { timeout: 20_000, interval: 50 };
const COMPLETE_DEADLINE_MS = 30_000;
const CUTS = 5;
const CUT_EVERY_MS = 400;

const writers: WriterSpec[] = Array.from({ length: 12 }, (_, i) => ({
  name: `alive-${String(i).padStart(2, '0')}`,
  out: 700,
  err: 300,
  seed: 4_000 + i,
  lengths: 'short',
  linesPerSecond: 25,
}));
/** Writes until it is ended. */
const restarted: WriterSpec[] = Array.from({ length: 3 }, (_, i) => ({
  name: `restarted-${i}`,
  out: 70_000,
  err: 30_000,
  seed: 5_000 + i,
  lengths: 'short',
  linesPerSecond: 100,
}));

interface Health {
  readonly components: Readonly<Record<string, { readonly state: string; readonly reason: string }>>;
}

describeWithOwnEngine('an engine in trouble', (bed) => {
  it('is noticed in time, and nothing is lost', async () => {
    const { engine, facts, api } = bed();
    const folder = scratch('liveness');
    const output = path.join(folder, 'out');
    const proxy = await FaultyProxy.start(
      path.join(folder, 'proxy.sock'),
      engine.endpoint.slice('unix://'.length),
    );
    const config = fileSinkConfig(facts, ['alive-*', 'restarted-*'], output);
    const containers = {
      ...(config['sources'] as Record<string, object>)['containers'],
      endpoint: proxy.endpoint,
      transport: 'api',
      stream_max_age: '1s',
      liveness_timeout: `${LIVENESS_S}s`,
    };
    const agent = await Agent.start({ folder, config: { ...config, sources: { containers } } });
    await agent.ready();

    const reason = async (): Promise<string> => {
      const { state, reason: why } = (await agent.get<Health>('/health')).components['containers'];
      return state === 'healthy' ? '' : why;
    };
    const stalled = async (): Promise<number | undefined> =>
      new Exposition(await (await fetch(`${agent.url}/metrics`)).text()).get(
        'log_capturer_stalled_containers',
      );
    const isWell = async (): Promise<void> => expect([await reason(), await stalled()]).toEqual(['', 0]);
    const messages = (pattern: RegExp): number =>
      agent.log.split('\n').filter((line) => pattern.test(line)).length;

    const { done } = await startWriters(bed(), writers);
    await vi.waitFor(isWell, BACK);

    proxy.holdLogs();
    await vi.waitFor(
      async () => expect(await reason()).toMatch(/^12 containers have shown no sign of life/),
      ALARM,
    );
    expect(await stalled()).toBe(12);
    await agent.said(/containers have shown no sign of life/);
    proxy.letGo();
    await vi.waitFor(isWell, BACK);
    await agent.said(/show signs of life again/);

    const pid = Number(readFileSync(path.join(engine.folder, 'dockerd.pid'), 'utf8'));
    onTestFinished(() => void spawnSync('kill', ['-CONT', String(pid)]));
    process.kill(pid, 'SIGSTOP');
    await vi.waitFor(async () => expect(await reason()).toMatch(/does not answer/), ALARM);
    await vi.waitFor(async () => expect(await stalled()).toBe(12), ALARM);
    process.kill(pid, 'SIGCONT');
    await vi.waitFor(isWell, BACK);
    expect([messages(/does not answer.*It is tried again/), messages(/is back/)]).toEqual([1, 1]);
    expect([messages(/shown no sign of life/), messages(/show signs of life again/)]).toEqual([1, 1]);

    for (let cuts = 0; cuts < CUTS; cuts++) {
      proxy.cut();
      await new Promise((resolve) => setTimeout(resolve, CUT_EVERY_MS));
    }
    await done;
    await outputsComplete(output, expectedOf(writers), COMPLETE_DEADLINE_MS);
    await vi.waitFor(isWell, BACK);

    const { ids } = await startWriters(bed(), restarted);
    const isRead = (name: string, run: number): Promise<void> =>
      vi.waitFor(
        () =>
          expect([...outputLines(output, name, 'stdout')].join('').split(`${name} o 50 `)).toHaveLength(
            run + 1,
          ),
        BACK,
      );
    for (const { name } of restarted) await isRead(name, 1);
    await engine.stopDaemon();
    await vi.waitFor(async () => expect(await reason()).not.toBe(''), ALARM);
    await engine.startDaemon();
    for (const id of ids) await api.start(id);
    for (const { name } of restarted) await isRead(name, 2);
    await vi.waitFor(isWell, BACK);
    for (const id of ids) await api.stop(id);
    for (const [i, { name }] of restarted.entries()) {
      const logs = await api.logs(ids[i]);
      for (const stream of ['stdout', 'stderr'] as const)
        await vi.waitFor(
          () => expect(Buffer.concat([...outputLines(output, name, stream)]).equals(logs[stream])).toBe(true),
          { timeout: COMPLETE_DEADLINE_MS, interval: 200 },
        );
    }

    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
    expect(assertExact(output, expectedOf(writers)).lines).toBe(12_000);
  });
});
