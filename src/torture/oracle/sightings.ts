/**
 * What one place has of the lines that were written: in the files, or at the receiver. It takes every line once in the order
 * in which that place has it, and keeps for each number when it was written. What is wrong with a line in itself is found
 * here, what is missing by verdict.ts.
 *
 *   duplicated  a line that is there twice
 *   split       no whole line: cut, joined or damaged
 *   foreign     a whole line under the name of another container or output
 *
 * A line behind a later one of the same output and sequence is only noted: the agent may have told of it.
 */
import { type Line, OUTPUT_NAMES, type Output, parseLine } from '../lines.js';

export type Damage = 'duplicated' | 'split' | 'foreign';

export interface Whereabouts {
  /** What has an order of its own: a file's output, or a stream. */
  readonly sequence: string;
  /** As labels say. */
  readonly container: string;
  readonly output: string;
  /** The line's timestamp, milliseconds since 1970. */
  readonly timeMs: number;
}

/** A line behind a later one. */
export interface Reordering {
  readonly container: number;
  readonly generation: number;
  readonly output: Output;
  readonly number: number;
  readonly timeMs: number;
  readonly text: string;
}

/** Of one output of one life of a container. */
export class Seen {
  /** By number less one: the timestamps of those that are there; NaN for the others. */
  readonly times: number[] = [];

  has(number: number): boolean {
    return !Number.isNaN(this.times[number - 1] ?? Number.NaN);
  }

  add(number: number, timeMs: number): void {
    while (this.times.length < number) this.times.push(Number.NaN);
    this.times[number - 1] = timeMs;
  }

  /** When the last one before `number` was written that is there; undefined: none is. */
  before(number: number): number | undefined {
    for (let at = Math.min(number - 1, this.times.length); at > 0; at--)
      if (this.has(at)) return this.times[at - 1];
    return undefined;
  }

  /** When the first one after `number` was. */
  after(number: number): number | undefined {
    for (let at = number + 1; at <= this.times.length; at++) if (this.has(at)) return this.times[at - 1];
    return undefined;
  }
}

interface Life {
  readonly o: Seen;
  readonly e: Seen;
  claimed: Readonly<Record<Output, number>> | undefined;
}

/** Of each kind. */
const MAX_FINDINGS = 20;
const SHOWN = 120;
const GAP_NOTE = 'log-capturer: ';

export class Sightings {
  readonly #run: string;
  readonly #lives = new Map<string, Life>();
  /** By container: under which names its lines came. */
  readonly #names = new Map<number, Set<string>>();
  /** By sequence and container: the last of each output. */
  readonly #last = new Map<string, { generation: number; number: number }>();
  readonly damage: Record<Damage, number> = { duplicated: 0, split: 0, foreign: 0 };
  readonly reorderings: Reordering[] = [];
  readonly #findings = new Map<Damage, string[]>();
  /** Lines that are there, each counted once. */
  lines = 0;
  /** The agent's own notes that lines are missing, each with its container and time. */
  readonly gapNotes = new Set<string>();

  constructor(run: string) {
    this.#run = run;
  }

  /** The first few of each kind. */
  get findings(): readonly string[] {
    return [...this.#findings.values()].flat();
  }

  namesOf(container: number): ReadonlySet<string> {
    return this.#names.get(container) ?? new Set();
  }

  life(container: number, generation: number): Readonly<Life> | undefined {
    return this.#lives.get(`${container} ${generation}`);
  }

  take(text: string, where: Whereabouts): void {
    if (text.startsWith(GAP_NOTE)) {
      this.gapNotes.add(`${where.container} ${where.timeMs} ${text}`);
      return;
    }
    const line = parseLine(this.#run, text);
    if (!line) return this.#found('split', where, `no whole line: ${shown(text)}`);
    const { container, generation, output, number, claimed } = line;
    const name = `line ${number} of ${OUTPUT_NAMES[output]} of container ${container}, start ${generation}`;
    if (where.output !== OUTPUT_NAMES[output])
      return this.#found('foreign', where, `${name} came as ${where.output}`);
    this.#nameSeen(container, where.container);
    const life = this.#life(container, generation);
    if (life[output].has(number)) return this.#found('duplicated', where, `${name} is there again`);
    life[output].add(number, where.timeMs);
    if (claimed) life.claimed = claimed;
    this.lines++;
    this.#judgeOrder(`${where.sequence} ${container} ${output}`, line, where, name);
    return undefined;
  }

  #judgeOrder(key: string, line: Line, where: Whereabouts, name: string): void {
    const { container, generation, output, number } = line;
    const last = this.#last.get(key);
    const isLater =
      !last || generation > last.generation || (generation === last.generation && number > last.number);
    if (isLater) {
      this.#last.set(key, { generation, number });
      return;
    }
    const text = `${name} comes after line ${last.number} of start ${last.generation} (${placeOf(where)})`;
    this.reorderings.push({ container, generation, output, number, timeMs: where.timeMs, text });
  }

  #life(container: number, generation: number): Life {
    const key = `${container} ${generation}`;
    const known = this.#lives.get(key);
    if (known) return known;
    const life: Life = { o: new Seen(), e: new Seen(), claimed: undefined };
    this.#lives.set(key, life);
    return life;
  }

  #nameSeen(container: number, name: string): void {
    const names = this.#names.get(container);
    if (names) names.add(name);
    else this.#names.set(container, new Set([name]));
  }

  #found(kind: Damage, where: Whereabouts, what: string): void {
    this.damage[kind]++;
    const findings = this.#findings.get(kind) ?? [];
    this.#findings.set(kind, findings);
    if (findings.length < MAX_FINDINGS) findings.push(`${kind}: ${what} (${placeOf(where)})`);
  }
}

function placeOf({ sequence, timeMs }: Whereabouts): string {
  return `${sequence}, ${new Date(timeMs).toISOString()}`;
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}
