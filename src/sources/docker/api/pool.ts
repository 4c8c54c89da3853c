/**
 * The places of the log streams: at most `capacity` containers have one at a time, the others wait for their turn.
 *
 * - Who waits is served first come, first served. A place is free when its turn was left, not when it was asked to end.
 * - Urgent are logs that may vanish any moment, and those never read before. They go first, and where no place is free
 *   the turn that began first ends early for each, once it has lasted 100 ms. But of four places that come free while both kinds
 *   wait one goes to those that are not urgent: with k of them before it, a log has its turn after at most 4 (k + 1) others.
 * - A turn lasts `max_age` while nobody waits. With W that wait for C places it is clamp(30 s · C / W, 1 s, max_age): the
 *   queue moves on by C a turn, so each waits about 30 s however long `max_age` is.
 * - A turn that comes to its age is followed by one whose age counts from the moment in which the last one was due. So
 *   opening and closing take nothing away: of N logs min(N, C) / turn come to their age a second, C places never more.
 *   First turns are up to half shorter, each by another part: then not all logs are opened again at once.
 * - Turns that come to their age within a quarter of a turn, 250 ms at most, end together: so the engine opens their logs
 *   again for half of what it costs one at a time, and so do we. The next ones come no earlier for it.
 * - A turn that may not end yet, because its log has not shown where to go on, is asked again soon.
 */
import type { Owned, Scope } from '../../../runtime/scope.js';

/** About so long everybody waits for a turn, where turns may be short enough. */
const ROUND_MS = 30_000;
const SHORTEST_TURN_MS = 1_000;
const MIN_HOLD_MS = 100;
const TOGETHER_MS = 250;
const TOGETHER = 1 / 4;
const ASK_AGAIN_MS = 20;
const URGENT_IN_A_ROW = 3;
/** Of Node.js. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Multiples of it, modulo 1, are spread evenly however many they are. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** `urgent`: before its age, for a log that cannot wait. */
export type TurnEnd = 'age' | 'urgent';

export interface TurnHolder {
  /** Whether the turn may end now, of performance.now(): false must not last. */
  mayEnd(now: number): boolean;
  /** The turn is over: leave it as soon as what it holds is gone. */
  end(why: TurnEnd): void;
}

/** `over`: it was asked to end. `left`: it has, or was given up before it began. */
export type TurnState = 'waiting' | 'held' | 'over' | 'left';

/** The pool's to write, others read it. Times are of performance.now(). */
export interface Turn {
  readonly holder: TurnHolder;
  /** Resolves to true when it begins, to false where it is left before, or the pool is closed. */
  readonly begun: Promise<boolean>;
  readonly settle: (isBegun: boolean) => void;
  state: TurnState;
  begunAt: number;
  /** From when its age counts. */
  bornAt: number;
  /** This part of a turn is left out. */
  shorter: number;
  /** When it came to its age; undefined where it did not. */
  dueAt: number | undefined;
}

export interface PoolOptions {
  readonly capacity: number;
  readonly maxAgeMs: number;
  /** Owns the timer. */
  readonly scope: Scope;
}

export class StreamPool {
  readonly capacity: number;
  readonly #maxAgeMs: number;
  readonly #scope: Scope;
  readonly #urgent = new Set<Turn>();
  readonly #ordinary = new Set<Turn>();
  /** In the order in which their turns began. */
  readonly #held = new Set<Turn>();
  /** Of the free places that came to their age: when that was. */
  readonly #dues: number[] = [];
  #urgentInARow = 0;
  #outOfStep = 0;
  #timer: Owned | undefined;
  #timerAt = Infinity;
  #isClosed = false;

  constructor({ capacity, maxAgeMs, scope }: PoolOptions) {
    this.capacity = capacity;
    this.#maxAgeMs = maxAgeMs;
    this.#scope = scope;
  }

  get waiting(): number {
    return this.#urgent.size + this.#ordinary.size;
  }

