/**
 * What is missing at one place, and on whose account. Sets, not counts: for each container, start and output the numbers
 * that were written less those that are there.
 *
 *   lost      nobody but the agent had them last
 *   rejected  the agent keeps them as dead letters
 *   dropped   the receiver answered 204 and dropped them: no agent can notice that
 *   engine    the engine did not keep them until they could be read, and the agent says so: they lie within a gap that it
 *             told of for this container, for a reason that only the engine can be to blame for
 *
 * A line is on one account only, the first in the order dropped, rejected, engine, lost. A line behind a later one of its output
 * is reordered, unless the agent has told that lines of then come late, because the engine had left them out, or the receiver
 * had dropped it: then it is there only because a kill had it sent again, with later ones that were there before.
 */
import { OUTPUT_NAMES, type Output } from '../lines.js';
import type { Life, Roster, Written } from './roster.js';
import type { Damage, Reordering, Sightings } from './sightings.js';

export type Account = 'lost' | 'rejected' | 'dropped' | 'engine';

/** As the agent tells it; times in milliseconds since 1970, undefined where it does not know. */
export interface ToldGap {
  readonly container: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly why: string;
}

/** Lines of a container, by its id, that the agent delivered behind later ones, as it tells. Times in milliseconds since 1970. */
export interface ToldLate {
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

/** Lines that need not be at the place that is judged, and what the agent told of. */
export interface Excuses {
  readonly late: readonly ToldLate[];
  readonly gaps: readonly ToldGap[];
  readonly dropped: Sightings;
  readonly rejected: Sightings;
}

export interface PlaceVerdict {
  /** Lines that are there, each counted once. */
  readonly lines: number;
  /** Lines that were written, as far as anybody tells. */
  readonly written: number;
  readonly missing: Readonly<Record<Account, number>>;
  readonly damage: Readonly<Record<Damage | 'reordered', number>>;
  /** Lines behind later ones of which the agent has told. */
  readonly late: number;
  /** The first few. */
  readonly findings: readonly string[];
}

/** Only the engine can be to blame for these; the rest of the agent's reasons are its own. */
const ENGINE_REASONS: ReadonlySet<string> = new Set(['rotated', 'skipped', 'removed', 'blind']);
/** Between the clock that starts containers and the one that stamps lines. */
const SLACK_MS = 2_000;
const MAX_FINDINGS = 20;

/** `others`: other places, which may have the last lines that say how many there were. */
export function judgePlace(
  roster: Roster,
  here: Sightings,
  others: readonly Sightings[],
  excuses: Excuses,
): PlaceVerdict {
  const missing: Record<Account, number> = { lost: 0, rejected: 0, dropped: 0, engine: 0 };
  const own = here.reorderings.filter(
    ({ container, generation, output, number }) =>
      !excuses.dropped.life(container, generation)?.[output].has(number),
  );
  const untold = own.filter((one) => !isTold(one, roster, excuses.late));
  const damage = { ...here.damage, reordered: untold.length };
  const findings: string[] = [];
  const find = (text: string): unknown => findings.length < MAX_FINDINGS && findings.push(text);
  let written = 0;
  for (const container of roster.list) {
    for (const name of here.namesOf(container.container)) {
      if (container.names.has(name)) continue;
      damage.foreign++;
      find(`foreign: lines of container ${container.container} came under the name ${name}`);
    }
    for (const [i, life] of container.lives.entries()) {
      for (const output of ['o', 'e'] as const) {
        const hole = new Hole(container, life, i + 1, output, [here, ...others], excuses);
        written += hole.last;
        for (const run of hole.runs(here)) {
          missing[run.account] += run.to - run.from + 1;
          if (run.account === 'lost') find(`lost: ${run.text}`);
        }
      }
    }
  }
  for (const { text } of untold) find(`reordered: ${text}`);
  return {
    lines: here.lines,
    written,
    missing,
    damage,
    late: own.length - untold.length,
    findings: [...findings, ...here.findings],
  };
}

function isTold({ container, timeMs }: Reordering, roster: Roster, late: readonly ToldLate[]): boolean {
  const { id } = roster.list[container] ?? {};
  return late.some((one) => one.id === id && one.from <= timeMs && timeMs <= one.to);
}

interface Run {
  readonly from: number;
  readonly to: number;
  readonly account: Account;
  readonly text: string;
}

/** What is missing of one output of one life. */
class Hole {
  /** Number of the last line. */
  readonly last: number;
  readonly #written: Written;
  readonly #life: Life;
  readonly #generation: number;
  readonly #output: Output;
  readonly #places: readonly Sightings[];
  readonly #excuses: Excuses;
  /** Numbers that are nowhere, and whether the agent told of them; the last ones looked at. */
  #nowhere: { readonly from: number; readonly to: number; readonly isTold: boolean } | undefined;

