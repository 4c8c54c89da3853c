/**
 * npm run bench:files: thousands of log files, of which some grow and rotate all the time.
 *
 * The files that grow are rotated by renaming, by copying and cutting short (with lines between the copy and the cut), or
 * by renaming and compressing, while the agent reads them; a part of them while it is down after a SIGKILL. What comes out
 * on its standard output is held against what was written: every line once and in order, but for those that a cut
 * destroyed, which must stand beside a gap. Then nobody writes, and the agent's CPU time is measured.
 * Prints the figures, and writes them with machine and build as JSON.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { readBuildInfo } from '../src/telemetry/build-info.js';
import { freePort } from './agent-run.js';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '5000' },
    grow: { type: 'string', default: '50' },
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '120' },
    quiet: { type: 'string', default: '60' },
    out: { type: 'string', default: 'bench/files.json' },
  },
});
const FILES = Number(values.files);
const GROWING = Number(values.grow);
const RATE = Number(values.rate);
const SECONDS = Number(values.seconds);
const QUIET_SECONDS = Number(values.quiet);
const TICK_MS = 20;
const CLOCK_TICKS = 100;
const GENERATIONS = 4;
const MAIN = path.resolve(import.meta.dirname, '../src/main.js');
const STYLES = ['rename', 'copytruncate', 'compress'] as const;

class GrowingFile {
  readonly path: string;
  readonly style: (typeof STYLES)[number];
  /** Of the next line. */
  next = 0;
  cuts = 0;
  rotations = 0;
  /** Written between a copy and its cut: they may be missing. */
  readonly destroyed = new Set<number>();
  /** As they came, and when they were read. */
  readonly seen: { readonly number: number; readonly time: string }[] = [];
  /** Times between which lines may be missing. */
  readonly gaps: { readonly from: string; readonly to: string }[] = [];

  constructor(folder: string, index: number) {
    this.path = path.join(folder, `app-${String(index).padStart(5, '0')}.log`);
    this.style = STYLES[index % STYLES.length];
  }

  write(lines: number): void {
    let text = '';
    for (let i = 0; i < lines; i++, this.next++)
      text += `${this.next} ${new Date().toISOString()} ${'x'.repeat(40 + (this.next % 90))}\n`;
    appendFileSync(this.path, text);
  }

  rotate(): void {
    this.rotations++;
    for (let n = GENERATIONS; n >= 1; n--) {
      for (const suffix of ['', '.gz']) {
        try {
          renameSync(`${this.path}.${n}${suffix}`, `${this.path}.${n + 1}${suffix}`);
        } catch {
          // There is none.
        }
      }
    }
    const first = `${this.path}.1`;
    if (this.style === 'copytruncate') {
      copyFileSync(this.path, first);
      const before = this.next;
      this.write(2);
      truncateSync(this.path);
      for (let n = before; n < this.next; n++) this.destroyed.add(n);
      this.cuts++;
      return;
    }
    renameSync(this.path, first);
    writeFileSync(this.path, '');
    if (this.style === 'rename') return;
    writeFileSync(`${first}.gz`, gzipSync(readFileSync(first)));
    rmSync(first);
  }

  judge(): { lost: number; twice: number; missing: number; told: number; disordered: number } {
    const counts = new Uint8Array(this.next);
    let disordered = 0;
    let last = -1;
    const times: string[] = [];
    for (const { number, time } of this.seen) {
      counts[number]++;
      times[number] = time;
      if (number < last) disordered++;
      last = number;
    }
    let [lost, twice, missing] = [0, 0, 0];
    let before = '';
    for (const [number, count] of counts.entries()) {
      if (count > 1) twice++;
      if (count > 0) before = times[number];
      else if (this.destroyed.has(number) && this.gaps.some(({ from, to }) => from <= before && before <= to))
        missing++;
      else lost++;
    }
    return { lost, twice, missing, told: this.gaps.length, disordered };
  }
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(stat[11]) + Number(stat[12])) / CLOCK_TICKS;
}

function residentMb(pid: number): number {
  const [, kb] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kb) / 1024);
}

const root = mkdtempSync(path.join(tmpdir(), 'bench-files-'));
const folder = path.join(root, 'logs');
mkdirSync(folder);
for (let i = GROWING; i < FILES; i++) writeFileSync(path.join(folder, `quiet-${i}.log`), `quiet ${i}\n`);
const growing = Array.from({ length: GROWING }, (_, i) => new GrowingFile(folder, i));
for (const file of growing) writeFileSync(file.path, '');
const byPath = new Map(growing.map((file) => [file.path, file]));

