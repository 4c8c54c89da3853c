/**
 * npm run bench:ui: what the window costs, and whether it stays quick.
 *
 * The agent has one core; the browser, the writer of the logs and the readers of tails share the other.
 * 1. The live page while containers write 5,000 lines a second for some minutes: its frame times and its heap.
 * 2. As many lines as fast as they are taken, by turns with the live page open and without: the agent's throughput and CPU.
 * 3. 100 open tails, of which 50 never read: the agent's memory.
 * Prints the figures, and writes them with machine and build as JSON.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startChromium } from '../test/browser/support/chromium.js';
import { freePort } from './agent-run.js';
import { startLiveBed, until } from './live-bed.js';
import { writeRecord } from './record.js';
import { measurePage } from './ui/page.js';
import { measureTails } from './ui/tails.js';
import { measureThroughput } from './ui/throughput.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    lines: { type: 'string', default: '5000' },
    containers: { type: 'string', default: '8' },
    /** Pairs of bursts, and lines of each. */
    pairs: { type: 'string', default: '5' },
    burst: { type: 'string', default: '500000' },
    tails: { type: 'string', default: '100' },
    out: { type: 'string', default: 'bench/ui.json' },
  },
});
const MAIN = path.resolve(import.meta.dirname, '../src/main.js');
const rate = Number(values.lines);

// What is started from here on has that core, but for the agent.
spawnSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)], { stdio: 'ignore' });
const scratch = mkdtempSync(path.join(tmpdir(), 'log-capturer-bench-ui-'));
const bed = await startLiveBed(scratch, Number(values.containers));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const config = path.join(scratch, 'config.yaml');
writeFileSync(
  config,
  JSON.stringify({
    data_dir: path.join(scratch, 'data'),
    server: { port },
    metrics: { port: 0 },
    sources: { containers: { type: 'docker', endpoint: bed.endpoint, start_at: 'beginning' } },
  }),
);
const agent = spawn('taskset', ['-c', '0', process.execPath, MAIN, 'run', '--config', config], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const browser = await startChromium();
try {
  await until('all logs are open', async () => {
    const answer = await fetch(`${url}/api/v1/containers`);
    const { containers } = (await answer.json()) as { containers: { transport?: string }[] };
    return containers.filter(({ transport }) => transport === 'file').length === bed.containers;
  });
  const subject = { url, pid: agent.pid as number, browser, bed };
  const livePage = await measurePage(subject, rate, Number(values.minutes) * 60);
  console.log('live page', livePage);
  const throughput = await measureThroughput(subject, Number(values.pairs), Number(values.burst));
  console.log('throughput', throughput);
  const tails = await measureTails(subject, rate, Number(values.tails));
  console.log('tails', tails);
  const result = {
    browser: browser.version(),
    work: { linesPerSecond: rate, containers: bed.containers, burstLines: Number(values.burst) },
    livePage,
    throughput,
    tails,
  };
  writeRecord(values.out, result);
} finally {
  await browser.close();
  bed.close();
  agent.kill('SIGTERM');
  if (agent.exitCode === null) await once(agent, 'exit');
  rmSync(scratch, { recursive: true, force: true });
}
