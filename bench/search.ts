/**
 * npm run bench:search: searches over a history of 5 GB of messages, while the agent captures.
 *
 * The history is made by the journal itself: 20 containers, a day's lines, evenly spread and two hours ahead, with a rare word
 * in every millionth line, which must be found exactly as often as it was written. With --history it is kept there, and
 * used again within these two hours. Then the agent is started on it, with a source of
 * 2,000 lines a second. Cold is what a search costs with no worker running and nothing of the history in the page cache.
 * The stall is the longest time in which the agent did not answer `GET /ready`, asked every 10 ms, while it searched.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openJournal } from '../src/journal/index.js';
import { Batch } from '../src/pipeline/batch.js';
import { StreamTable } from '../src/pipeline/streams.js';
import { silentLogger } from '../src/runtime/log.js';
import { Scope } from '../src/runtime/scope.js';
import { freePort } from './agent-run.js';
import { messageOf } from './generate.js';
import { cpuSecondsOf } from './process-usage.js';
import { writeRecord } from './record.js';

const { values } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    history: { type: 'string' },
    out: { type: 'string', default: 'bench/search-results.json' },
  },
});

const CONTAINERS = 20;
const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3_600;
const AHEAD_SECONDS = 2 * HOUR_SECONDS;
const POOL_LINES = 100_000;
const BATCH_LINES = 50;
const NEEDLE_EVERY = 1_000_000;
const NEEDLE = 'rarest-word';
const CAPTURED = 2_000;
const READY_EVERY_MS = 10;
const JOURNAL = 'journal: { max_bytes: 30GiB, min_free: 1% }';

interface Made {
  /** Seconds since 1970. */
  readonly begun: number;
  readonly lines: number;
  readonly bytes: number;
  readonly diskBytes: number;
  readonly segments: number;
}

const scratch = values.history ?? mkdtempSync(path.join(tmpdir(), 'log-capturer-bench-search-'));
try {
  const made = await history();
  console.log(
    `${made.lines} lines, ${gigabytes(made.bytes)} of messages, ${gigabytes(made.diskBytes)} on disk in ${made.segments} segments`,
  );
  const rounds = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const figures = await measure(made);
    console.log(`round ${round}: ${JSON.stringify(figures)}`);
    rounds.push(figures);
  }
  writeRecord(values.out, { made, rounds });
} finally {
  if (values.history === undefined) rmSync(scratch, { recursive: true, force: true });
}

async function history(): Promise<Made> {
  const summary = path.join(scratch, 'history.json');
  if (existsSync(summary)) {
    const made = JSON.parse(readFileSync(summary, 'utf8')) as Made;
    if (Date.now() / 1000 < made.begun + DAY_SECONDS) return made;
    throw new Error(`The history in ${scratch} is too old: remove it.`);
  }
  const made = await makeHistory(path.join(scratch, 'data'), Number(values.gigabytes) * 1e9);
  writeFileSync(summary, JSON.stringify(made));
  return made;
}

/** How many needles are in [from, to), seconds since 1970. */
function needlesIn({ begun, lines }: Made, from: number, to: number): number {
  let count = 0;
  for (let n = NEEDLE_EVERY / 2; n < lines; n += NEEDLE_EVERY) {
    const at = begun + (n / lines) * DAY_SECONDS;
    if (at >= from && at < to) count++;
  }
  return count;
}

