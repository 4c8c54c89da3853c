/**
 * The course of a soak, phase by phase, with samples all along:
 *
 *   baseline   the agent runs, no container does; one was there before, so that what opens with the first line is open
 *   warm-up    the containers run: a tenth of the run, at least 30 s, at most 5 minutes, never more than a quarter of it
 *   run        as long as was asked for
 *   draining   the containers are stopped, their last lines awaited, the containers removed
 *   drained    until the agent holds what it held in the baseline, for a minute at most, for half of a shorter run
 *
 * What cuts a soak short shortens warm-up and run; everything else is done all the same.
 */
import { describeError } from '../runtime/errors.js';
import type { Scope } from '../runtime/scope.js';
import type { Crowd } from './crowd.js';
import { counted } from './judge/words.js';
import type { LineOracle } from './lines.js';
import type { Sampler } from './sampler.js';
import type { Phase, Sample, SoakFacts, SoakOptions } from './types.js';

const LEAST_INTERVAL_MS = 2_000;
/** So that the samples of a day fit into memory as those of an hour do. */
const MOST_SAMPLES = 2_000;
const BASELINE_SAMPLES = 4;
const COLLECTIONS = 20;
const MOST_BETWEEN_COLLECTIONS_MS = 60_000;
const WARM_UP = { share: 0.1, leastMs: 30_000, mostMs: 300_000, mostShare: 0.25 };
const LAST_LINES_MS = 30_000;
const DRAINED = { mostMs: 60_000, share: 0.5 };

export interface CourseParts {
  readonly options: SoakOptions;
  readonly crowd: Crowd;
  readonly oracle: LineOracle;
  readonly sampler: Sampler;
  /** `secondsLeft`: of the run. */
  readonly onSample: (sample: Sample, secondsLeft: number | undefined) => void;
  readonly tell: (text: string) => void;
  readonly step: (step: string, detail: string) => void;
  /** Aborted, with the reason in words: end early. */
  readonly cut: AbortSignal;
  /** Once the run begins; what it opens through the scope ends with the run. */
  readonly whileRunning: ((scope: Scope) => Promise<void>) | undefined;
}

export interface CourseResult {
  readonly samples: readonly Sample[];
  readonly sampleSeconds: number;
  readonly trees: SoakFacts['trees'];
  readonly objects: SoakFacts['objects'];
  /** How long the run was. */
  readonly ranSeconds: number;
}

/** Of options in minutes: how long the phases last, in milliseconds. */
export function times({ minutes }: Pick<SoakOptions, 'minutes'>): {
  readonly runMs: number;
  readonly warmUpMs: number;
  readonly intervalMs: number;
} {
  const runMs = minutes * 60_000;
  const { share, leastMs, mostMs, mostShare } = WARM_UP;
  const warmUpMs = Math.min(Math.max(leastMs, runMs * share), mostMs, runMs * mostShare);
  return { runMs, warmUpMs, intervalMs: Math.max(LEAST_INTERVAL_MS, runMs / MOST_SAMPLES) };
}

