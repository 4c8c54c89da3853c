/**
 * Old lines for a Loki that is slower than the agent: one with its default limits of 4 MiB a second, and one that takes 6 s
 * for each answer. All lines must have come, in order; what was sent twice and what was in flight is counted by the receiver, which
 * keeps Loki's rules.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_LIMITS } from '../../test/support/loki/limits.js';
import { type LokiReceiver, startLoki } from '../../test/support/loki/receiver.js';
import { type Measured, withAgentOver } from '../agent-run.js';
import { messageOf, streamOf, type Workload, workload } from '../generate.js';
import type { Figures, Row, RowContext } from '../row.js';

const FILES = 10;
const LIMITED_LINES = 40_000;
const SLOW_LINES = 8_000;
const SLOW_MS = 6_000;

async function deliver(
  loki: LokiReceiver,
  work: Workload,
  { way }: RowContext,
  folder: string,
): Promise<Measured> {
  mkdirSync(folder);
  const sinks = `sinks: { loki: { type: loki, url: "${loki.url}" } }`;
  const measured = await withAgentOver(work, way, folder, sinks, async (agent) => {
    await agent.until(() => Promise.resolve(loki.count() >= work.lines));
    return agent.measured();
  });
  for (const [seed, { name }] of work.containers.entries()) {
    for (const stream of ['stdout', 'stderr'] as const) {
      const isOld = (labels: Readonly<Record<string, string>>): boolean => labels['catch_up'] === 'true';
      const came = loki
        .streams({ container: name, stream })
        .sort((a, b) => Number(isOld(b.labels)) - Number(isOld(a.labels)))
        .flatMap(({ entries }) => entries);
      let next = 0;
      for (let n = 0; n < work.lines / FILES; n++) {
        if (streamOf(n) !== stream) continue;
        const line = came[next++]?.line.toString();
        if (line !== messageOf(seed, n))
          throw new Error(`${name} ${stream}: line ${next} of what came is ${line}`);
      }
    }
  }
  return measured;
}

async function run(context: RowContext): Promise<Figures> {
  const limited = await startLoki({ limits: 'default' });
  const slow = await startLoki({ limits: 'none' });
  try {
    const much = workload(FILES, LIMITED_LINES);
    const atLimit = await deliver(limited, much, context, path.join(context.scratch, 'limited'));
    slow.delay(SLOW_MS);
    const few = workload(FILES, SLOW_LINES);
    const withSlow = await deliver(slow, few, context, path.join(context.scratch, 'slow'));
    const { ingestionRate, ingestionBurst } = DEFAULT_LIMITS;
    const shortest = (much.messageBytes - ingestionBurst) / ingestionRate;
    return {
      shareOfLimit: shortest / atLimit.seconds,
      refused: limited.requests.filter(({ status }) => status === 429).length,
      sentTwice: limited.ledger.repeated,
      inFlight: limited.maxInFlight,
      peakRssMb: atLimit.peakRssMb,
      slowSeconds: withSlow.seconds,
      slowSentTwice: slow.ledger.repeated,
      slowInFlight: slow.maxInFlight,
      slowPeakRssMb: withSlow.peakRssMb,
    };
  } finally {
    await limited.close();
    await slow.close();
  }
}

export const catchUp: Row = {
  title: 'old lines → a Loki of 4 MiB/s, and one that takes 6 s to answer',
  kinds: {
    shareOfLimit: { unit: 'of what 4 MiB/s allow' },
    refused: { unit: 'requests that were answered 429' },
    sentTwice: { unit: 'lines sent twice', atMost: 0 },
    inFlight: { unit: 'requests in flight at most' },
    peakRssMb: { unit: 'MB resident at most' },
    slowSeconds: { unit: 's with answers that take 6 s' },
    slowSentTwice: { unit: 'lines sent twice', atMost: 0 },
    slowInFlight: { unit: 'requests in flight at most' },
    slowPeakRssMb: { unit: 'MB resident at most' },
  },
  run,
};
