/**
 * The agent's resident memory while it follows chatty containers of a real engine, with the file sink on: sampled every
 * five seconds, judged by its greatest value and by a straight line fitted through the samples after the warm-up.
 *
 *   npm run bench:memory -- --containers 20 --minutes 15 --lines 50
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { obtainEngine } from '../test/support/engine.js';
import { EngineApi, eachLimited } from '../test/support/engine-api.js';
import { freePort } from './agent-run.js';
import { writeRecord } from './record.js';

const { values } = parseArgs({
  options: {
    containers: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '15' },
    /** Lines a second and container. */
    lines: { type: 'string', default: '50' },
    out: { type: 'string', default: 'bench/memory.json' },
  },
});
const CONTAINERS = Number(values.containers);
const MINUTES = Number(values.minutes);
const SAMPLE_MS = 5_000;
const WARM_UP_S = 300;
const MAIN = path.resolve(import.meta.dirname, '../src/main.js');

const CHATTER = `
let n = 0;
setInterval(() => {
  for (let i = 0; i < ${Number(values.lines)} / 10; i++) {
    n++;
    (n % 7 ? process.stdout : process.stderr).write(JSON.stringify({ n, level: 'info', msg: 'request served', trace: 'x'.repeat(n % 120) }) + '\\n');
  }
}, 100);
`;

interface Sample {
  readonly seconds: number;
  readonly rssMb: number;
  readonly descriptors: number;
}

const scratch = mkdtempSync(path.join(tmpdir(), 'log-capturer-memory-'));
const engine = await obtainEngine();
const api = new EngineApi(engine.facts.endpoint, engine.facts.run);
try {
  const names = Array.from({ length: CONTAINERS }, (_, i) => `chatty-${i}`);
  await eachLimited(names, 4, async (name) => {
    const command = ['/bin/node', '-e', CHATTER];
    const logOptions = { 'max-size': '10m', 'max-file': '2' };
    await api.start(await api.create({ name, image: engine.facts.image, command, logOptions }));
  });
  const port = await freePort();
  const config = path.join(scratch, 'config.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      data_dir: path.join(scratch, 'data'),
      server: { port },
      metrics: { port: 0 },
      sources: { containers: { type: 'docker', endpoint: engine.facts.endpoint } },
      sinks: { local: { type: 'file', directory: path.join(scratch, 'logs') } },
    }),
  );
  const agent = spawn(process.execPath, [MAIN, 'run', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const samples: Sample[] = [];
  const started = performance.now();
  while (performance.now() - started < MINUTES * 60_000) {
    await sleep(SAMPLE_MS);
    if (agent.exitCode !== null) throw new Error(`the agent ended with ${agent.exitCode}`);
    samples.push(sampleOf(agent.pid as number, (performance.now() - started) / 1000));
    const { seconds, rssMb, descriptors } = samples[samples.length - 1];
    if (samples.length % 12 === 0)
      console.log(`${Math.round(seconds)} s: ${rssMb} MB, ${descriptors} descriptors`);
  }
  const url = `http://127.0.0.1:${port}`;
  const build = (await (await fetch(`${url}/api/v1/build`)).json()) as object;
  const { sinks } = (await (await fetch(`${url}/api/v1/sinks`)).json()) as {
    sinks: { linesDelivered: number }[];
  };
  const { linesDelivered } = sinks[0];
  if (!(linesDelivered > 0)) throw new Error('no line was delivered: nothing was measured');
  agent.kill('SIGTERM');
  const [exitCode] = (await once(agent, 'exit')) as [number];
  const warm = samples.filter(({ seconds }) => seconds >= WARM_UP_S);
  const summary = {
    containers: CONTAINERS,
    minutes: MINUTES,
    linesDelivered,
    exitCode,
    greatestRssMb: Math.max(...samples.map(({ rssMb }) => rssMb)),
    rssMbPerHourAfterWarmUp: slope(warm.map(({ seconds, rssMb }) => [seconds / 3600, rssMb])),
    descriptorsFirstLast: [warm[0]?.descriptors, warm.at(-1)?.descriptors],
  };
  console.log(summary);
  writeRecord(values.out, { build, summary, samples });
} finally {
  api.close();
  await engine.close();
  rmSync(scratch, { recursive: true, force: true });
}

function sampleOf(pid: number, seconds: number): Sample {
  const kb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  const descriptors = readdirSync(`/proc/${pid}/fd`).length;
  return { seconds: Math.round(seconds), rssMb: Math.round(kb / 102.4) / 10, descriptors };
}

/** Of the straight line with the least squares through the points. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (index: 0 | 1) => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  const variance = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return Math.round((covariance / variance) * 10) / 10;
}
