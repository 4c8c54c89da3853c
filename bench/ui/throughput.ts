/** The same burst of lines by turns with and without the live page: what the page takes from the agent. */
import { Visit } from '../../test/browser/support/visit.js';
import { agentCpuSeconds, journaled, quantile, round, type Subject, untilJournaled } from './subject.js';

interface Burst {
  readonly linesPerSecond: number;
  readonly cpuSecondsPerMillion: number;
}

export interface ThroughputFigures {
  /** Medians. */
  readonly without: Burst;
  readonly with: Burst;
  /** With the page by without it: medians of the ratios within pairs. */
  readonly ratio: { readonly throughput: number; readonly cpu: number };
  readonly pairs: readonly { readonly without: Burst; readonly with: Burst }[];
}

export async function measureThroughput(
  subject: Subject,
  pairs: number,
  lines: number,
): Promise<ThroughputFigures> {
  await burst(subject, lines);
  const made: { without: Burst; with: Burst }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    // The order within a pair changes, so that what drifts on the machine favours nobody.
    const first = pair % 2 === 0 ? await burst(subject, lines) : await burstBesidePage(subject, lines);
    const second = pair % 2 === 0 ? await burstBesidePage(subject, lines) : await burst(subject, lines);
    made.push(pair % 2 === 0 ? { without: first, with: second } : { without: second, with: first });
  }
  const median = (of: (pair: (typeof made)[number]) => number, digits: number): number =>
    round(
      quantile(
        made.map(of).sort((a, b) => a - b),
        0.5,
      ),
      digits,
    );
  const medians = (which: 'without' | 'with'): Burst => ({
    linesPerSecond: median((pair) => pair[which].linesPerSecond, 0),
    cpuSecondsPerMillion: median((pair) => pair[which].cpuSecondsPerMillion, 2),
  });
  return {
    without: medians('without'),
    with: medians('with'),
    ratio: {
      throughput: median((pair) => pair.with.linesPerSecond / pair.without.linesPerSecond, 3),
      cpu: median((pair) => pair.with.cpuSecondsPerMillion / pair.without.cpuSecondsPerMillion, 3),
    },
    pairs: made,
  };
}

async function burstBesidePage(subject: Subject, lines: number): Promise<Burst> {
  const visit = await Visit.open({ browser: subject.browser, url: subject.url });
  await visit.rows.first().waitFor();
  const made = await burst(subject, lines);
  await visit.close();
  return made;
}

async function burst(subject: Subject, lines: number): Promise<Burst> {
  const before = await journaled(subject);
  const cpuBefore = agentCpuSeconds(subject);
  const begun = performance.now();
  const written = subject.bed.write(lines, 0);
  await untilJournaled(subject, before + lines);
  const seconds = (performance.now() - begun) / 1000;
  await written;
  const cpu = agentCpuSeconds(subject) - cpuBefore;
  return { linesPerSecond: round(lines / seconds, 0), cpuSecondsPerMillion: round((cpu / lines) * 1e6, 3) };
}
