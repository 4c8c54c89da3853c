/** Resident memory at 10, 100 and 1,000 streams that all write, with a Loki sink: it is bounded by the number of streams. */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Agent } from '../agent-run.js';
import type { Arrived } from '../delay-loki.js';
import { ask, fork, startLiveBed, until } from '../live-bed.js';
import type { Figures, Row, RowContext } from '../row.js';
import { allOpen } from './live.js';

const STREAMS = [10, 100, 1_000] as const;
/** Each container writes on both streams. */
const STREAMS_PER_CONTAINER = 2;
const LINES_PER_SECOND = 20_000;
const SECONDS = 10;

async function residentWith(streams: number, { way }: RowContext, folder: string): Promise<[number, number]> {
  const loki = fork('delay-loki.js');
  const bed = await startLiveBed(folder, streams / STREAMS_PER_CONTAINER);
  try {
    const [{ port }] = (await once(loki, 'message')) as [{ port: number }];
    const agent = await Agent.start(
      way,
      folder,
      `sources: { containers: { type: docker, endpoint: "${bed.endpoint}" } }
sinks: { loki: { type: loki, url: "http://127.0.0.1:${port}" } }`,
    );
    try {
      await allOpen(agent, bed.containers);
      const lines = LINES_PER_SECOND * SECONDS;
      await bed.write(lines, LINES_PER_SECOND);
      await until('all was delivered', async () => (await ask<Arrived>(loki, {})).lines >= lines);
      const { residentMb, peakRssMb } = agent.usage();
      return [residentMb, peakRssMb];
    } finally {
      await agent.stop();
    }
  } finally {
    loki.kill();
    bed.close();
  }
}

async function run(context: RowContext): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const streams of STREAMS) {
    const folder = path.join(context.scratch, String(streams));
    mkdirSync(folder);
    const [resident, peak] = await residentWith(streams, context, folder);
    figures[`residentMb${streams}`] = resident;
    figures[`peakMb${streams}`] = peak;
  }
  return figures;
}

export const memory: Row = {
  title: `resident memory by streams, ${LINES_PER_SECOND} lines/s in all → Loki`,
  kinds: Object.fromEntries(
    STREAMS.flatMap((streams) => [
      [`residentMb${streams}`, { unit: `MB resident with ${streams} streams` }],
      [`peakMb${streams}`, { unit: 'MB at most' }],
    ]),
  ),
  run,
};
