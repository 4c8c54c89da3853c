/**
 * npm run bench: the agent's speed from json-files to its sinks, journal and fsync on, on one core.
 *
 * Each round checks that every line came out, in order, by a digest per container and stream. Prints a table and
 * writes bench/results.json with machine and build.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readBuildInfo } from '../src/telemetry/build-info.js';
import { delivered, type Measured, median, runOver } from './agent-run.js';
import { checkFileSink } from './check-files.js';
import { CountingLoki } from './counting-loki.js';
import { type Workload, workload } from './generate.js';
import { promtailShare } from './promtail-share.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    files: { type: 'string', default: '10' },
    lines: { type: 'string', default: '300000' },
    rows: { type: 'string', default: 'file,loki' },
    out: { type: 'string', default: 'bench/results.json' },
  },
});

interface Round extends Measured {
  /** What the sink sent, compressed. */
  readonly sentMb?: number;
  readonly requests?: number;
}

interface Row {
  readonly work: string;
  readonly linesPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly peakRssMb: number;
  readonly rounds: readonly Round[];
}

async function fileRound(work: Workload): Promise<Round> {
  return withScratch(async (scratch) => {
    const logs = path.join(scratch, 'logs');
    const sink = `{ type: file, directory: ${logs}, max_total_bytes: 20GiB, max_bytes: 1GiB, compress: false }`;
    const measured = await agentRound(work, scratch, sink);
    await checkFileSink(logs, work);
    return measured;
  });
}

async function lokiRound(work: Workload): Promise<Round> {
  const loki = await CountingLoki.start();
  try {
    return await withScratch(async (scratch) => {
      const measured = await agentRound(work, scratch, `{ type: loki, url: "${loki.url}" }`);
      const { bytes, requests } = await loki.check(work);
      return { ...measured, sentMb: bytes / 1e6, requests };
    });
  } finally {
    loki.close();
  }
}

function agentRound(work: Workload, scratch: string, sink: string): Promise<Measured> {
  const isDone = async (port: number) => (await delivered(port, 'measured')) >= work.lines;
  return runOver(work, scratch, `sinks: { measured: ${sink} }`, isDone);
}

async function withScratch<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'log-capturer-bench-run-'));
  try {
    return await body(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function summarize(sink: string, lines: number, rounds: readonly Round[]): Row {
  return {
    work: `json-files → journal → ${sink}, one core`,
    linesPerSecond: Math.round(lines / median(rounds.map((round) => round.seconds))),
    cpuSecondsPerMillion: median(rounds.map((round) => round.cpuSeconds)) / (lines / 1e6),
    peakRssMb: Math.round(median(rounds.map((round) => round.peakRssMb))),
    rounds,
  };
}

function sentText({ sentMb, requests }: Round): string {
  if (sentMb === undefined) return '';
  const share = (sentMb * 1e6) / work.messageBytes;
  const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
  return `, ${sentMb.toFixed(1)} MB sent in ${requests} requests, ${percent(share)} of the messages (as Promtail packs them: ${percent(promtail)})`;
}

const SINKS: Record<string, { name: string; round: (work: Workload) => Promise<Round> }> = {
  file: { name: 'file sink', round: fileRound },
  loki: { name: 'counting Loki', round: lokiRound },
};
const work = workload(Number(values.files), Number(values.lines));
const promtail = promtailShare(work);
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
console.log(
  `${work.containers.length} json-files, ${work.lines} lines, ${megabytes(work.messageBytes)} of messages, ${megabytes(work.diskBytes)} on disk`,
);
const wanted = values.rows.split(',').map((key) => {
  const sink = SINKS[key];
  if (!sink) throw new Error(`--rows takes ${Object.keys(SINKS).join(' and ')}, not ${key}.`);
  return { ...sink, rounds: [] as Round[] };
});
for (let round = 1; round <= Number(values.rounds); round++) {
  for (const { name, round: run, rounds } of wanted) {
    const measured = await run(work);
    rounds.push(measured);
    console.log(
      `round ${round}, ${name}: ${measured.seconds.toFixed(2)} s, ${measured.cpuSeconds.toFixed(2)} CPU-s${sentText(measured)}, every line checked`,
    );
  }
}
const rows = wanted.map(({ name, rounds }) => summarize(name, work.lines, rounds));
for (const row of rows) {
  console.log(
    `\n${row.work}\n  ${row.linesPerSecond.toLocaleString('en')} lines/s, ${row.cpuSecondsPerMillion.toFixed(2)} CPU-s per million lines, peak RSS ${row.peakRssMb} MB (medians)${sentText(row.rounds[0])}`,
  );
}
const machine = {
  cpu: cpus()[0]?.model,
  cores: availableParallelism(),
  memoryGb: Math.round(totalmem() / 2 ** 30),
};
writeFileSync(
  values.out,
  `${JSON.stringify({ build: readBuildInfo(), node: process.version, machine, promtailShare: promtail, rows }, null, 2)}\n`,
);
