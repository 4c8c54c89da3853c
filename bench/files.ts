/**
 * npm run bench:files: thousands of log files, of which some grow and rotate all the time.
 *
 * The files that grow are rotated by renaming, by copying and cutting short (with lines between the copy and the cut), or
 * by renaming and compressing, while the agent reads them, and for some seconds while it is down after a SIGKILL. What comes out
 * on its standard output is held against what was written (files/judge.ts). Then nobody writes, and the agent's CPU time is measured.
 * Who writes and rotates in which turn follows from `--seed`. Prints the figures, and the evidence for all that is wrong; writes
 * them as JSON.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Random } from '../src/torture/random.js';
import { Agent, withScratch } from './agent-run.js';
import { GrowingFile, STYLES } from './files/growing-file.js';
import { judge, type SeenGap, type SeenLine } from './files/judge.js';
import { cpuSecondsOf } from './process-usage.js';
import { writeRecord } from './record.js';
import { OWN } from './subject.js';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '5000' },
    grow: { type: 'string', default: '50' },
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '120' },
    quiet: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'bench/files.json' },
  },
});
const FILES = Number(values.files);
const GROWING = Number(values.grow);
const RATE = Number(values.rate);
const SECONDS = Number(values.seconds);
const QUIET_SECONDS = Number(values.quiet);
const DOWN_SECONDS = 4;
const TICK_MS = 20;
/** Each file, on average. */
const ROTATION_MS = 4_000;
const LINES_AT_ONCE = 5;
const SHOWN_FAULTS = 20;

const random = new Random(Number(values.seed));

interface Output {
  readonly lines: SeenLine[];
  readonly gaps: SeenGap[];
}

async function load(growing: readonly GrowingFile[], seconds: number): Promise<void> {
  const begun = performance.now();
  let turn = 0;
  // By ticks that are due, not by the clock: a seed says what is written between two rotations.
  for (let tick = 0; tick < (seconds * 1000) / TICK_MS; tick++) {
    const due = Math.floor(((tick + 1) * RATE * TICK_MS) / 1000 / LINES_AT_ONCE);
    for (; turn < due; turn++) growing[turn % growing.length].write(LINES_AT_ONCE);
    for (const file of growing) if (random.next() < TICK_MS / ROTATION_MS) file.rotate();
    await sleep(Math.max(0, begun + (tick + 1) * TICK_MS - performance.now()));
  }
}

async function waitFor(seconds: number, isSo: () => boolean): Promise<void> {
  const begun = performance.now();
  while (!isSo() && performance.now() - begun < seconds * 1000) await sleep(100);
}

