/**
 * What becomes of open log streams when requests for logs hang, and when the whole engine does (SIGSTOP): the alarm comes
 * within liveness_timeout and goes by itself, each is told once, and every line is there once. Cut connections and a
 * restarted engine: soak-faults.test.ts.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Agent } from '../support/agent.js';
import { describeWithOwnEngine, expectedOf, fileSinkConfig, startWriters } from '../support/engine-test.js';
import { Exposition } from '../support/exposition.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import type { WriterSpec } from '../support/lines.mjs';
import { assertExact } from '../support/oracle.js';
import { outputsComplete } from '../support/outputs.js';
import { scratch } from '../support/scratch.js';

const LIVENESS_S = 5;
/** The alarm comes a look later. */
const ALARM = { timeout: (LIVENESS_S + 4) * 1_000, interval: 50 };
const BACK = { timeout: 20_000, interval: 50 };
const COMPLETE_DEADLINE_MS = 30_000;

const writers: WriterSpec[] = Array.from({ length: 12 }, (_, i) => ({
  name: `alive-${String(i).padStart(2, '0')}`,
  out: 700,
  err: 300,
  seed: 4_000 + i,
  lengths: 'short',
  linesPerSecond: 25,
}));
interface Health {
  readonly components: Readonly<Record<string, { readonly state: string; readonly reason: string }>>;
}

describeWithOwnEngine('an engine in trouble', (bed) => {
  it('is noticed in time, and nothing is lost', async () => {
    const { engine, facts } = bed();
    const folder = scratch('liveness');
    const output = path.join(folder, 'out');
    const proxy = await FaultyProxy.start(
      path.join(folder, 'proxy.sock'),
      engine.endpoint.slice('unix://'.length),
    );
    const config = fileSinkConfig(facts, ['alive-*'], output);
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

    const { pid } = engine;
    onTestFinished(() => void spawnSync('kill', ['-CONT', String(pid)]));
    process.kill(pid, 'SIGSTOP');
    await vi.waitFor(async () => expect(await reason()).toMatch(/does not answer/), ALARM);
    await vi.waitFor(async () => expect(await stalled()).toBe(12), ALARM);
    process.kill(pid, 'SIGCONT');
    await vi.waitFor(isWell, BACK);
    expect([messages(/does not answer.*It is tried again/), messages(/is back/)]).toEqual([1, 1]);
    expect([messages(/shown no sign of life/), messages(/show signs of life again/)]).toEqual([1, 1]);

    await done;
    await outputsComplete(output, expectedOf(writers), COMPLETE_DEADLINE_MS);
    await vi.waitFor(isWell, BACK);

    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
    expect(assertExact(output, expectedOf(writers)).lines).toBe(12_000);
  });
});
