/** What can be asked of the dead letters, and done with them. */
import type { Scope } from '../../runtime/scope.js';
import { isMeant, type LetterFilter } from './filter.js';
import { type DeadLetterPage, listLetters, type PlaceOfLetter } from './list.js';
import { Redrive, type Redriveable, type Redriven } from './redrive.js';
import type { DeadLetters } from './store.js';
import type { LetterCounts } from './tally.js';

export interface DeadLetterFigures {
  /** Lines that are kept. */
  readonly counts: LetterCounts;
  /** On disk. */
  readonly bytes: number;
  /** Lines that had to go in this run: for room, for their age, or because the disk would not take them. */
  readonly dropped: LetterCounts;
}

export class DeadLetterDesk {
  readonly #store: DeadLetters;
  readonly #redrive: Redrive;

  constructor(store: DeadLetters, scope: Scope, sinks: ReadonlyMap<string, Redriveable>) {
    this.#store = store;
    this.#redrive = new Redrive(store, scope, sinks);
  }

  get figures(): DeadLetterFigures {
    const { counts, bytes, dropped } = this.#store;
    return { counts, bytes, dropped };
  }

  /** At most `limit` letters from `from` on. Rejects with a system error. */
  list(filter: LetterFilter, from: PlaceOfLetter, limit: number): Promise<DeadLetterPage> {
    return listLetters(this.#store, filter, from, limit);
  }

  /** Undefined where another one is under way. Rejects with a system error. */
  redrive(filter: LetterFilter): Promise<Redriven | undefined> {
    return this.#redrive.run(filter);
  }

  /** Answers how many lines went. Rejects with a system error, and all stay. */
  delete(filter: LetterFilter): Promise<number> {
    const meant = this.#store.bundles().filter((facts) => isMeant(facts, filter));
    return this.#store.remove(meant.map(({ id }) => id));
  }
}
