/** Sources and sinks that are made anew again and again while containers write: every line once, by either transport. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Agent } from '../support/agent.js';
import {
  type ContainedWriter,
  describeWithEngine,
  expectedOf,
  fileSinkConfig,
  startWriters,
} from '../support/engine-test.js';
import { assertExact } from '../support/oracle.js';
import { outputsComplete } from '../support/outputs.js';
import { freePort } from '../support/ports.js';
import { reloadAndLook } from '../support/running.js';
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
    const usual = fileSinkConfig(bed.facts, [`reload-${transport}-*`], output) as {
      sources: { containers: object };
      sinks: { local: object };
    };
    const stays = { ...usual.sinks.local, directory: path.join(folder, 'stays') };
    const base = { ...usual, sinks: { ...usual.sinks, stays } };
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
      const containers = { ...base.sources.containers, transport, liveness_timeout: `${61 + i}s` };
      const sinks = { ...base.sinks, local: { ...base.sinks.local, max_files: 1000 + i } };
      const config = { ...base, server, metrics: { port: 0 }, sources: { containers }, sinks };
      writeFileSync(path.join(folder, 'config.yaml'), JSON.stringify(config));
      const { result, problems, changes } = await reloadAndLook(agent);
      expect([result, problems]).toEqual(['applied', []]);
      const rebuilt = changes.filter(({ change }) => change !== 'unchanged');
      expect(rebuilt.map(({ component, change }) => `${component} ${change}`)).toEqual([
        'sources.containers rebuilt',
        'sinks.local rebuilt',
      ]);
    }
    const expected = expectedOf(writers);
    for (const directory of [output, stays.directory])
      await outputsComplete(directory, expected, COMPLETE_DEADLINE_MS);
    expect((await agent.stop()).code).toBe(0);
    for (const directory of [output, stays.directory])
      expect(assertExact(directory, expected).lines).toBe(8_000);
  });
});
