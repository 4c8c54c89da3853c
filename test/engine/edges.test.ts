/**
 * Docker's edges while the agent runs, side by side, by json-file and by the engine's API: restart storms, renames, rotation
 * storms, one name for one container after the other, terminals that come and go, removal while the agent stands still, a
 * log that somebody cuts short. Every line arrives once and in order, or lies within a gap that is told.
 */
import { truncateSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Agent } from '../support/agent.js';
import {
  type Expectation,
  outputRecords,
  runsCommand,
  streamsOf,
  WAYS,
  type Way,
  whatIsWrong,
} from '../support/edges.js';
import type { ContainerSpec } from '../support/engine-api.js';
import { describeWithEngine, fileSinkConfig } from '../support/engine-test.js';
import { writerCommand } from '../support/image.js';
import type { WriterSpec } from '../support/lines.mjs';
import { scratch } from '../support/scratch.js';

const POLICY_RUNS = Array.from({ length: 5 }, () => 6);
const STORM_RUNS = Array.from({ length: 8 }, () => 6);
const COMPLETE_DEADLINE_MS = 40_000;

interface ContainerView {
  readonly containers: readonly {
    readonly name: string;
    readonly state: string;
    readonly transport: string;
  }[];
}

describeWithEngine("Docker's edges while the agent runs", (bed) => {
  const expectations: Expectation[] = [];
  let agent: Agent;
  let output: string;

  async function started(way: Way, spec: Omit<ContainerSpec, 'image'>): Promise<string> {
    const labels = { 'log-capturer.transport': way };
    const id = await bed.api.create({ ...spec, image: bed.facts.image, labels });
    await bed.api.start(id);
    return id;
  }

  async function seen(name: string): Promise<void> {
    for (;;) {
      const { containers } = await agent.get<ContainerView>('/api/v1/containers');
      if (containers.some((container) => container.name === name && container.state === 'running')) return;
      await sleep(50);
    }
  }

  /** Started again by the engine, which waits longer each time. */
  async function policyStorm(way: Way): Promise<void> {
    const name = `edge-policy-${way}`;
    const id = await started(way, { name, command: runsCommand(name, POLICY_RUNS), restarts: true });
    while ((await bed.api.inspect(id)).State.Status !== 'exited') await sleep(100);
    expectations.push({ outputs: [name], writer: name, ...streamsOf(6 * POLICY_RUNS.length) });
  }

  /** Started again the moment that it ends. */
  async function storm(way: Way): Promise<void> {
    const name = `edge-storm-${way}`;
    const id = await started(way, { name, command: runsCommand(name, STORM_RUNS) });
    while ((await bed.api.wait(id)) !== 0) await bed.api.start(id);
    expectations.push({ outputs: [name], writer: name, ...streamsOf(6 * STORM_RUNS.length) });
  }

  /** The outputs follow the name: the later part of the lines is in the later one. */
  async function renamed(way: Way): Promise<void> {
    const outputs = ['edge-first', 'edge-second', 'edge-third'].map((name) => `${name}-${way}`);
    const [name, ...others] = outputs;
    const spec: WriterSpec = { name, out: 700, err: 300, seed: 11, linesPerSecond: 300 };
    const id = await started(way, { name, command: writerCommand(spec) });
    for (const [i, next] of others.entries()) {
      while (outputRecords(output, [outputs[i]]).length === 0) await sleep(50);
      await bed.api.call('POST', `/containers/${id}/rename?name=${next}`);
    }
    await bed.api.wait(id);
    expectations.push({ outputs, writer: name, out: 700, err: 300 });
  }

  /** By file only: what an engine leaves out of such a log is found out late, and has tests of its own. */
  async function rotating(kind: string, logOptions: Readonly<Record<string, string>>): Promise<void> {
    const name = `edge-rotating-${kind}`;
    const [out, err] = [2_100, 900];
    const spec: WriterSpec = { name, out, err, seed: 12, lengths: 'short', bytesPerSecond: 60_000 };
    const id = await started('file', { name, command: writerCommand(spec), logOptions });
    await bed.api.wait(id);
    expectations.push({ outputs: [name], writer: name, out, err, mayMiss: true });
  }

  /** Removed and made anew under the same name, with and without a terminal. */
  async function again(way: Way): Promise<void> {
    const name = `edge-again-${way}`;
    for (const [i, tty] of [false, true, false, false].entries()) {
      const writer = `${name}-${i}`;
      const spec: WriterSpec = { name: writer, out: 100, err: tty ? 0 : 50, seed: 13 };
      const id = await started(way, { name, command: writerCommand(spec), tty });
      await bed.api.wait(id);
      await bed.api.remove(id);
      expectations.push({ outputs: [name], writer, out: spec.out, err: spec.err, mayMiss: way === 'api' });
    }
  }

  async function cutShort(): Promise<void> {
    const name = 'edge-cut';
    const spec: WriterSpec = { name, out: 800, err: 400, seed: 14, lengths: 'short', linesPerSecond: 300 };
    const id = await started('file', { name, command: writerCommand(spec) });
    const { LogPath } = await bed.api.inspect(id);
    for (const bytes of [0, 2_000, 0]) {
      await sleep(900);
      truncateSync(LogPath, bytes);
    }
    await bed.api.wait(id);
    expectations.push({ outputs: [name], writer: name, out: 800, err: 400, mayMiss: true });
  }

  /** It has written and is gone before the agent looks again. */
  async function removedBehind(): Promise<void> {
    const ids = await Promise.all(
      WAYS.map((way) => {
        const name = `edge-behind-${way}`;
        const spec: WriterSpec = { name, out: 350, err: 150, seed: 15, lengths: 'short' };
        expectations.push({ outputs: [name], writer: name, out: 350, err: 150, mayMiss: way === 'api' });
        const command = ['/bin/sh', '-c', 'sleep 1; exec "$@"', 'sh', ...writerCommand(spec)];
        return started(way, { name, command });
      }),
    );
    await Promise.all(WAYS.map((way) => seen(`edge-behind-${way}`)));
    agent.signal('SIGSTOP');
    for (const id of ids) {
      await bed.api.wait(id);
      await bed.api.remove(id);
    }
    agent.signal('SIGCONT');
  }

  it('cost no line, or a gap says which', { timeout: 120_000 }, async () => {
    const folder = scratch('edges');
    output = path.join(folder, 'out');
    agent = await Agent.start({
      folder,
      config: fileSinkConfig(bed.facts, ['edge-*'], output, { compress: false }),
    });
    await agent.ready();
    const sizes = {
      one: { 'max-file': '1' },
      three: { 'max-file': '3' },
      gz: { 'max-file': '3', compress: 'true' },
    };
    const silent = ['/bin/sleep', '100'];
    await Promise.all([
      cutShort(),
      ...Object.entries(sizes).map(([kind, options]) => rotating(kind, { 'max-size': '10k', ...options })),
      ...WAYS.flatMap((way) => [
        policyStorm(way),
        storm(way),
        renamed(way),
        again(way),
        started(way, { name: `edge-silent-${way}`, command: silent }),
      ]),
    ]);
    await removedBehind();
    expect(await whatIsWrong(agent, output, expectations, COMPLETE_DEADLINE_MS), agent.log).toEqual([]);
    for (const way of WAYS) {
      expect(outputRecords(output, [`edge-silent-${way}`])).toEqual([]);
      for (const name of ['edge-first', 'edge-second', 'edge-third'])
        expect(outputRecords(output, [`${name}-${way}`]).length, `lines of ${name}-${way}`).toBeGreaterThan(
          0,
        );
    }
    const health = await agent.get<{ status: string; components: object }>('/health');
    expect(health, JSON.stringify(health)).toMatchObject({ status: 'healthy' });
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
  });
});