export class Course {
  readonly #parts: CourseParts;
  readonly #intervalMs: number;
  readonly #collectEveryMs: number;
  readonly #samples: Sample[] = [];
  #collectedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: CourseParts) {
    this.#parts = parts;
    const { runMs, intervalMs } = times(parts.options);
    this.#intervalMs = intervalMs;
    this.#collectEveryMs = Math.min(runMs / COLLECTIONS, MOST_BETWEEN_COLLECTIONS_MS);
  }

  async run(scope: Scope): Promise<CourseResult> {
    const { options, crowd, sampler, cut, step } = this.#parts;
    const { runMs, warmUpMs } = times(options);

    // What the first use of an instrument makes the agent load is not to be seen as growth.
    step('baseline', 'one container comes and goes');
    await this.#withPatience(scope, (patience) => crowd.sendOne(patience));
    await sampler.objects(scope);
    await this.#attempt(() => sampler.take(scope, 'baseline', true));
    for (let count = 0; count < BASELINE_SAMPLES && !cut.aborted; count++) {
      await this.#sample(scope, 'baseline', undefined);
      if (!cut.aborted) await scope.sleep(LEAST_INTERVAL_MS);
    }
    const before = await sampler.objects(scope);
    const baseline = await sampler.tree(scope);

    step('starting containers', `0 of ${options.containers}`);
    await crowd.start(cut);
    this.#parts.tell(`the warm-up begins with ${counted(crowd.running, 'container')}`);
    const ranSeconds = await this.#runPhases(scope, warmUpMs, runMs);
    const run = await sampler.tree(scope);

    this.#parts.tell('draining');
    await this.#drain(scope);
    await this.#drained(scope);
    const drained = await sampler.tree(scope);
    const after = await sampler.objects(scope);
    return {
      samples: this.#samples,
      sampleSeconds: this.#intervalMs / 1000,
      trees: baseline && run && drained && { baseline, run, drained },
      objects: before && after && { before, after },
      ranSeconds,
    };
  }

  async #runPhases(scope: Scope, warmUpMs: number, runMs: number): Promise<number> {
    const { cut, crowd, options, whileRunning } = this.#parts;
    const running = scope.child('run');
    const end = (): void => void running.close();
    cut.addEventListener('abort', end, { once: true });
    try {
      if (cut.aborted) return 0;
      void running.run('keep the containers running', () => crowd.keepRunning(running));
      if (options.churn) void running.run('replace containers', () => crowd.churn(running));
      await this.#samplesFor(running, 'warm-up', warmUpMs, runMs);
      this.#parts.tell('the run begins');
      const began = performance.now();
      if (whileRunning && !running.isClosing) void running.run('faults', () => whileRunning(running));
      await this.#samplesFor(running, 'run', runMs, 0);
      return (performance.now() - began) / 1000;
    } finally {
      cut.removeEventListener('abort', end);
      await running.close();
    }
  }

  /** On a grid, so that what a sample takes does not make them fewer. */
  async #samplesFor(scope: Scope, phase: Phase, ms: number, moreMs: number): Promise<void> {
    const end = performance.now() + ms;
    let next = performance.now();
    for (;;) {
      const leftMs = end - performance.now();
      if (leftMs <= 0 || scope.isClosing) return;
      await this.#sample(scope, phase, (leftMs + moreMs) / 1000);
      next = Math.max(next + this.#intervalMs, performance.now());
      await scope.sleep(Math.max(0, Math.min(next, end) - performance.now()));
    }
  }

  async #drain(scope: Scope): Promise<void> {
    const { crowd, oracle, tell } = this.#parts;
    await this.#attempt(() => crowd.stop());
    await this.#withPatience(scope, (patience) => oracle.complete(patience));
    if (oracle.incomplete > 0) tell(`the lines of ${oracle.incomplete} containers are not complete`);
    oracle.finish();
    await this.#sample(scope, 'draining', undefined);
    await this.#attempt(() => crowd.remove());
  }

  async #withPatience(scope: Scope, wait: (patience: AbortSignal) => Promise<void>): Promise<void> {
    const patience = new AbortController();
    const timer = scope.timeout('wait for last lines', LAST_LINES_MS, () => patience.abort());
    await this.#attempt(() => wait(patience.signal));
    await timer.release();
  }

  async #drained(scope: Scope): Promise<void> {
    const { cut } = this.#parts;
    const baseline = this.#samples.filter(({ phase }) => phase === 'baseline');
    const { runMs } = times(this.#parts.options);
    const end = performance.now() + Math.min(DRAINED.mostMs, runMs * DRAINED.share);
    this.#collectedMs = Number.NEGATIVE_INFINITY;
    for (;;) {
      const sample = await this.#sample(scope, 'drained', undefined);
      const isOver = sample ? holdsNoMore(sample, baseline) : cut.aborted;
      if (isOver || performance.now() > end) return;
      await scope.sleep(LEAST_INTERVAL_MS);
    }
  }

  async #sample(scope: Scope, phase: Phase, secondsLeft: number | undefined): Promise<Sample | undefined> {
    const collects = performance.now() - this.#collectedMs >= this.#collectEveryMs;
    if (collects) this.#collectedMs = performance.now();
    const sample = await this.#attempt(() => this.#parts.sampler.take(scope, phase, collects));
    if (!sample) return undefined;
    this.#samples.push(sample);
    this.#parts.onSample(sample, secondsLeft);
    return sample;
  }

  /** A failure is told, and shows in what is missing: the course goes on. */
  async #attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#parts.tell(describeError(error));
      return undefined;
    }
  }
}

/** By kind, as it was in one of the samples of the baseline at least. */
function holdsNoMore(sample: Sample, baseline: readonly Sample[]): boolean {
  const kinds = new Set([sample, ...baseline].flatMap(({ resources }) => Object.keys(resources)));
  const most = Math.max(...baseline.map(({ fds }) => fds ?? 0));
  return (
    (sample.fds ?? 0) <= most &&
    [...kinds].every((kind) =>
      baseline.some(({ resources }) => (resources[kind] ?? 0) === (sample.resources[kind] ?? 0)),
    )
  );
}
