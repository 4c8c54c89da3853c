/** What a criterion looks at: the samples by phase, the facts, and the kinds of figures taken from them. */
import type { Criterion, Phase, Sample, SoakFacts } from '../types.js';
import type { InstrumentName } from './instruments.js';

export interface Seen {
  readonly facts: SoakFacts;
  readonly samples: readonly Sample[];
  readonly run: readonly Sample[];
  readonly baseline: readonly Sample[];
  readonly drained: readonly Sample[];
  /** From the first sample of the run to its last. */
  readonly runSeconds: number;
}

/** One criterion, or a family of them such as one for each kind of resource. */
export interface Question {
  /** Of the criterion; of a family what its ids begin with. */
  readonly id: string;
  readonly mark: string;
  /** Where one of these is silent, the answer is a failure that says so. */
  readonly reads: readonly InstrumentName[];
  /** Asked only where every instrument shows life. */
  answer(seen: Seen): Answer | readonly Criterion[];
}

export type Answer = Pick<Criterion, 'measured' | 'verdict'>;

export function see(samples: readonly Sample[], facts: SoakFacts): Seen {
  const of = (phase: Phase): readonly Sample[] => samples.filter((sample) => sample.phase === phase);
  const run = of('run');
  return {
    facts,
    samples,
    run,
    baseline: of('baseline'),
    drained: of('drained'),
    runSeconds: run.length < 2 ? 0 : run[run.length - 1].seconds - run[0].seconds,
  };
}

/** How much a counter grew while it ran. */
export function grown(seen: Seen, counter: (sample: Sample) => number): number {
  const { run } = seen;
  return run.length === 0 ? 0 : counter(run[run.length - 1]) - counter(run[0]);
}

/** The area below a figure over the run, by trapezia: figure × seconds. */
export function area(seen: Seen, figure: (sample: Sample) => number): number {
  let total = 0;
  for (let i = 1; i < seen.run.length; i++) {
    const [before, after] = [seen.run[i - 1], seen.run[i]];
    total += ((figure(before) + figure(after)) / 2) * (after.seconds - before.seconds);
  }
  return total;
}

/** Streams that should be open: one a container, as far as there are places. */
export function expectedStreams(sample: Sample): number {
  return Math.min(sample.containers, sample.streamCapacity);
}
