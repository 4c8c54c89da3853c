/** What a criterion looks at: the samples by phase, the facts, and the kinds of figures taken from them. */
import type { Criterion } from '../../selftest/criteria.js';
import type { Fault, Phase, Sample, SoakFacts } from '../types.js';
import type { InstrumentName } from './instruments.js';
import { counted, figure } from './words.js';

export interface Seen {
  readonly facts: SoakFacts;
  readonly samples: readonly Sample[];
  readonly run: readonly Sample[];
  /** The run without its faults: samples that follow each other, no fault in between. One where there was no fault. */
  readonly stretches: readonly (readonly Sample[])[];
  /** All samples of the stretches. */
  readonly calm: readonly Sample[];
  readonly baseline: readonly Sample[];
  readonly drained: readonly Sample[];
  /** From the first sample of the run to its last. */
  readonly runSeconds: number;
  /** Of the stretches. */
  readonly calmSeconds: number;
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
  const stretches = divide(run, facts.faults);
  return {
    facts,
    samples,
    run,
    stretches,
    calm: stretches.flat(),
    baseline: of('baseline'),
    drained: of('drained'),
    runSeconds: lengthOf(run),
    calmSeconds: sum(stretches.map(lengthOf)),
  };
}

function divide(run: readonly Sample[], faults: readonly Fault[]): Sample[][] {
  const stretches: Sample[][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const sample of run) {
    const { seconds } = sample;
    const isApart = faults.some(({ from, to }) => from < seconds && to > before);
    if (isApart || stretches.length === 0) stretches.push([]);
    if (!faults.some(({ from, to }) => from <= seconds && seconds <= to)) stretches.at(-1)?.push(sample);
    before = seconds;
  }
  return stretches.filter(({ length }) => length > 0);
}

/** How much a counter grew in the stretches. */
export function grown(seen: Seen, counter: (sample: Sample) => number): number {
  return sum(seen.stretches.map((stretch) => counter(stretch[stretch.length - 1]) - counter(stretch[0])));
}

/**
 * The same of a counter that not every sample tells, of a process that may begin anew: what falls back has been counting
 * from 0.
 */
export function increased(seen: Seen, counter: (sample: Sample) => number | undefined): number {
  const growth = (stretch: readonly Sample[]): number => {
    const told = stretch.flatMap((sample) => counter(sample) ?? []).filter(Number.isFinite);
    return sum(told.slice(1).map((now, i) => (now >= told[i] ? now - told[i] : now)));
  };
  return sum(seen.stretches.map(growth));
}

/** The area below a figure over the stretches, by trapezia: figure × seconds. */
export function area(seen: Seen, read: (sample: Sample) => number): number {
  let total = 0;
  for (const stretch of seen.stretches) {
    for (let i = 1; i < stretch.length; i++) {
      const [before, after] = [stretch[i - 1], stretch[i]];
      total += ((read(before) + read(after)) / 2) * (after.seconds - before.seconds);
    }
  }
  return total;
}

/** What is left out, in words; nothing where nothing is. */
export function leftOut({ facts, runSeconds, calmSeconds }: Seen): string {
  if (facts.faults.length === 0) return '';
  return `; without ${counted(facts.faults.length, 'fault')}, ${figure(Math.round(runSeconds - calmSeconds))} of ${figure(Math.round(runSeconds))} s`;
}

function lengthOf(samples: readonly Sample[]): number {
  return samples.length < 2 ? 0 : samples[samples.length - 1].seconds - samples[0].seconds;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Streams that should be open: one a container, as far as there are places. */
export function expectedStreams(sample: Sample): number {
  return Math.min(sample.containers, sample.streamCapacity);
}
