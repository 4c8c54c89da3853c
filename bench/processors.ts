/**
 * npm run bench:processors: what each processor costs, alone and in a typical set, in the whole agent on one core:
 * json-files → processors → journal → a Loki that counts.
 *
 * The rows take turns, so that a machine that slows down slows them all. Each round must end with a ledger that adds up,
 * all lines read and none held. Prints medians, and each row's cost beside the row without processors; writes them as JSON.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readBuildInfo } from '../src/telemetry/build-info.js';
import type { LedgerReport } from '../src/telemetry/ledger/report.js';
import { type Measured, runOver } from './agent-run.js';
import { CountingLoki } from './counting-loki.js';
import { workload } from './generate.js';
import { isWhole } from './ledger.js';
import { median } from './statistics.js';

/** Entries of `processors`, as a configuration has them. */
const ROWS: Readonly<Record<string, string>> = {
  none: '[]',
  multiline: '[{ type: multiline }]',
  'parse json': '[{ type: parse, format: json }]',
  'parse auto': '[{ type: parse, format: auto }]',
  level: '[{ type: level }]',
  timestamp: '[{ type: parse, format: json }, { type: timestamp, fields: [ts], formats: [unix] }]',
  filter: `[{ type: filter, drop: ['|= "kube-probe"'] }]`,
  sample: '[{ type: sample, rate: 0.5 }]',
  rate_limit: '[{ type: rate_limit, lines_per_second: 1000000 }]',
  dedupe: '[{ type: dedupe }]',
  redact: '[{ type: redact }]',
  labels: '[{ type: labels, add: { team: shop } }]',
  metrics: `[{ type: metrics, metrics: [{ name: served_total, where: '|= "served"' }] }]`,
  'typical: multiline, json, redact':
    '[{ type: multiline }, { type: parse, format: json }, { type: redact }]',
};

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    files: { type: 'string', default: '10' },
    lines: { type: 'string', default: '100000' },
    rows: { type: 'string', default: Object.keys(ROWS).join(';') },
    out: { type: 'string', default: 'bench/processors.json' },
  },
});

interface Round extends Measured {
  /** Lines that the Loki got. */
  readonly lines: number;
}

const work = workload(Number(values.files), Number(values.lines));

async function ledgerOf(port: number): Promise<LedgerReport | undefined> {
  try {
    return (await (await fetch(`http://127.0.0.1:${port}/api/v1/ledger`)).json()) as LedgerReport;
  } catch {
    return undefined;
  }
}

async function round(processors: string): Promise<Round> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'log-capturer-bench-processors-'));
  const loki = await CountingLoki.start();
  try {
    const sections = `processors: ${processors}\nsinks: { measured: { type: loki, url: "${loki.url}" } }`;
    let lines = 0;
    const measured = await runOver(work, scratch, sections, async (port) => {
      const ledger = await ledgerOf(port);
      if (!ledger || !isWhole(ledger, work.lines)) return false;
      const [sink] = ledger.sinks;
      lines = sink.delivered;
      if (Object.values(ledger.unaccounted).some((lines) => lines !== 0) || sink.delivered !== sink.journaled)
        throw new Error(`the ledger does not add up: ${JSON.stringify(ledger)}`);
      return true;
    });
    return { ...measured, lines };
  } finally {
    loki.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

const wanted = values.rows
  .split(';')
  .map((name) => ({ name, processors: ROWS[name], rounds: [] as Round[] }));
for (let n = 1; n <= Number(values.rounds); n++) {
  for (const { name, processors, rounds } of wanted) {
    const measured = await round(processors);
    rounds.push(measured);
    console.log(
      `round ${n}, ${name}: ${measured.seconds.toFixed(2)} s, ${measured.cpuSeconds.toFixed(2)} CPU-s, ${measured.lines} of ${work.lines} lines delivered`,
    );
  }
}
const base = wanted.find(({ name }) => name === 'none')?.rounds ?? [];
const rows = wanted.map(({ name, processors, rounds }) => ({
  name,
  processors,
  linesPerSecond: Math.round(work.lines / median(rounds.map(({ seconds }) => seconds))),
  cpuSecondsPerMillion: median(rounds.map(({ cpuSeconds }) => cpuSeconds)) / (work.lines / 1e6),
  /** CPU-seconds a million beside the round without processors that came just before. */
  added:
    base.length > 0
      ? median(rounds.map(({ cpuSeconds }, i) => cpuSeconds - base[i].cpuSeconds)) / (work.lines / 1e6)
      : undefined,
  linesDelivered: rounds[0].lines,
  rounds,
}));
for (const { name, linesPerSecond, cpuSecondsPerMillion, added } of rows)
  console.log(
    `${name}: ${linesPerSecond.toLocaleString('en')} lines/s, ${cpuSecondsPerMillion.toFixed(2)} CPU-s per million, ${(added ?? 0).toFixed(2)} of it its own`,
  );
const machine = {
  cpu: cpus()[0]?.model,
  cores: availableParallelism(),
  memoryGb: Math.round(totalmem() / 2 ** 30),
};
writeFileSync(
  values.out,
  `${JSON.stringify({ build: readBuildInfo(), node: process.version, machine, lines: work.lines, rows }, null, 2)}\n`,
);
