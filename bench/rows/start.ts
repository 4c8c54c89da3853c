/** From the start of the process to the first line that Loki has, beside what Node and the loading of modules take of it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Way } from '../agent-run.js';
import { withLiveAgent } from '../live-run.js';
import type { Figures, Row, RowContext } from '../row.js';
import { median } from '../statistics.js';

const STARTS = 5;
const LINES = 10;

function startOnce(way: Way, folder: string): Promise<Figures> {
  return withLiveAgent(way, folder, { containers: 1, oldLines: LINES }, async ({ agent, delivered }) => {
    const { lastMs } = await delivered(LINES);
    return {
      deliveredMs: lastMs - (performance.timeOrigin + agent.begunMs),
      cpuMs: agent.usage().cpuSeconds * 1000,
      nodeMs: timeOf(way, ['-e', '0']),
      versionMs: timeOf(way, [way.subject.main, 'version']),
    };
  });
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
