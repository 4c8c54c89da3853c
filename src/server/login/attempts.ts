/**
 * Wrong tokens by address: after some of them the next ones are told to wait, and are not said in the agent's log any more.
 * What keeps guessers out is the token's length. Bounded memory.
 */
import { isIPv6 } from 'node:net';

const MAX_WRONG = 10;
const WINDOW_MS = 60_000;
const MAX_ADDRESSES = 1_000;
/** Who has no room in the table shares one row. */
const EVERYBODY = '*';

interface Row {
  wrong: number;
  readonly untilMs: number;
}

export class Attempts {
  readonly #rows = new Map<string, Row>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Seconds that who shows wrong tokens from `address` is told to wait; 0 for none. */
  waitSeconds(address: string): number {
    const row = this.#rows.get(this.#keyOf(address));
    const leftMs = row && row.wrong >= MAX_WRONG ? row.untilMs - this.#now() : 0;
    return Math.max(0, Math.ceil(leftMs / 1000));
  }

  wrong(address: string): void {
    const key = this.#keyOf(address);
    const row = this.#rows.get(key);
    if (row && row.untilMs > this.#now()) row.wrong++;
    else this.#rows.set(key, { wrong: 1, untilMs: this.#now() + WINDOW_MS });
  }

  get size(): number {
    return this.#rows.size;
  }

  #keyOf(address: string): string {
    const key = networkOf(address);
    if (this.#rows.has(key) || this.#rows.size < MAX_ADDRESSES) return key;
    const now = this.#now();
    for (const [other, { untilMs }] of this.#rows) if (untilMs <= now) this.#rows.delete(other);
    return this.#rows.size < MAX_ADDRESSES ? key : EVERYBODY;
  }
}

/** One household has as many IPv6 addresses as it wants, so its /64 stands for it. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::')) return address;
  const groups = address.split('::', 1)[0].split(':');
  return [...groups, '0', '0', '0'].slice(0, 4).join(':');
}