async function measure(root: string): Promise<boolean> {
  const folder = path.join(root, 'logs');
  mkdirSync(folder);
  for (let i = GROWING; i < FILES; i++) writeFileSync(path.join(folder, `quiet-${i}.log`), `quiet ${i}\n`);
  const growing = Array.from({ length: GROWING }, (_, i) => new GrowingFile(folder, i));
  const outputs = new Map<string, Output>(growing.map((file) => [file.path, { lines: [], gaps: [] }]));
  const quiet = new Set<string>();
  let run = 0;
  const take = (text: string): void => {
    if (!text.endsWith('}')) return;
    const { labels, line, time } = JSON.parse(text) as {
      labels: { filename: string; gap?: string };
      line: string;
      time: string;
    };
    const output = outputs.get(labels.filename);
    if (!output) quiet.add(labels.filename);
    else if (labels.gap === undefined)
      output.lines.push({ number: Number(line.slice(0, line.indexOf(' '))), time, run });
    else {
      const [, from, to = ''] = /(?: from (\S+) to| up to) (\S+) /.exec(line) ?? [];
      output.gaps.push({ why: labels.gap, from, to });
    }
  };
  const source = { type: 'file', include: [path.join(folder, '*.log')], start_at: 'beginning' };
  const sections = `sources: { files: ${JSON.stringify(source)} }\nsinks: { out: { type: stdout } }`;
  const start = (): Promise<Agent> => Agent.start({ subject: OWN, onLine: take }, root, sections);

  const cpuOver = async (agent: Agent, work: Promise<unknown>): Promise<number> => {
    const [begun, before] = [performance.now(), cpuSecondsOf(agent.pid)];
    await work;
    return (cpuSecondsOf(agent.pid) - before) / ((performance.now() - begun) / 1000);
  };
  const began = performance.now();
  const say = (what: string): void =>
    console.log(`${Math.round((performance.now() - began) / 1000)} s: ${what}`);

  let agent = await start();
  await waitFor(120, () => quiet.size >= FILES - GROWING);
  say(`${quiet.size} quiet files were read; ${GROWING} files grow and rotate for ${SECONDS / 2} s`);
  const coresUnderLoad = await cpuOver(agent, load(growing, SECONDS / 2));
  await agent.kill();
  say(`the agent was killed; they go on for ${DOWN_SECONDS} s, and for ${SECONDS / 2} s with a new one`);
  await load(growing, DOWN_SECONDS);
  run++;
  agent = await start();
  await load(growing, SECONDS / 2);
  for (const file of growing) file.write(1);
  const isRead = (file: GrowingFile): boolean =>
    outputs.get(file.path)?.lines.at(-1)?.number === file.next - 1;
  await waitFor(60, () => growing.every(isRead));
  // What was rotated is looked at for ten seconds more.
  await sleep(12_000);
  say(`nobody writes for ${QUIET_SECONDS} s`);
  const coresIdle = await cpuOver(agent, sleep(QUIET_SECONDS * 1000));
  const { residentMb } = agent.usage();
  const ledger = await agent.get<{ unaccounted: unknown }>('ledger');
  await agent.stop();

  const judgments = growing.map((file) => {
    const { lines, gaps } = outputs.get(file.path) as Output;
    return judge(file, lines, gaps);
  });
  const faults = judgments.flatMap((judgment) => judgment.faults);
  const sum = (of: (judgment: (typeof judgments)[number]) => number): number =>
    judgments.reduce((all, judgment) => all + of(judgment), 0);
  const total = (of: (file: GrowingFile) => number): number =>
    growing.reduce((all, file) => all + of(file), 0);
  const figures = {
    seed: Number(values.seed),
    files: FILES,
    growing: GROWING,
    seconds: SECONDS,
    downSeconds: DOWN_SECONDS,
    linesWritten: total(({ next }) => next),
    rotations: Object.fromEntries(
      STYLES.map((style) => [style, total((file) => (file.style === style ? file.rotations : 0))]),
    ),
    writtenBetweenCopyAndCut: total(({ destroyed }) => destroyed.size),
    destroyedAndTold: sum(({ destroyed }) => destroyed),
    gaps: sum(({ gaps }) => gaps),
    /** What was on its way at the SIGKILL: standard output cannot say what it has. */
    cameAgainAfterKill: sum(({ again }) => again),
    faults: faults.length,
    quietFilesRead: quiet.size,
    unaccounted: ledger.unaccounted,
    coresUnderLoad: Number(coresUnderLoad.toFixed(3)),
    coresIdle: Number(coresIdle.toFixed(4)),
    residentMb: Math.round(residentMb),
  };
  console.log(figures);
  for (const { kind, evidence } of faults.slice(0, SHOWN_FAULTS)) console.error(`${kind}: ${evidence}`);
  writeRecord(values.out, {
    ...figures,
    evidence: faults.map(({ kind, evidence }) => `${kind}: ${evidence}`),
  });
  return faults.length === 0 && quiet.size === FILES - GROWING;
}

console.log(`${FILES} files, of which ${GROWING} grow by ${RATE} lines/s in all; seed ${values.seed}`);
process.exitCode = (await withScratch(measure)) ? 0 : 1;