  get turnMs(): number {
    const fair = (ROUND_MS * this.capacity) / this.waiting;
    return Math.min(this.#maxAgeMs, Math.max(SHORTEST_TURN_MS, fair));
  }

  /** Asks for a turn. */
  enter(holder: TurnHolder, isUrgent: boolean): Turn {
    let settle!: (isBegun: boolean) => void;
    const begun = new Promise<boolean>((resolve) => {
      settle = resolve;
    });
    const turn: Turn = {
      holder,
      begun,
      settle,
      state: 'waiting',
      begunAt: 0,
      bornAt: 0,
      shorter: 0,
      dueAt: undefined,
    };
    (isUrgent ? this.#urgent : this.#ordinary).add(turn);
    if (this.#isClosed) this.leave(turn);
    this.#admit();
    // Whoever waits makes turns shorter, or ends one.
    if (turn.state === 'waiting') this.#lookAt(0);
    return turn;
  }

  /** It has become urgent. */
  hurry(turn: Turn): void {
    if (!this.#ordinary.delete(turn)) return;
    this.#urgent.add(turn);
    this.#admit();
  }

  /** Gives its place to the next one, or stops waiting. Idempotent. */
  leave(turn: Turn): void {
    if (this.#urgent.delete(turn) || this.#ordinary.delete(turn)) turn.settle(false);
    turn.state = 'left';
    if (!this.#held.delete(turn)) return;
    if (turn.dueAt !== undefined) this.#dues.push(turn.dueAt);
    this.#admit();
  }

  /** From now on nobody gets a place, and nobody waits. */
  close(): void {
    this.#isClosed = true;
    for (const turn of [...this.#urgent, ...this.#ordinary]) this.leave(turn);
    void this.#timer?.release();
  }

  #admit(): void {
    while (this.#held.size < this.capacity) {
      const turn = this.#next();
      if (!turn) return;
      this.#begin(turn);
    }
    if (this.#urgent.size > 0) this.#lookAt(0);
  }

  #next(): Turn | undefined {
    const [urgent] = this.#urgent;
    const [ordinary] = this.#ordinary;
    const isUrgent = urgent && (!ordinary || this.#urgentInARow < URGENT_IN_A_ROW);
    this.#urgentInARow = isUrgent && ordinary ? this.#urgentInARow + 1 : 0;
    if (isUrgent) this.#urgent.delete(urgent);
    else if (ordinary) this.#ordinary.delete(ordinary);
    return isUrgent ? urgent : ordinary;
  }

  #begin(turn: Turn): void {
    const now = performance.now();
    const before = this.#dues.pop();
    const isInTime = before !== undefined && now - before < this.turnMs / 2;
    turn.state = 'held';
    turn.begunAt = now;
    turn.bornAt = isInTime ? before : now;
    if (before === undefined) {
      turn.shorter = this.#outOfStep / 2;
      this.#outOfStep = (this.#outOfStep + GOLDEN_RATIO) % 1;
    }
    this.#held.add(turn);
    this.#lookAt(this.#dueAt(turn));
    turn.settle(true);
  }

  #dueAt({ bornAt, shorter }: Turn): number {
    return bornAt + this.turnMs * (1 - shorter);
  }

  /** Ends turns that are due, or are needed by those that cannot wait. */
  #look(): void {
    const now = performance.now();
    let needed = this.#urgent.size;
    let ageUntil = now;
    for (const turn of this.#held) {
      if (turn.state === 'over') needed--;
      else if (this.#dueAt(turn) <= now) ageUntil = now + Math.min(TOGETHER_MS, this.turnMs * TOGETHER);
    }
    let next = Infinity;
    for (const turn of this.#held) {
      if (turn.state === 'over') continue;
      const dueAt = this.#dueAt(turn);
      const endAt = needed > 0 ? Math.min(dueAt, turn.begunAt + MIN_HOLD_MS) : dueAt;
      const isOfAge = dueAt <= ageUntil;
      if (endAt > now && !isOfAge) {
        next = Math.min(next, endAt);
      } else if (turn.holder.mayEnd(now)) {
        needed--;
        turn.state = 'over';
        if (isOfAge) turn.dueAt = dueAt;
        turn.holder.end(isOfAge ? 'age' : 'urgent');
      } else {
        next = Math.min(next, now + ASK_AGAIN_MS);
      }
    }
    this.#lookAt(next);
  }

  #lookAt(at: number): void {
    if (at >= this.#timerAt || this.#isClosed || this.#scope.isClosing) return;
    void this.#timer?.release();
    this.#timerAt = at;
    const ms = Math.min(LONGEST_TIMER_MS, Math.max(0, at - performance.now()));
    this.#timer = this.#scope.timeout('end of a turn', ms, () => {
      this.#timer = undefined;
      this.#timerAt = Infinity;
      this.#look();
    });
  }
}
