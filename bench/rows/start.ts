/** From the start of the process to the first line that Loki has, beside what Node and the loading of modules take of it. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Agent, type Way } from '../agent-run.js';
import type { Arrived } from '../delay-loki.js';
import { ask, fork, startLiveBed, until } from '../live-bed.js';
import type { Figures, Row, RowContext } from '../row.js';
import { median } from '../statistics.js';

const STARTS = 5;
const LINES = 10;

async function startOnce(way: Way, folder: string): Promise<Figures> {
  const loki = fork('delay-loki.js');
  const bed = await startLiveBed(folder, 1);
  try {
    const [{ port }] = (await once(loki, 'message')) as [{ port: number }];
    await bed.write(LINES, 0);
    const startedMs = Date.now();
    const agent = await Agent.start(
      way,
      folder,
      `sources: { containers: { type: docker, endpoint: "${bed.endpoint}", start_at: beginning } }
sinks: { loki: { type: loki, url: "http://127.0.0.1:${port}" } }`,
    );
    try {
      let arrived: Arrived = { lines: 0, lastMs: 0 };
      await until('the first lines were delivered', async () => {
        arrived = await ask<Arrived>(loki, {});
        return arrived.lines >= LINES;
      });
      return {
        deliveredMs: arrived.lastMs - startedMs,
        cpuMs: agent.usage().cpuSeconds * 1000,
        nodeMs: timeOf(way, ['-e', '0']),
        versionMs: timeOf(way, [way.subject.main, 'version']),
      };
    } finally {
      await agent.stop();
    }
  } finally {
    loki.kill();
    bed.close();
  }
}

function timeOf({ subject }: Way, args: readonly string[]): number {
  const begun = performance.now();
  const { status } = spawnSync('taskset', ['-c', '0', subject.node, ...args], { stdio: 'ignore' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return performance.now() - begun;
}

async function run({ way, scratch }: RowContext): Promise<Figures> {
  const all: Figures[] = [];
  for (let i = 0; i < STARTS; i++) {
    const folder = path.join(scratch, String(i));
    mkdirSync(folder);
    all.push(await startOnce(way, folder));
  }
  return Object.fromEntries(
    Object.keys(all[0]).map((name) => [name, median(all.map((figures) => figures[name]))]),
  );
}

export const start: Row = {
  title: 'start of the process → first line delivered to Loki',
  kinds: {
    deliveredMs: { unit: 'ms until it is delivered', atMost: 400, onSlowMachine: 'more' },
    cpuMs: { unit: 'CPU-ms by then', onSlowMachine: 'more' },
    nodeMs: { unit: 'ms for a Node that does nothing', onSlowMachine: 'more' },
    versionMs: { unit: 'ms for `log-capturer version`', onSlowMachine: 'more' },
  },
  run,
};
