/**
 * npm run bench:quiet: many quiet containers on few streams of the engine's API.
 *
 * Each container writes a numbered line now and then. Measured is how long after the engine recorded it a line is out of
 * the agent, for the lines of some minutes; then two rounds of turns are waited, and every line that the engine has of
 * that time must have come, once and in order. (pool.ts: a round, after which each container had its turn, is N / C turns.)
 * Prints the figures, and writes them with machine and build as JSON.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SUPPORT_FOLDER } from '../test/support/engine.js';
import { EngineApi, eachLimited } from '../test/support/engine-api.js';
import { ensureImage } from '../test/support/image.js';
import { PrivateEngine } from '../test/support/private-engine.js';
import { freePort } from './agent-run.js';
import { cpuSecondsOf } from './process-usage.js';
import { writeRecord } from './record.js';
import { quantile } from './statistics.js';

const { values } = parseArgs({
  options: {
    containers: { type: 'string', default: '500' },
    streams: { type: 'string', default: '50' },
    minutes: { type: 'string', default: '3' },
    out: { type: 'string', default: 'bench/quiet.json' },
  },
});
const CONTAINERS = Number(values.containers);
const STREAMS = Number(values.streams);
const MEASURED_MS = Number(values.minutes) * 60_000;
/** As src/sources/docker/api/pool.ts states it. */
const TURN_SECONDS = Math.min(300, Math.max(1, (30 * STREAMS) / Math.max(0, CONTAINERS - STREAMS)));
const TWO_ROUNDS_SECONDS = 2 * TURN_SECONDS * Math.max(1, CONTAINERS / STREAMS);
const MAIN = path.resolve(import.meta.dirname, '../src/main.js');

interface Arrival {
  readonly number: number;
  readonly writtenMs: number;
  readonly delaySeconds: number;
}

const nameOf = (i: number): string => `quiet-${i}`;
/** Every 20 to 60 seconds, beginning at another moment each. */
const script = (i: number): string => {
  const period = 20 + ((i * 7) % 41);
  return `sleep ${(i * 13) % period}; i=0; while :; do echo $i; i=$((i+1)); sleep ${period}; done`;
};

async function metric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const values = text.matchAll(new RegExp(`^log_capturer_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Numbers of the lines that the engine had recorded by `untilMs`. */
async function recorded(api: EngineApi, id: string, untilMs: number): Promise<number[]> {
  const until = new Date(untilMs).toISOString();
  const { LogPath } = await api.inspect(id);
  return readFileSync(LogPath, 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { log: string; time: string })
    .filter(({ time }) => time < until)
    .map(({ log }) => Number(log));
}

const scratch = mkdtempSync(path.join(tmpdir(), 'log-capturer-quiet-'));
const engine = await PrivateEngine.start();
try {
  const api = new EngineApi(engine.endpoint, 'quiet');
  const image = await ensureImage(api, SUPPORT_FOLDER);
  const port = await freePort();
  const configFile = path.join(scratch, 'config.yaml');
  writeFileSync(
    configFile,
    `data_dir: ${scratch}/data
server: { port: ${port} }
metrics: { port: 0 }
sources: { containers: { type: docker, endpoint: "${engine.endpoint}", transport: api, max_streams: ${STREAMS} } }
sinks: { out: { type: stdout } }
`,
  );
  const ids: string[] = [];
  await eachLimited(Array.from({ length: CONTAINERS }), 4, async (_, i) => {
    const command = ['/bin/sh', '-c', script(i)];
    ids[i] = await api.create({ name: nameOf(i), image, command });
    await api.start(ids[i]);
    if ((i + 1) % 50 === 0) console.log(`${i + 1} containers started`);
  });

  const arrivals = new Map<string, Arrival[]>(ids.map((_, i) => [nameOf(i), []]));
  const agent = spawn(process.execPath, [MAIN, 'run', '--config', configFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    createInterface({ input: agent.stdout }).on('line', (json) => {
      const now = Date.now();
      const { time, labels, line } = JSON.parse(json) as {
        time: string;
        labels: { container: string };
        line: string;
      };
      const writtenMs = Date.parse(time);
      const arrival = { number: Number(line), writtenMs, delaySeconds: (now - writtenMs) / 1000 };
      arrivals.get(labels.container)?.push(arrival);
    });
    // Everybody had the first turn, and one in the order that stays.
    await sleep(TWO_ROUNDS_SECONDS * 1000);
    const agentPid = agent.pid ?? 0;
    const enginePid = Number(readFileSync(`${engine.folder}/dockerd.pid`, 'utf8'));
    const startMs = Date.now();
    const before = [
      cpuSecondsOf(agentPid),
      cpuSecondsOf(enginePid),
      await metric(port, 'stream_rotations_total'),
    ];
    await sleep(MEASURED_MS);
    const endMs = Date.now();
    const after = [
      cpuSecondsOf(agentPid),
      cpuSecondsOf(enginePid),
      await metric(port, 'stream_rotations_total'),
    ];
    const seconds = (endMs - startMs) / 1000;
    const [agentShare, engineShare, rotationsPerSecond] = after.map(
      (value, i) => (value - before[i]) / seconds,
    );
    const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${agentPid}/status`, 'utf8'))?.[1]) / 1024;
    await sleep(TWO_ROUNDS_SECONDS * 1000);

    let lines = 0;
    for (const [i, id] of ids.entries()) {
      const expected = await recorded(api, id, endMs);
      const got = (arrivals.get(nameOf(i)) ?? []).filter(({ writtenMs }) => writtenMs < endMs);
      const numbers = got.map(({ number }) => number);
      if (numbers.join() !== expected.join())
        throw new Error(`${nameOf(i)}: came ${numbers.join()}, and the engine has ${expected.join()}`);
      lines += numbers.length;
    }
    const delays = [...arrivals.values()]
      .flat()
      .filter(({ writtenMs }) => writtenMs >= startMs && writtenMs < endMs)
      .map(({ delaySeconds }) => delaySeconds);
    const figures = {
      containers: CONTAINERS,
      streams: STREAMS,
      seconds,
      linesChecked: lines,
      delaySeconds: {
        median: quantile(delays, 0.5),
        p99: quantile(delays, 0.99),
        largest: quantile(delays, 1),
      },
      twoRoundsSeconds: Number(TWO_ROUNDS_SECONDS.toFixed(1)),
      rotationsPerSecond: {
        measured: Number(rotationsPerSecond.toFixed(2)),
        predicted: Number((Math.min(CONTAINERS, STREAMS) / TURN_SECONDS).toFixed(2)),
      },
      agentCores: Number(agentShare.toFixed(4)),
      engineCores: Number(engineShare.toFixed(4)),
      agentRssMb: Math.round(rss),
      gaps: await metric(port, 'stream_gaps_total'),
    };
    console.log(JSON.stringify(figures, null, 2));
    writeRecord(values.out, { figures });
    if (figures.delaySeconds.largest > TWO_ROUNDS_SECONDS) {
      console.error('FAIL: a line took longer than two rounds.');
      process.exitCode = 1;
    }
  } finally {
    agent.kill('SIGTERM');
    if (agent.exitCode === null) await once(agent, 'exit');
    await eachLimited(ids, 4, (id) => api.remove(id));
    api.close();
  }
} finally {
  await engine.close();
  rmSync(scratch, { recursive: true, force: true });
}
