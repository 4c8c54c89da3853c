/** Sources and sinks that are made anew again and again while containers write: every line once, by either transport. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { ReloadResult } from '../../src/config/shape.js';
import { Agent, freePort } from '../support/agent.js';
import {
  type ContainedWriter,
  describeWithEngine,
  expectedOf,
  fileSinkConfig,
  startWriters,
} from '../support/engine-test.js';
import { assertExact } from '../support/oracle.js';
import { outputsComplete } from '../support/outputs.js';
import { scratch } from '../support/scratch.js';

const RELOADS = 12;
const EVERY_MS = 400;
const COMPLETE_DEADLINE_MS = 30_000;

const writersOf = (transport: string): ContainedWriter[] =>
  Array.from({ length: 8 }, (_, i) => ({
    name: `reload-${transport}-${i}`,
    out: 700,
    err: 300,
    seed: 3_000 + i,
    linesPerSecond: 150,
  }));

describeWithEngine('reloads', (bed) => {
  it.each(['file', 'api'])('of source and sink, while containers write: %s', async (transport) => {
    const folder = scratch('reload-engine');
    const writers = writersOf(transport);
    const output = path.join(folder, 'out');
    const base = fileSinkConfig(bed.facts, [`reload-${transport}-*`], output) as {
      sources: { containers: object };
      sinks: Record<string, object>;
    };
    const server = { port: await freePort() };
    const agent = await (
      await Agent.start({
        folder,
        config: { ...base, sources: { containers: { ...base.sources.containers, transport } }, server },
      })
    ).ready();
    await startWriters(bed, writers);
    for (let i = 0; i < RELOADS; i++) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      const containers = { ...base.sources.containers, transport, liveness_timeout: `${60 + i}s` };
      const sinks = Object.fromEntries(
        Object.entries(base.sinks).map(([name, sink]) => [name, { ...sink, max_files: 1000 + i }]),
      );
      const config = { ...base, server, metrics: { port: 0 }, sources: { containers }, sinks };
      writeFileSync(path.join(folder, 'config.yaml'), JSON.stringify(config));
      const answer = await fetch(`${agent.url}/api/v1/config/reload`, { method: 'POST' });
      const { result, problems } = (await answer.json()) as ReloadResult;
      expect([result, problems]).toEqual([expect.stringMatching(/applied|unchanged/), []]);
    }
    const expected = expectedOf(writers);
    await outputsComplete(output, expected, COMPLETE_DEADLINE_MS);
    expect((await agent.stop()).code).toBe(0);
    expect(assertExact(output, expected).lines).toBe(8_000);
  });
});