/** A day of lines. */
async function makeHistory(dataDir: string, wantedBytes: number): Promise<Made> {
  const scope = Scope.root('history', (error) => {
    throw error;
  });
  const streams = new StreamTable();
  const directory = path.join(dataDir, 'journal');
  mkdirSync(dataDir, { recursive: true });
  const options = {
    maxBytes: 30 * 2 ** 30,
    maxAgeMs: 30 * DAY_SECONDS * 1000,
    minFree: 0.01,
    syncIntervalMs: 200,
  };
  // As many segments as a journal of the usual 2 GiB has.
  const limits = { segmentBytes: 32 * 2 ** 20, groupBytes: 4 * 2 ** 20, heldBytes: 16 * 2 ** 20 };
  const journal = await openJournal(directory, options, streams, scope, silentLogger, undefined, limits);
  const ids = Array.from(
    { length: CONTAINERS },
    (_, i) => streams.acquire({ container: `app-${i}`, stream: i % 4 === 0 ? 'stderr' : 'stdout' }).id,
  );
  const texts = Array.from({ length: POOL_LINES }, (_, n) => Buffer.from(messageOf(1, n)));
  const needle = Buffer.from(`{"level":"error","msg":"the ${NEEDLE} was found"}`);
  const pool = Buffer.concat([...texts, needle]);
  const starts = new Uint32Array(POOL_LINES + 2);
  for (let n = 0; n < POOL_LINES; n++) starts[n + 1] = starts[n] + texts[n].length;
  starts[POOL_LINES + 1] = pool.length;
  const lines = Math.floor(wantedBytes / (starts[POOL_LINES] / POOL_LINES));
  const begun = Math.floor(Date.now() / 1000) + AHEAD_SECONDS - DAY_SECONDS;
  let bytes = 0;
  for (let line = 0; line < lines; line += BATCH_LINES) {
    const batch = new Batch(pool, BATCH_LINES);
    for (let n = line; n < Math.min(lines, line + BATCH_LINES); n++) {
      const isNeedle = n % NEEDLE_EVERY === NEEDLE_EVERY / 2;
      const text = isNeedle ? POOL_LINES : (n * 7) % POOL_LINES;
      const at = begun + (n / lines) * DAY_SECONDS;
      const seconds = Math.floor(at);
      batch.add(
        starts[text],
        starts[text + 1],
        ids[(line / BATCH_LINES) % CONTAINERS],
        seconds,
        Math.floor((at - seconds) * 1e9),
        0,
      );
      bytes += starts[text + 1] - starts[text];
    }
    await journal.append(batch, 'bench', line, { key: 'bench', from: line, to: line + BATCH_LINES });
  }
  await journal.barrier();
  await scope.close(60_000);
  const files = readdirSync(directory);
  const diskBytes = files.reduce((sum, name) => sum + readFileSync(path.join(directory, name)).length, 0);
  return { begun, lines, bytes, diskBytes, segments: files.length };
}

interface Search {
  /** From the request to the first lines. */
  readonly firstMs: number;
  readonly totalMs: number;
  readonly found: number;
  readonly scannedBytes: number;
  /** Of the thread that searches. */
  readonly cpuSeconds: number;
}

