/** Resident memory at 10, 100 and 1,000 streams that all write, with a Loki sink: it is bounded by the number of streams. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { allOpen, withLiveAgent } from '../live-run.js';
import type { Figures, Row, RowContext } from '../row.js';

const STREAMS = [10, 100, 1_000] as const;
/** Each container writes on both streams. */
const STREAMS_PER_CONTAINER = 2;
const LINES_PER_SECOND = 20_000;
const SECONDS = 10;

async function run({ way, scratch }: RowContext): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const streams of STREAMS) {
    const folder = path.join(scratch, String(streams));
    mkdirSync(folder);
    const containers = streams / STREAMS_PER_CONTAINER;
    await withLiveAgent(way, folder, { containers }, async ({ agent, bed, delivered }) => {
      await allOpen(agent, containers);
      await bed.write(LINES_PER_SECOND * SECONDS, LINES_PER_SECOND);
      await delivered(LINES_PER_SECOND * SECONDS);
      const { residentMb, peakRssMb } = agent.usage();
      figures[`residentMb${streams}`] = residentMb;
      figures[`peakMb${streams}`] = peakRssMb;
    });
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
