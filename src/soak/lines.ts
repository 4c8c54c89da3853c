/**
 * The oracle: every line that the containers of a soak wrote arrives exactly once, in the order of its output, whole, and
 * under the name of its container. A line that comes behind later ones is late, and counted: the agent has to say as many
 * of them, as it may deliver so what the engine had left out. One that never comes is missing. The oracle knows of each
 * container and output the next number, so its memory grows with the containers that live, not with the lines.
 */
import { END_KIND, PAYLOADS } from '../selftest/writer-script.js';

/** More faults are counted, not kept. */
const MAX_FAULTS = 100;
const SHOWN = 120;

/** Where the agent says that a line comes from. */
export interface Origin {
  readonly container: string;
  /** `stdout` or `stderr`. */
  readonly output: string;
}

/** One life of a container, from its start to its last line. */
interface Generation {
  /** The numbers that come next. */
  readonly next: { o: number; e: number };
  /** Those that were passed over: from and to. */
  readonly missing: { readonly o: [number, number][]; readonly e: [number, number][] };
  /** How many lines were written, as the last one says. */
  claimed: { readonly o: number; readonly e: number } | undefined;
}

interface Written {
  readonly name: string;
  readonly generations: Map<number, Generation>;
  /** Which generation each output has come to: one may arrive before the other. */
  readonly current: { o: number; e: number };
  /** How often it was started, as far as is known. */
  starts: number;
  /** Generations that were killed: their last lines are not to come. */
  readonly killed: Set<number>;
  /** Nothing more is written. */
  isRemoved: boolean;
}

type Output = 'o' | 'e';

const OUTPUTS: Readonly<Record<Output, string>> = { o: 'stdout', e: 'stderr' };
const FORM = /^soak (\S+) (\d+) (\d+) ([oe]) (\d+) ([a-z]+) (.*) (\d+)$/su;

export class LineOracle {
  readonly #run: string;
  readonly #live = new Map<number, Written>();
  readonly #faults: string[] = [];
  #faultCount = 0;
  #seen = 0;
  #late = 0;
  #claimed = 0;
  #onComplete: (() => void) | undefined;

  constructor(run: string) {
    this.#run = run;
  }

  /** Lines that arrived once and whole. */
  get seen(): number {
    return this.#seen;
  }

  /** Of those: that arrived behind later ones. */
  get late(): number {
    return this.#late;
  }

  /** Lines written, as last lines that arrived say; of a generation that was killed, as many as came. */
  get claimed(): number {
    return this.#claimed;
  }

  get faultCount(): number {
    return this.#faultCount;
  }