async function measure(made: Made): Promise<object> {
  const journal = path.join(scratch, 'data/journal');
  // Out of the page cache.
  for (const name of readdirSync(journal))
    execFileSync('dd', [`if=${path.join(journal, name)}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
  const port = await freePort();
  const config = path.join(scratch, 'config.yaml');
  writeFileSync(
    config,
    `data_dir: ${scratch}/data
server: { port: ${port} }
metrics: { port: 0 }
${JOURNAL}
sources: { demo: { type: demo, lines_per_second: ${CAPTURED}, containers: 8 } }
`,
  );
  const agent = spawn(
    process.execPath,
    [path.resolve(import.meta.dirname, '../src/main.js'), 'run', '--config', config],
    { stdio: 'ignore' },
  );
  try {
    const [loadBefore] = loadavg();
    await ready(port);
    await sleep(2_000);
    const rssBeforeMb = rssMb(agent);
    const others = new Set(threadsOf(agent));
    const search = (parameters: Readonly<Record<string, string>>): Promise<Search> =>
      timedSearch(() => searcherCpu(agent, others), port, parameters);
    const cold = await search({ query: '', from: '1h' });
    const warm = await search({ query: '', from: '1h' });
    const quiet = await stalls(port, sleep(5_000));
    const capturedBefore = await captured(port);
    const begun = performance.now();
    const end = made.begun + DAY_SECONDS;
    const whole = { from: String(made.begun), to: String(end), limit: '10000' };
    const hour = { from: Math.floor(Date.now() / 1000) - HOUR_SECONDS, to: Math.floor(Date.now() / 1000) };
    const scans = async (): Promise<Record<string, Search>> => ({
      literal: await search({ ...whole, query: `{} |= "${NEEDLE}"` }),
      anyCase: await search({ ...whole, query: NEEDLE.toUpperCase() }),
      pattern: await search({ ...whole, query: `{} |~ "the r[a-z]+-w.rd was"` }),
      container: await search({ ...whole, query: `{container="app-3"} |= "${NEEDLE}"` }),
      lastHour: await search({ query: `{} |= "${NEEDLE}"`, from: String(hour.from), to: String(hour.to) }),
    });
    const scanning = scans();
    const busy = await stalls(port, scanning);
    const done = await scanning;
    const seconds = (performance.now() - begun) / 1000;
    const capturedPerSecond = ((await captured(port)) - capturedBefore) / seconds;
    for (const name of ['literal', 'anyCase', 'pattern'] as const) {
      const wanted = needlesIn(made, made.begun, end);
      if (done[name].found !== wanted) throw new Error(`${name}: ${done[name].found} found of ${wanted}`);
    }
    const wanted = needlesIn(made, hour.from, hour.to);
    if (done['lastHour'].found !== wanted)
      throw new Error(`last hour: ${done['lastHour'].found} found of ${wanted}`);
    const speed = ({ scannedBytes, totalMs, cpuSeconds }: Search): object => ({
      gbPerSecond: scannedBytes / 1e6 / totalMs,
      gbPerCpuSecond: scannedBytes / 1e9 / cpuSeconds,
      seconds: totalMs / 1000,
    });
    return {
      loadBefore,
      loadAfter: loadavg()[0],
      coldFirstMs: cold.firstMs,
      warmFirstMs: warm.firstMs,
      literal: speed(done['literal']),
      anyCase: speed(done['anyCase']),
      pattern: speed(done['pattern']),
      ofOneContainer: speed(done['container']),
      lastHour: { ...done['lastHour'] },
      stallMs: { quiet, searching: busy },
      capturedPerSecond,
      rssMb: { before: rssBeforeMb, greatest: peakRssMb(agent) },
    };
  } finally {
    agent.kill('SIGTERM');
    if (agent.exitCode === null) await once(agent, 'exit');
  }
}

async function timedSearch(
  cpuSeconds: () => number,
  port: number,
  parameters: Readonly<Record<string, string>>,
): Promise<Search> {
  const cpuBefore = cpuSeconds();
  const begun = performance.now();
  const response = await fetch(
    `http://127.0.0.1:${port}/api/v1/search?${String(new URLSearchParams(parameters))}`,
  );
  if (!response.body) throw new Error('no answer');
  let firstMs = Number.NaN;
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (Number.isNaN(firstMs) && text.includes('event: lines')) firstMs = performance.now() - begun;
  }
  const totalMs = performance.now() - begun;
  const end = /event: end\ndata: (.*)\n/.exec(text)?.[1];
  if (end === undefined) throw new Error(`the search did not end: ${text.slice(-1000)}`);
  const { found, scannedBytes } = JSON.parse(end) as { found: number; scannedBytes: number };
  return { firstMs, totalMs, found, scannedBytes, cpuSeconds: cpuSeconds() - cpuBefore };
}

function threadsOf({ pid }: ChildProcess): string[] {
  return readdirSync(`/proc/${pid}/task`);
}

/** CPU seconds of the threads that came with the first search: the one that searches, and those that clean up for it. */
function searcherCpu(agent: ChildProcess, others: ReadonlySet<string>): number {
  const searching = threadsOf(agent).filter((thread) => !others.has(thread));
  return searching.reduce((sum, thread) => sum + cpuSecondsOf(agent.pid as number, thread), 0);
}

/** How long `GET /ready` took at most, in milliseconds, while `work` lasted. */
async function stalls(port: number, work: Promise<unknown>): Promise<number> {
  const state = { isDone: false };
  void work.finally(() => {
    state.isDone = true;
  });
  let longest = 0;
  while (!state.isDone) {
    const begun = performance.now();
    await (await fetch(`http://127.0.0.1:${port}/ready`)).text();
    longest = Math.max(longest, performance.now() - begun);
    await sleep(READY_EVERY_MS);
  }
  return longest;
}

async function captured(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/journal`);
  return ((await response.json()) as { linesAppended: number }).linesAppended;
}

async function ready(port: number): Promise<void> {
  for (;;) {
    const isReady = await fetch(`http://127.0.0.1:${port}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await sleep(50);
  }
}

function statusMb({ pid }: ChildProcess, field: string): number {
  const kilobytes = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

function rssMb(agent: ChildProcess): number {
  return statusMb(agent, 'VmRSS');
}

function peakRssMb(agent: ChildProcess): number {
  return statusMb(agent, 'VmHWM');
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
