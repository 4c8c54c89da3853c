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
import { freePort, type Measured, runAgent } from './agent-run.js';
import { checkFileSink } from './check-files.js';
import { type Workload, workload } from './generate.js';
import { startStubEngine } from './stub-engine.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    files: { type: 'string', default: '10' },
    lines: { type: 'string', default: '300000' },
    out: { type: 'string', default: 'bench/results.json' },
  },
});

interface Row {
  readonly work: string;
  readonly linesPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly peakRssMb: number;
  readonly rounds: readonly Measured[];
}

async function fileSinkRound(work: Workload): Promise<Measured> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'log-capturer-bench-run-'));
  const socket = path.join(scratch, 'engine.sock');
  const engine = await startStubEngine(work, socket);
  try {
    const port = await freePort();
    const configFile = path.join(scratch, 'config.yaml');
    const logs = path.join(scratch, 'logs');
    writeFileSync(
      configFile,
      `data_dir: ${scratch}/data
server: { port: ${port} }
journal: { max_bytes: 2GiB }
sources: { containers: { type: docker, endpoint: "unix://${socket}", start_at: beginning } }
sinks: { local: { type: file, directory: ${logs}, max_total_bytes: 20GiB, max_bytes: 1GiB, compress: false } }
`,
    );
    const measured = await runAgent(configFile, port, 'local', work.lines);
    await checkFileSink(logs, work);
    return measured;
  } finally {
    engine.close();
    engine.closeAllConnections();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function summarize(work: string, lines: number, rounds: readonly Measured[]): Row {
  return {
    work,
    linesPerSecond: Math.round(lines / median(rounds.map((round) => round.seconds))),
    cpuSecondsPerMillion: median(rounds.map((round) => round.cpuSeconds)) / (lines / 1e6),
    peakRssMb: Math.round(median(rounds.map((round) => round.peakRssMb))),
    rounds,
  };
}

const work = workload(Number(values.files), Number(values.lines));
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
console.log(
  `${work.containers.length} json-files, ${work.lines} lines, ${megabytes(work.messageBytes)} of messages, ${megabytes(work.diskBytes)} on disk`,
);
const rounds: Measured[] = [];
for (let round = 1; round <= Number(values.rounds); round++) {
  const measured = await fileSinkRound(work);
  rounds.push(measured);
  console.log(
    `round ${round}: ${measured.seconds.toFixed(2)} s, ${measured.cpuSeconds.toFixed(2)} CPU-s, every line checked`,
  );
}
const row = summarize('json-files → journal → file sink, one core', work.lines, rounds);
console.log(
  `\n${row.work}\n  ${row.linesPerSecond.toLocaleString('en')} lines/s, ${row.cpuSecondsPerMillion.toFixed(2)} CPU-s per million lines, peak RSS ${row.peakRssMb} MB (medians)`,
);
const machine = {
  cpu: cpus()[0]?.model,
  cores: availableParallelism(),
  memoryGb: Math.round(totalmem() / 2 ** 30),
};
writeFileSync(
  values.out,
  `${JSON.stringify({ build: readBuildInfo(), node: process.version, machine, rows: [row] }, null, 2)}\n`,
);
