/**
 * npm run bench:dead-sink: what a dead sink costs a healthy one, far past the journal's cap.
 *
 * Rounds in pairs, each with a fresh agent on one core: a Loki that takes everything, alone; and with a second one beside
 * it that nobody answers for. Containers write at a steady rate (delays), then as fast as the healthy one takes it
 * (throughput), all of it several times what the journal may hold. In every round each line must have come to the healthy one, and the dead one's
 * loss must be, to the line, what was written less what is pending. Prints medians, and the medians of the ratios within
 * pairs with intervals that hold with 95 % (bootstrap); writes them as JSON.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from './agent-run.js';
import type { Arrived, Delays } from './delay-loki.js';
import { ask, fork, startLiveBed, until } from './live-bed.js';
import { cpuSecondsOf } from './process-usage.js';
import { writeRecord } from './record.js';
import { median } from './statistics.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    containers: { type: 'string', default: '10' },
    rate: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '15' },
    burst: { type: 'string', default: '1500000' },
    cap: { type: 'string', default: '16' },
    dead: { type: 'string', default: 'refuses' },
    out: { type: 'string', default: 'bench/dead-sink.json' },
  },
});
const ROUNDS = Number(values.rounds);
const RATE = Number(values.rate);
const STEADY_LINES = RATE * Number(values.seconds);
const BURST_LINES = Number(values.burst);
/** The first lines wait for connections and for code to be compiled. */
const WARM_LINES = RATE * 3;
/** So many lines are written and not yet delivered at most while it goes as fast as it can: the journal holds them. */
const WINDOW_LINES = 100_000;
const CHUNK_LINES = 25_000;
const RESAMPLES = 10_000;
const MAIN = path.resolve(import.meta.dirname, '../src/main.js');

interface Figures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly burstSeconds: number;
  readonly cpuSeconds: number;
}

interface SinkView {
  readonly name: string;
  readonly linesDelivered: number;
  readonly linesPending: number;
  readonly linesLost: { readonly cap?: number };
  readonly gaps: number;
}

interface DeadView {
  readonly written: number;
  readonly lost: number;
  readonly pending: number;
  readonly gaps: number;
}

async function get<T>(port: number, route: string): Promise<T> {
  return (await (await fetch(`http://127.0.0.1:${port}/api/v1/${route}`)).json()) as T;
}

