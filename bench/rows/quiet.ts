/** Containers that write nothing, and a Prometheus that asks every 15 s: what it costs to be there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from '../agent-run.js';
import { startLiveBed } from '../live-bed.js';
import { allOpen } from '../live-run.js';
import { cpuSecondsOf } from '../process-usage.js';
import type { Figures, Row, RowContext } from '../row.js';

const CONTAINERS = 1_000;
const SETTLE_SECONDS = 15;
const SCRAPE_SECONDS = 15;
const SCRAPES = 4;

async function run({ way, scratch }: RowContext): Promise<Figures> {
  const bed = await startLiveBed(scratch, CONTAINERS);
  try {
    const source = `sources: { containers: { type: docker, endpoint: "${bed.endpoint}" } }`;
    const agent = await Agent.start(way, scratch, source);
    try {
      await allOpen(agent, CONTAINERS);
      const followedSeconds = (performance.now() - agent.begunMs) / 1000;
      await sleep(SETTLE_SECONDS * 1000);
      const { residentMb: residentBefore } = agent.usage();
      const [cpuBefore, begun] = [cpuSecondsOf(agent.pid), performance.now()];
      for (let i = 0; i < SCRAPES; i++) {
        if ((await agent.metric('log_capturer_containers')) < CONTAINERS) throw new Error('some are missing');
        await sleep(SCRAPE_SECONDS * 1000);
      }
      const seconds = (performance.now() - begun) / 1000;
      const corePercent = ((cpuSecondsOf(agent.pid) - cpuBefore) / seconds) * 100;
      const { residentMb, peakRssMb } = agent.usage();
      return { corePercent, residentMb, peakRssMb, grownMb: residentMb - residentBefore, followedSeconds };
    } finally {
      await agent.stop();
    }
  } finally {
    bed.close();
  }
}

export const quiet: Row = {
  title: `${CONTAINERS} quiet containers, a scrape every ${SCRAPE_SECONDS} s`,
  kinds: {
    corePercent: { unit: '% of a core', atMost: 0.5, onSlowMachine: 'more' },
    residentMb: { unit: 'MB resident at the end', atMost: 120 },
    peakRssMb: { unit: 'MB resident at most' },
    grownMb: { unit: 'MB more than a minute before' },
    followedSeconds: { unit: 's from the start until all are followed', atMost: 2, onSlowMachine: 'more' },
  },
  run,
};
