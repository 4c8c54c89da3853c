/**
 * Local times of a zone by IANA's name.
 *
 * A local time that came twice, as clocks went back, is the one of the two that is nearer to a time which is given. One that
 * never came, as clocks went forward, is read by the clock of before: 02:30 is 03:30 then.
 */

const DAY = 86_400;
/** Zones change their offset at quarters of an hour. */
const QUARTER = 900;
const MAX_KNOWN = 1024;

export class Zone {
  readonly #format: Intl.DateTimeFormat | undefined;
  /** By quarter since 1970. */
  readonly #known = new Map<number, number>();

  /** Throws a SyntaxError for a name that is none. */
  constructor(name: string) {
    if (name === 'UTC') return;
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      throw new SyntaxError('no zone of this name is known; zones are named as Europe/Berlin');
    }
  }

  /** Seconds since 1970 of a local time, which is given as if it were UTC's. */
  secondsOf(local: number, near: number): number {
    if (!this.#format) return local;
    const before = this.#offsetAt(local - DAY);
    const after = this.#offsetAt(local + DAY);
    if (before === after) return local - before;
    const early = local - before;
    const late = local - after;
    const isEarly = this.#offsetAt(early) === before;
    const isLate = this.#offsetAt(late) === after;
    if (isEarly && isLate) return Math.abs(late - near) < Math.abs(early - near) ? late : early;
    return isLate ? late : early;
  }

  /** Seconds that the zone's clocks are ahead of UTC's. */
  #offsetAt(seconds: number): number {
    const quarter = Math.floor(seconds / QUARTER);
    const known = this.#known.get(quarter);
    if (known !== undefined) return known;
    if (this.#known.size === MAX_KNOWN) this.#known.clear();
    const ms = quarter * QUARTER * 1000;
    const parts = this.#format?.formatToParts(ms) ?? [];
    const part = (wanted: string): number => Number(parts.find(({ type }) => type === wanted)?.value);
    const day = Date.UTC(part('year'), part('month') - 1, part('day'));
    const local = day + ((part('hour') * 60 + part('minute')) * 60 + part('second')) * 1000;
    const offset = (local - ms) / 1000;
    this.#known.set(quarter, offset);
    return offset;
  }
}

/** Throws a SyntaxError for a name that is none. */
export function checkZone(name: string): void {
  void new Zone(name);
}
