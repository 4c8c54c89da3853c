/**
 * How near a sink is to losing lines at the journal's cap, and whether it loses some: told before it comes to that, when
 * it does, and until the sink has most of the journal's room behind it again.
 */
import type { Logger } from '../runtime/log.js';
import { roundedSize } from '../runtime/units.js';

/** Of the journal's capacity, not yet delivered: when to speak, and when it is over. */
const BEHIND = 0.8;
const CAUGHT_UP = 0.5;
/** One lost segment is seen by whoever looks within this time. */
const LOSING_MS = 60_000;
const REMEDY = 'raise journal.max_bytes or mend it';

export class Shortage {
  readonly #component: string;
  readonly #log: Logger;
  #behind: string | undefined;
  /** When lines were last lost, in milliseconds. */
  #lostAt: number | undefined;

  constructor(component: string, log: Logger) {
    this.#component = component;
    this.#log = log;
  }

  lost(now: number): void {
    this.#lostAt = now;
  }

  /** `pendingBytes` of the journal's `capacity` wait for the sink. */
  observe(now: number, pendingBytes: number, capacity: number): void {
    const share = pendingBytes / capacity;
    if (share <= CAUGHT_UP) this.#behind = undefined;
    if (share > BEHIND) {
      const isKnown = this.#behind !== undefined;
      this.#behind = `${this.#component} is behind by ${roundedSize(pendingBytes)} of ${roundedSize(capacity)}; when the journal is full the oldest lines are lost for it: ${REMEDY}.`;
      if (!isKnown) this.#log.warn({ pendingBytes, capacity }, this.#behind);
    }
    const isOver = this.#lostAt !== undefined && now - this.#lostAt >= LOSING_MS && !this.#behind;
    if (isOver) this.#lostAt = undefined;
  }

  /** While lines are lost; `why` the sink does not take them, where that is known. */
  losing(why: string | undefined): string | undefined {
    if (this.#lostAt === undefined) return undefined;
    return `Lines are being lost: the journal is full and ${this.#component} does not take them; ${why ?? `${REMEDY}.`}`;
  }

  get behind(): string | undefined {
    return this.#behind;
  }
}