  constructor(
    written: Written,
    life: Life,
    generation: number,
    output: Output,
    places: readonly Sightings[],
    excuses: Excuses,
  ) {
    this.#written = written;
    this.#life = life;
    this.#generation = generation;
    this.#output = output;
    this.#places = [...places, excuses.dropped, excuses.rejected];
    this.#excuses = excuses;
    this.last = this.#lastNumber();
  }

  /** Runs of numbers that are not at `place`, each of one account. */
  *runs(place: Sightings): Generator<Run> {
    const seen = place.life(this.#written.container, this.#generation)?.[this.#output];
    for (let from = 1; from <= this.last; ) {
      if (seen?.has(from)) {
        from++;
        continue;
      }
      const account = this.#accountOf(from);
      let to = from;
      while (to < this.last && !seen?.has(to + 1) && this.#accountOf(to + 1) === account) to++;
      const what = from === to ? `line ${from}` : `lines ${from} to ${to}`;
      const text = `${what} of ${this.last} of ${OUTPUT_NAMES[this.#output]} of container ${this.#written.container} (${[...this.#written.names].join(', ')}), start ${this.#generation}, written ${this.#spanText(from, to)}`;
      yield { from, to, account, text };
      from = to + 1;
    }
  }

  /** As the last line says, wherever that is; of one that was killed the last that anybody has seen. */
  #lastNumber(): number {
    const lives = this.#places.map((place) => place.life(this.#written.container, this.#generation));
    const claimed = lives.find((life) => life?.claimed)?.claimed;
    const seen = Math.max(0, ...lives.map((life) => life?.[this.#output].times.length ?? 0));
    if (claimed) return Math.max(claimed[this.#output], seen);
    if (this.#life.isKilled) return seen;
    const planned = this.#written.planned?.[this.#output];
    // Its last line is missing: at least that one is.
    return planned ?? seen + (this.#output === 'o' ? 1 : 0);
  }

  #accountOf(number: number): Account {
    if (this.#isAt(this.#excuses.dropped, number)) return 'dropped';
    if (this.#isAt(this.#excuses.rejected, number)) return 'rejected';
    return this.#isInGap(number) ? 'engine' : 'lost';
  }

  /** Where some place has the line, the engine has served it. */
  #isInGap(number: number): boolean {
    if (this.#isAnywhere(number)) return false;
    if (this.#nowhere && number >= this.#nowhere.from && number <= this.#nowhere.to)
      return this.#nowhere.isTold;
    let to = number;
    while (to < this.last && !this.#isAnywhere(to + 1)) to++;
    const [early, late] = this.#span(number, to);
    const isTold = this.#excuses.gaps.some(
      (gap) =>
        ENGINE_REASONS.has(gap.why) &&
        this.#written.names.has(gap.container) &&
        (gap.from ?? Number.NEGATIVE_INFINITY) <= late &&
        (gap.to ?? Number.POSITIVE_INFINITY) >= early,
    );
    this.#nowhere = { from: number, to, isTold };
    return isTold;
  }

  #isAnywhere(number: number): boolean {
    return this.#places.some((place) => this.#isAt(place, number));
  }

  #isAt(place: Sightings, number: number): boolean {
    return place.life(this.#written.container, this.#generation)?.[this.#output].has(number) ?? false;
  }

  /** Between which times it was written, as the lines around it tell. */
  #span(from: number, to: number): readonly [number, number] {
    const { startedMs, endedMs = Date.now() } = this.#life;
    let [early, late] = [startedMs - SLACK_MS, endedMs + SLACK_MS];
    for (const place of this.#places) {
      const seen = place.life(this.#written.container, this.#generation)?.[this.#output];
      early = Math.max(early, seen?.before(from) ?? early);
      late = Math.min(late, seen?.after(to) ?? late);
    }
    return [early, late];
  }

  #spanText(from: number, to: number): string {
    const [early, late] = this.#span(from, to).map((ms) => new Date(ms).toISOString());
    return `between ${early} and ${late}`;
  }
}