async function round(hasDead: boolean): Promise<{ figures: Figures; dead: DeadView | undefined }> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'log-capturer-dead-sink-'));
  const loki = fork('delay-loki.js');
  const bed = await startLiveBed(scratch, Number(values.containers));
  try {
    const [{ port: lokiPort }] = (await once(loki, 'message')) as [{ port: number }];
    const port = await freePort();
    const deadSink = hasDead ? `\n  dead: { type: loki, url: "${await deadUrl()}" }` : '';
    const configFile = path.join(scratch, 'config.yaml');
    writeFileSync(
      configFile,
      `data_dir: ${scratch}/data
server: { port: ${port} }
metrics: { port: 0 }
journal: { max_bytes: ${values.cap}MiB }
sources: { containers: { type: docker, endpoint: "${bed.endpoint}", start_at: beginning } }
sinks:
  healthy: { type: loki, url: "http://127.0.0.1:${lokiPort}" }${deadSink}
`,
    );
    const agent = spawn('taskset', ['-c', '0', process.execPath, MAIN, 'run', '--config', configFile], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    agent.stderr?.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-5_000);
    });
    try {
      let written = 0;
      const write = async (lines: number, perSecond: number): Promise<void> => {
        written += lines;
        await bed.write(lines, perSecond);
      };
      const delivered = async (lines: number): Promise<Arrived> => {
        let arrived: Arrived = { lines: 0, lastMs: 0 };
        await until(`${lines} lines were delivered`, async () => {
          arrived = await ask<Arrived>(loki, {});
          return arrived.lines >= lines;
        });
        return arrived;
      };
      await until('all logs were open', async () => {
        const { containers } = await get<{ containers: { transport?: string }[] }>(port, 'containers');
        return containers.filter(({ transport }) => transport === 'file').length === bed.containers;
      });
      await write(WARM_LINES, RATE);
      await delivered(written);
      loki.send({ begin: Date.now() });
      const cpuBefore = cpuSecondsOf(agent.pid as number);
      await write(STEADY_LINES, RATE);
      await delivered(written);
      const { p50, p99 } = await ask<Delays>(loki, { quantiles: true });
      const burstFromMs = Date.now();
      for (let left = BURST_LINES; left > 0; left -= CHUNK_LINES) {
        await write(Math.min(left, CHUNK_LINES), 0);
        await delivered(written - WINDOW_LINES);
      }
      const burstSeconds = ((await delivered(written)).lastMs - burstFromMs) / 1000;
      const cpu = cpuSecondsOf(agent.pid as number) - cpuBefore;
      if ((await delivered(written)).lines !== written) throw new Error('Lines came twice.');
      return {
        figures: { p50Ms: p50, p99Ms: p99, burstSeconds, cpuSeconds: cpu },
        dead: hasDead ? await deadView(port, written) : undefined,
      };
    } catch (error) {
      throw new Error(`The agent said last:\n${said}`, { cause: error });
    } finally {
      agent.kill('SIGTERM');
      if (agent.exitCode === null) await once(agent, 'exit');
    }
  } finally {
    loki.kill();
    bed.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Nobody listens there, or what listens never answers. */
async function deadUrl(): Promise<string> {
  return values.dead === 'hangs'
    ? `http://127.0.0.1:${await hangingPort()}`
    : `http://127.0.0.1:${await freePort()}`;
}

let hanging: Promise<number> | undefined;
function hangingPort(): Promise<number> {
  hanging ??= import('node:net').then(async ({ createServer }) => {
    const server = createServer(() => undefined)
      .listen(0, '127.0.0.1')
      .unref();
    await once(server, 'listening');
    return (server.address() as { port: number }).port;
  });
  return hanging;
}

/** Throws where its figures do not add up to the line. */
async function deadView(port: number, written: number): Promise<DeadView> {
  const { sinks } = await get<{ sinks: SinkView[] }>(port, 'sinks');
  const dead = sinks.find(({ name }) => name === 'dead');
  if (!dead) throw new Error('The dead sink is not there.');
  const lost = dead.linesLost.cap ?? 0;
  if (dead.linesDelivered !== 0 || lost + dead.linesPending !== written || lost < written / 2)
    throw new Error(`${written} lines were written; the dead sink says ${JSON.stringify(dead)}.`);
  return { written, lost, pending: dead.linesPending, gaps: dead.gaps };
}

/** The median of the ratios within pairs, and the interval in which 95 % of its resamples lie. */
function ratio(
  pairs: readonly (readonly [alone: number, beside: number])[],
): [low: number, median: number, high: number] {
  const ratios = pairs.map(([alone, beside]) => beside / alone);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(ratios.map(() => ratios[Math.floor(Math.random() * ratios.length)])),
  ).sort((a, b) => a - b);
  return [medians[Math.floor(RESAMPLES * 0.025)], median(ratios), medians[Math.floor(RESAMPLES * 0.975)]];
}

const pairs: { alone: Figures; beside: Figures; dead: DeadView }[] = [];
for (let number = 1; number <= ROUNDS; number++) {
  // The order within a pair changes, so that what drifts on the machine favours nobody.
  const order = number % 2 ? [false, true] : [true, false];
  const made: Partial<{ alone: Figures; beside: Figures; dead: DeadView }> = {};
  for (const hasDead of order) {
    const { figures, dead } = await round(hasDead);
    made[hasDead ? 'beside' : 'alone'] = figures;
    if (dead) made.dead = dead;
    console.log(
      `round ${number}, ${hasDead ? 'beside a dead one' : 'alone'}: ${JSON.stringify({ ...figures, dead })}`,
    );
  }
  pairs.push(made as Required<typeof made>);
}
const rows = (['p50Ms', 'p99Ms', 'burstSeconds', 'cpuSeconds'] as const).map((figure) => {
  const alone = median(pairs.map(({ alone }) => alone[figure]));
  const beside = median(pairs.map(({ beside }) => beside[figure]));
  const [low, middle, high] = ratio(pairs.map(({ alone, beside }) => [alone[figure], beside[figure]]));
  console.log(
    `${figure}: ${alone} alone, ${beside} beside a dead one; ratio ${middle.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`,
  );
  return { figure, alone, beside, ratio: middle, low, high };
});
const work = {
  capMiB: Number(values.cap),
  perSecond: RATE,
  steadyLines: STEADY_LINES,
  burstLines: BURST_LINES,
  dead: values.dead,
};
writeRecord(values.out, { work, rows, pairs });
