/**
 * What each processor costs, alone and in a typical set, in the whole agent on one core: json-files → processors → journal → a
 * Loki that counts. They take turns within a round. Each must end with a ledger that adds up, all lines read and none held.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { LedgerReport } from '../../src/telemetry/ledger/report.js';
import { type Measured, withAgentOver } from '../agent-run.js';
import { CountingLoki } from '../counting-loki.js';
import { workload } from '../generate.js';
import { isWhole } from '../ledger.js';
import type { FigureKind, Figures, Row, RowContext } from '../row.js';

/** Entries of `processors`, as a configuration has them. */
const PROCESSORS: Readonly<Record<string, string>> = {
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

/** A third of what the other rows have: there are many. */
const FILES = 10;
const LINES_PER_FILE = 100_000;
const TYPICAL = 'typical: multiline, json, redact';

async function measure(processors: string, { way }: RowContext, folder: string): Promise<Measured> {
  const work = workload(FILES, LINES_PER_FILE);
  const loki = await CountingLoki.start();
  try {
    const sections = `processors: ${processors}\nsinks: { measured: { type: loki, url: "${loki.url}" } }`;
    return await withAgentOver(work, way, folder, sections, async (agent) => {
      await agent.until(async () => {
        const ledger = await agent.get<LedgerReport>('ledger').catch(() => undefined);
        if (!ledger || !isWhole(ledger, work.lines)) return false;
        const [sink] = ledger.sinks;
        if (
          Object.values(ledger.unaccounted).some((lines) => lines !== 0) ||
          sink.delivered !== sink.journaled
        )
          throw new Error(`the ledger does not add up: ${JSON.stringify(ledger)}`);
        return true;
      });
      return agent.measured();
    });
  } finally {
    loki.close();
  }
}

async function run(context: RowContext): Promise<Figures> {
  const millions = (FILES * LINES_PER_FILE) / 1e6;
  const figures: Record<string, number> = {};
  for (const [name, entries] of Object.entries(PROCESSORS)) {
    const folder = path.join(context.scratch, String(Object.keys(figures).length));
    mkdirSync(folder);
    const { cpuSeconds, seconds } = await measure(entries, context, folder);
    figures[name] = cpuSeconds / millions;
    if (name === TYPICAL) figures['typicalLinesPerSecond'] = (FILES * LINES_PER_FILE) / seconds;
  }
  return figures;
}

const costs = Object.keys(PROCESSORS).map((name): [string, FigureKind] => [
  name,
  { unit: `CPU-s per million lines, ${name}`, onSlowMachine: 'more' },
]);

export const processors: Row = {
  title: 'processors: json-files → each of them alone → journal → Loki, one core',
  kinds: {
    ...Object.fromEntries(costs),
    typicalLinesPerSecond: { unit: 'lines/s, typical', atLeast: 250_000, onSlowMachine: 'less' },
  },
  run,
};