  /** The first hundred, each with container and number. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** Containers whose lines are not complete yet. */
  get incomplete(): number {
    return [...this.#live.values()].filter((written) => !isComplete(written)).length;
  }

  /** Before the container is started. */
  expect(container: number, name: string): void {
    const generations = new Map([[1, newGeneration()]]);
    this.#live.set(container, {
      name,
      generations,
      current: { o: 1, e: 1 },
      starts: 1,
      killed: new Set(),
      isRemoved: false,
    });
  }

  /** It had ended and was started again, for the `starts`th time: what it wrote before is to be as whole as the rest. */
  startedAgain(container: number, starts: number): void {
    const written = this.#live.get(container);
    if (written) written.starts = starts;
  }

  /** The container was killed: its last line is not to be waited for. */
  expectNoEnd(container: number): void {
    const written = this.#live.get(container);
    written?.killed.add(lastGeneration(written));
    this.#tellComplete();
  }

  /** It is forgotten as soon as its lines are complete; what comes then is a fault. */
  removed(container: number): void {
    const written = this.#live.get(container);
    if (!written) return;
    written.isRemoved = true;
    this.#forgetComplete(container, written);
  }

  /** A line of this run, or what has become of one. */
  take(line: string, origin: Origin): void {
    const match = FORM.exec(line);
    if (match?.[1] !== this.#run) return this.#fault(origin.container, `no line of this run: ${shown(line)}`);
    const [, , container, generation, output, number, kind, payload, again] = match;
    const written = this.#live.get(Number(container));
    if (!written)
      return this.#fault(origin.container, `line ${number} of container ${container}, which is not live`);
    const { name } = written;
    if (origin.container !== name || origin.output !== OUTPUTS[output as Output])
      return this.#fault(
        name,
        `line ${number} of ${OUTPUTS[output as Output]} came as ${origin.output} of ${origin.container}`,
      );
    if (again !== number || (kind !== END_KIND && PAYLOADS[kind] !== payload))
      return this.#fault(name, `line ${number} of ${origin.output} is not whole: ${shown(line)}`);
    const life = this.#generation(written, Number(generation), output as Output);
    if (!life || !this.#isNew(name, life, output as Output, Number(number))) return;
    this.#seen++;
    if (kind === END_KIND) {
      const [o, e] = payload.split(',').map(Number);
      life.claimed = { o, e };
      this.#claimed += o + e;
    }
    if (written.isRemoved) this.#forgetComplete(Number(container), written);
    this.#tellComplete();
  }

  /** Resolves when no container's lines are incomplete, or `signal` is aborted. */
  complete(signal: AbortSignal): Promise<void> {
    if (this.incomplete === 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#onComplete = undefined;
        resolve();
      };
      this.#onComplete = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Nothing more is to come: what is missing is a fault. */
  finish(): void {
    for (const [number, written] of this.#live) this.#finish(number, written);
  }

  #finish(number: number, written: Written): void {
    this.#live.delete(number);
    for (let generation = 1; generation <= lastGeneration(written); generation++) {
      const life = written.generations.get(generation) ?? newGeneration();
      if (life.claimed) this.#judgeClaim(written.name, life, life.claimed);
      else if (written.killed.has(generation)) this.#judgeKilled(written.name, life);
      else this.#fault(written.name, `its last line is missing; ${received(life)} came`);
    }
  }

  #forgetComplete(container: number, written: Written): void {
    if (isComplete(written) && written.killed.size === 0) this.#finish(container, written);
  }

  #generation(written: Written, generation: number, output: Output): Generation | undefined {
    const current = written.current[output];
    if (generation < current || generation > Math.max(written.starts, current + 1)) {
      this.#fault(written.name, `a line of generation ${generation} in ${current}`);
      return undefined;
    }
    written.current[output] = generation;
    const known = written.generations.get(generation);
    if (known) return known;
    const begun = newGeneration();
    written.generations.set(generation, begun);
    return begun;
  }

  /** Whether the line is the one that comes next, a later one, or one that was passed over. */
  #isNew(name: string, { next, missing }: Generation, output: Output, number: number): boolean {
    const expected = next[output];
    if (number < expected) {
      if (takeOut(missing[output], number)) {
        this.#late++;
        return true;
      }
      this.#fault(name, `line ${number} of ${OUTPUTS[output]} again, after ${expected - 1}`);
      return false;
    }
    if (number > expected) missing[output].push([expected, number - 1]);
    next[output] = number + 1;
    return true;
  }

  #judgeMissing(name: string, { missing }: Generation): void {
    for (const output of ['o', 'e'] as const) {
      for (const [from, to] of missing[output])
        this.#fault(name, `lines ${from} to ${to} of ${OUTPUTS[output]} are missing`);
    }
  }

  #judgeKilled(name: string, life: Generation): void {
    this.#judgeMissing(name, life);
    this.#claimed += life.next.o + life.next.e - 2;
  }

  #judgeClaim(name: string, life: Generation, claimed: { readonly o: number; readonly e: number }): void {
    this.#judgeMissing(name, life);
    const { next } = life;
    for (const output of ['o', 'e'] as const) {
      const came = next[output] - 1;
      if (came !== claimed[output])
        this.#fault(name, `${came} lines of ${OUTPUTS[output]} came, ${claimed[output]} were written`);
    }
  }

  #fault(container: string, what: string): void {
    this.#faultCount++;
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(`${container}: ${what}`);
  }

  #tellComplete(): void {
    if (this.#onComplete && this.incomplete === 0) this.#onComplete();
  }
}

function newGeneration(): Generation {
  return { next: { o: 1, e: 1 }, missing: { o: [], e: [] }, claimed: undefined };
}

/** False where the number is in none of the ranges. */
function takeOut(ranges: [number, number][], number: number): boolean {
  const at = ranges.findIndex(([from, to]) => number >= from && number <= to);
  if (at < 0) return false;
  const [from, to] = ranges[at];
  const rest: [number, number][] = [
    [from, number - 1],
    [number + 1, to],
  ];
  ranges.splice(at, 1, ...rest.filter(([first, last]) => first <= last));
  return true;
}

/** Another than the soak may have started it again: then its lines tell. */
function lastGeneration({ starts, generations }: Written): number {
  return Math.max(starts, ...generations.keys());
}

function isComplete(written: Written): boolean {
  const last = lastGeneration(written);
  if (written.killed.has(last)) return true;
  const life = written.generations.get(last);
  if (!life?.claimed || life.missing.o.length + life.missing.e.length > 0) return false;
  return life.next.o > life.claimed.o && life.next.e > life.claimed.e;
}

function received({ next }: Generation): string {
  return `${next.o - 1} lines of stdout and ${next.e - 1} of stderr`;
}

function shown(line: string): string {
  return JSON.stringify(line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line);
}