const port = await freePort();
const config = path.join(root, 'config.yaml');
writeFileSync(
  config,
  JSON.stringify({
    data_dir: path.join(root, 'data'),
    server: { port },
    metrics: { port: 0 },
    sources: { files: { type: 'file', include: [path.join(folder, '*.log')], start_at: 'beginning' } },
    sinks: { out: { type: 'stdout' } },
  }),
);

let quietLines = 0;
async function startAgent(): Promise<{ process: ChildProcess; pid: number }> {
  const child = spawn(process.execPath, [MAIN, 'run', '--config', config], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const { labels, line, time } = JSON.parse(text) as {
      labels: Record<string, string>;
      line: string;
      time: string;
    };
    const file = byPath.get(labels['filename']);
    if (!file) quietLines++;
    else if (labels['gap'] === undefined)
      file.seen.push({ number: Number(line.slice(0, line.indexOf(' '))), time });
    else {
      const [, from, to] = / from (\S+) to (\S+) /.exec(line) ?? [];
      file.gaps.push({ from, to });
    }
  });
  await sleep(3000);
  return { process: child, pid: child.pid ?? 0 };
}

async function load(seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let due = 0;
  let turn = 0;
  while (performance.now() < end) {
    due += (RATE * TICK_MS) / 1000;
    for (; due >= 5; due -= 5) growing[turn++ % GROWING].write(5);
    // Each file rotates every four seconds or so.
    for (const file of growing) if (Math.random() < TICK_MS / 4000) file.rotate();
    await sleep(TICK_MS);
  }
}

console.log(
  `${FILES} files, ${GROWING} of them grow at ${RATE} lines/s in all, for ${SECONDS} s; a SIGKILL in the middle`,
);
let agent = await startAgent();
const isFirstRead = (): boolean => quietLines >= FILES - GROWING;
for (let i = 0; i < 1200 && !isFirstRead(); i++) await sleep(100);
const cpuBefore = cpuSeconds(agent.pid);
await load(SECONDS / 2);
const cpuLoad = (cpuSeconds(agent.pid) - cpuBefore) / (SECONDS / 2);
agent.process.kill('SIGKILL');
await once(agent.process, 'exit');
agent = await startAgent();
await load(SECONDS / 2);
for (const file of growing) file.write(1);
for (let i = 0; i < 600 && growing.some((file) => file.seen.at(-1)?.number !== file.next - 1); i++)
  await sleep(100);
await sleep(12_000);
const idleBefore = cpuSeconds(agent.pid);
await sleep(QUIET_SECONDS * 1000);
const idle = (cpuSeconds(agent.pid) - idleBefore) / QUIET_SECONDS;
const rss = residentMb(agent.pid);
const ledger = (await (await fetch(`http://127.0.0.1:${port}/api/v1/ledger`)).json()) as {
  unaccounted?: unknown;
};
agent.process.kill('SIGTERM');
await once(agent.process, 'exit');

const sum = { lost: 0, twice: 0, missing: 0, told: 0, disordered: 0 };
for (const file of growing) {
  const found = file.judge();
  for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += found[key];
}
const total = (of: (file: GrowingFile) => number): number => growing.reduce((all, file) => all + of(file), 0);
const result = {
  files: FILES,
  growing: GROWING,
  seconds: SECONDS,
  linesWritten: total(({ next }) => next),
  rotations: Object.fromEntries(
    STYLES.map((style) => [
      style,
      growing.filter((file) => file.style === style).reduce((all, file) => all + file.rotations, 0),
    ]),
  ),
  cuts: total(({ cuts }) => cuts),
  writtenBetweenCopyAndCut: total(({ destroyed }) => destroyed.size),
  destroyedAndTold: sum.missing,
  gapsTold: sum.told,
  lost: sum.lost,
  /** A sink of standard output writes again what was in flight at a SIGKILL. */
  twice: sum.twice,
  disordered: sum.disordered,
  quietLines,
  unaccounted: ledger.unaccounted,
  coresUnderLoad: Number(cpuLoad.toFixed(3)),
  coresIdle: Number(idle.toFixed(4)),
  residentMb: rss,
  node: process.version,
  cores: availableParallelism(),
  cpu: cpus()[0]?.model,
  memoryGb: Math.round(totalmem() / 1024 ** 3),
  build: readBuildInfo(),
};
console.log(result);
writeFileSync(values.out, `${JSON.stringify(result, undefined, 2)}\n`);
rmSync(root, { recursive: true, force: true });
process.exit(sum.lost > 0 || sum.told !== result.cuts || quietLines !== FILES - GROWING ? 1 : 0);
