/**
 * npm run bench:newcomer: the way of somebody who has Node and Docker and nothing else, part by part: clone → npm ci → build →
 * the page answers → a line of a new container is on the live tail. The program's own part is the last two, less what the engine
 * needs to start a container: the tail's line has the engine's own time.
 *
 *   npm run bench:newcomer -- --image busybox --out newcomer.json
 *
 * Clones what is committed here. The engine is that of DOCKER_HOST; the image must be there, so that no network is measured but npm's.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { freePort, withScratch } from './agent-run.js';
import { until } from './live-bed.js';
import { writeRecord } from './record.js';

const { values } = parseArgs({
  options: {
    image: { type: 'string', default: 'busybox' },
    out: { type: 'string', default: 'bench/results.json' },
  },
});
const HELLO = `hello-${process.pid}`;
const PATIENCE_MS = 120_000;

const parts: Record<string, number> = {};

async function part(name: string, work: () => unknown): Promise<void> {
  const began = performance.now();
  await work();
  parts[name] = Math.round(performance.now() - began);
  console.log(`${name.padEnd(12)}${String(parts[name]).padStart(8)} ms`);
}

function run(folder: string, program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

async function answers(url: string): Promise<boolean> {
  const page = await fetch(url);
  await page.body?.cancel();
  return page.ok;
}

/** Resolves with the delay of the container's line in milliseconds: from the engine's time to its arrival here. */
async function delayOfHello(url: string): Promise<number> {
  const { body } = await fetch(`${url}/api/v1/tail`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!body) throw new Error('The tail has no body.');
  const container = spawn('docker', ['run', '--rm', '--network', 'none', values.image, 'echo', HELLO], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(container, 'close');
  for await (const text of createInterface({ input: Readable.fromWeb(body) })) {
    if (!text.startsWith('data: ')) continue;
    const { time, line } = JSON.parse(text.slice('data: '.length)) as { time: string; line?: string };
    if (line !== HELLO) continue;
    const delay = Date.now() - Date.parse(time);
    await ended;
    return delay;
  }
  throw new Error('The tail ended.');
}

async function stop(agent: ChildProcess): Promise<void> {
  const ended = once(agent, 'close');
  agent.kill('SIGTERM');
  await ended;
}

await withScratch(async (scratch) => {
  const checkout = path.join(scratch, 'checkout');
  const url = `http://127.0.0.1:${await freePort()}`;
  await part('clone', () => run(scratch, 'git', 'clone', '--quiet', process.cwd(), checkout));
  await part('npm ci', () => run(checkout, 'npm', 'ci', '--no-audit', '--no-fund'));
  await part('build', () => run(checkout, 'npm', 'run', 'build'));
  const began = performance.now();
  const agent = spawn(process.execPath, ['dist/src/main.js', 'run', '--port', new URL(url).port], {
    cwd: checkout,
    env: { ...process.env, LOG_CAPTURER_METRICS_PORT: '0' },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  try {
    await part('page', () => until('the page answers', () => answers(url)));
    const page = performance.now() - began;
    let delay = 0;
    await part('line', async () => {
      delay = await delayOfHello(url);
    });
    const all = Object.values(parts).reduce((sum, ms) => sum + ms, 0);
    const own = Math.round(page + delay);
    console.log(
      `in all ${all} ms, of which the program's own ${own} ms: the page, and the line ${delay} ms after the engine had it`,
    );
    const build = await (await fetch(`${url}/api/v1/build`)).json();
    writeRecord(values.out, { build, parts, delay, own, all });
  } finally {
    await stop(agent);
  }
});
