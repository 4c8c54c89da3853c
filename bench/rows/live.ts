/**
 * Containers that write all the time, read as files with default settings: what that costs, and how long after it was written a
 * line is acknowledged by Loki, and on the screen of somebody who watches. Times are those that the writer put into the lines.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delays } from '../delay-loki.js';
import { ask } from '../live-bed.js';
import { allOpen, type LiveRun, withLiveAgent } from '../live-run.js';
import type { Figures, Row } from '../row.js';
import { quantile } from '../statistics.js';
import { openTail } from '../tail-delays.js';

const CONTAINERS = 55;
const LINES_PER_SECOND = 10_000;
const WARM_SECONDS = 5;
const SECONDS = 15;

async function measure({ agent, bed, loki, delivered }: LiveRun): Promise<Figures> {
  let written = 0;
  const write = async (seconds: number): Promise<void> => {
    written += seconds * LINES_PER_SECOND;
    await bed.write(seconds * LINES_PER_SECOND, LINES_PER_SECOND);
  };
  await allOpen(agent, CONTAINERS);
  await write(WARM_SECONDS);
  await delivered(written);
  loki.send({ begin: Date.now() });
  const [cpuBefore, begun] = [agent.usage().cpuSeconds, performance.now()];
  await write(SECONDS);
  const cores = (agent.usage().cpuSeconds - cpuBefore) / ((performance.now() - begun) / 1000);
  await delivered(written);
  const { p50, p99 } = await ask<Delays>(loki, { quantiles: true });
  const tail = await openTail(agent.port, 'bench-0');
  await write(WARM_SECONDS);
  await delivered(written);
  await sleep(500);
  tail.close();
  const { lines } = await delivered(written);
  if (lines !== written) throw new Error(`${lines} lines came of ${written}`);
  if (tail.delays.length === 0) throw new Error('the tail got no line');
  const { residentMb, peakRssMb } = agent.usage();
  return {
    corePercent: cores * 100,
    lokiP50Ms: p50,
    lokiP99Ms: p99,
    tailP50Ms: quantile(tail.delays, 0.5),
    tailP99Ms: quantile(tail.delays, 0.99),
    residentMb,
    peakRssMb,
  };
}

export const live: Row = {
  title: `${CONTAINERS} containers, ${LINES_PER_SECOND} lines/s in all, default settings → Loki, tail`,
  kinds: {
    corePercent: { unit: '% of a core', atMost: 2, onSlowMachine: 'more' },
    lokiP50Ms: { unit: 'ms from written to acknowledged by Loki, median', atMost: 250 },
    lokiP99Ms: { unit: 'ms, 99th percentile', atMost: 500 },
    tailP50Ms: { unit: 'ms from written to the live tail, median' },
    tailP99Ms: { unit: 'ms, 99th percentile', atMost: 100 },
    residentMb: { unit: 'MB resident at the end' },
    peakRssMb: { unit: 'MB resident at most' },
  },
  run: ({ way, scratch }) => withLiveAgent(way, scratch, { containers: CONTAINERS }, measure),
};
