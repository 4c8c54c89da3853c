import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Scope } from '../../../runtime/scope.js';
import { StreamPool, type Turn, type TurnEnd } from './pool.js';

const MIN_HOLD_MS = 100;
const ROUND_MS = 30_000;

let scope: Scope;
beforeEach(() => {
  vi.useFakeTimers();
  scope = Scope.root('test', (error) => {
    throw error;
  });
});
afterEach(async () => {
  await scope.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function newPool(capacity: number, maxAgeMs: number): StreamPool {
  return new StreamPool({ capacity, maxAgeMs, scope });
}

/** A log whose streams take a while to open and to close. */
class Log {
  turn: Turn;
  isReady = true;
  readonly ends: TurnEnd[] = [];
  /** When its turns began. */
  readonly begun: number[] = [];
  /** When they were asked to end. */
  readonly ended: number[] = [];
  closingMs = 0;
  againAfterMs: number | undefined;
  readonly #pool: StreamPool;
  readonly #onBegin: (log: Log) => void;

  constructor(pool: StreamPool, isUrgent = false, onBegin: (log: Log) => void = () => {}) {
    this.#pool = pool;
    this.#onBegin = onBegin;
    this.turn = this.enter(isUrgent);
  }

  enter(isUrgent = false): Turn {
    const turn = this.#pool.enter(this, isUrgent);
    this.turn = turn;
    void turn.begun.then((isBegun) => {
      if (!isBegun || !this.holds) return;
      this.begun.push(performance.now());
      this.#onBegin(this);
    });
    return turn;
  }

  get holds(): boolean {
    return this.turn.state === 'held' || this.turn.state === 'over';
  }

  leave(): void {
    this.#pool.leave(this.turn);
  }

  mayEnd(): boolean {
    return this.isReady;
  }

  end(why: TurnEnd): void {
    this.ends.push(why);
    this.ended.push(performance.now());
    setTimeout(() => {
      this.#pool.leave(this.turn);
      if (this.againAfterMs !== undefined) setTimeout(() => this.enter(), this.againAfterMs);
    }, this.closingMs);
  }
}

describe('the age of turns', () => {
  it('is counted from where the last one was due: opening and closing take nothing away', async () => {
    const pool = newPool(1, 1000);
    const log = new Log(pool);
    Object.assign(log, { closingMs: 40, againAfterMs: 70 });
    await vi.advanceTimersByTimeAsync(600_500);
    expect(log.ends.length).toBe(600);
    for (const [i, at] of log.ended.entries()) expect(at - log.begun[0]).toBeCloseTo(1000 * (i + 1), -1.5);
    log.againAfterMs = undefined;
    await vi.advanceTimersByTimeAsync(2000);
  });

  it('begins anew where the last turn was late by half a turn', async () => {
    const log = new Log(newPool(1, 1000));
    Object.assign(log, { closingMs: 10, againAfterMs: 0, isReady: false });
    await vi.advanceTimersByTimeAsync(1700);
    log.isReady = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(log.ends.length).toBe(1);
    log.againAfterMs = undefined;
    await vi.advanceTimersByTimeAsync(2000);
  });

  it.each([
    // containers, places, max_age, turn
    [500, 50, 300_000, ROUND_MS / 9],
    [55, 50, 30_000, 30_000],
    [55, 50, 1_000, 1_000],
    [50, 50, 300_000, 300_000],
    [5_000, 50, 300_000, 1_000],
  ])(
    '%d logs, %d places, max_age %d: turns of %d ms, as many a second as stated',
    async (n, c, maxAge, turn) => {
      const pool = newPool(c, maxAge);
      const logs = Array.from({ length: n }, () => new Log(pool));
      for (const log of logs) Object.assign(log, { closingMs: 2, againAfterMs: 0 });
      await vi.advanceTimersByTimeAsync(2 * turn);
      const ends = (): number => logs.reduce((sum, log) => sum + log.ends.length, 0);
      const before = ends();
      await vi.advanceTimersByTimeAsync(4 * turn);
      expect((ends() - before) / (Math.min(n, c) * 4)).toBeCloseTo(1, 1);
      for (const log of logs) log.againAfterMs = undefined;
      pool.close();
      for (const log of logs) log.leave();
      await vi.advanceTimersByTimeAsync(10);
    },
  );

  it('ends turns together that come to it shortly after each other, and none comes earlier for it', async () => {
    const pool = newPool(20, 1000);
    const logs = Array.from({ length: 20 }, () => new Log(pool));
    for (const log of logs) Object.assign(log, { closingMs: 2, againAfterMs: 0 });
    await vi.advanceTimersByTimeAsync(60_500);
    expect(new Set(logs.flatMap(({ ended }) => ended)).size).toBeLessThanOrEqual(4 * 61);
    for (const log of logs) {
      expect(log.ended.length).toBeGreaterThanOrEqual(60);
      expect(log.ended.length).toBeLessThanOrEqual(61);
      log.againAfterMs = undefined;
    }
    await vi.advanceTimersByTimeAsync(2000);
  });

  it('is no reason to end a turn that may not end: it is asked again', async () => {
    const log = new Log(newPool(1, 1000));
    log.isReady = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(log.ends).toEqual([]);
    log.isReady = true;
    await vi.advanceTimersByTimeAsync(50);
    expect(log.ends).toEqual(['age']);
  });
});

describe('who cannot wait', () => {
  it('gets the place of the turn that began first, after a moment', async () => {
    const pool = newPool(3, 300_000);
    const logs: Log[] = [];
    for (let i = 0; i < 3; i++) {
      logs.push(new Log(pool));
      await vi.advanceTimersByTimeAsync(10);
    }
    const ordinary = new Log(pool);
    const urgent = new Log(pool, true);
    await vi.advanceTimersByTimeAsync(MIN_HOLD_MS - 31);
    expect(urgent.turn.state).toBe('waiting');
    await vi.advanceTimersByTimeAsync(5);
    expect(urgent.turn.state).toBe('held');
    expect(ordinary.turn.state).toBe('waiting');
    expect(logs.map(({ ends }) => ends)).toEqual([['urgent'], [], []]);
    pool.hurry(ordinary.turn);
    await vi.advanceTimersByTimeAsync(15);
    expect(ordinary.turn.state).toBe('held');
    expect(logs.map(({ ends }) => ends)).toEqual([['urgent'], ['urgent'], []]);
  });

  it('takes three places of four at most while others wait', async () => {
    const pool = newPool(1, 1000);
    const order: string[] = [];
    const first = new Log(pool);
    const named = (name: string, isUrgent: boolean): Log => new Log(pool, isUrgent, () => order.push(name));
    const logs = [
      ...Array.from({ length: 3 }, (_, i) => named(`o${i}`, false)),
      ...Array.from({ length: 9 }, (_, i) => named(`u${i}`, true)),
    ];
    first.leave();
    for (let i = 0; i < logs.length; i++) {
      await vi.advanceTimersByTimeAsync(0);
      logs.find(({ holds }) => holds)?.leave();
    }
    expect(order.join(' ')).toBe('u0 u1 u2 o0 u3 u4 u5 o1 u6 u7 u8 o2');
  });
});

/**
 * Any interleaving of entering, hurrying, giving up, leaving, refusing to end, and time, against a model: two lists of those
 * that wait. Who gets a place is the head of one of them.
 */
describe('any order of events', () => {
  const ACTIONS = ['urgent', 'ordinary', 'hurry', 'giveUp', 'leave', 'refuse', 'pass'] as const;
  const steps = fc.array(fc.record({ action: fc.constantFrom(...ACTIONS), at: fc.nat(3000) }), {
    maxLength: 100,
  });

  class Model {
    readonly pool: StreamPool;
    readonly capacity: number;
    urgent: Waiter[] = [];
    ordinary: Waiter[] = [];
    held: Waiter[] = [];
    grants = 0;

    constructor(capacity: number) {
      this.capacity = capacity;
      this.pool = newPool(capacity, 2000);
    }

    begun(waiter: Waiter): void {
      this.grants++;
      const list = this.urgent[0] === waiter ? this.urgent : this.ordinary;
      expect(list.shift()).toBe(waiter);
      expect(this.grants).toBeLessThanOrEqual(waiter.lastGrant);
      this.held.push(waiter);
    }

    async step(action: (typeof ACTIONS)[number], at: number): Promise<void> {
      const waiting = [...this.urgent, ...this.ordinary];
      const waiter = waiting[at % waiting.length];
      const holder = this.held[at % this.held.length];
      if (action === 'urgent' || action === 'ordinary') {
        this[action].push(new Waiter(this, action));
      } else if (action === 'pass') {
        await vi.advanceTimersByTimeAsync(at);
      } else if (action === 'hurry') {
        if (waiter) this.pool.hurry(waiter.turn);
        if (waiter && this.ordinary.includes(waiter)) this.urgent.push(waiter);
        this.ordinary = this.ordinary.filter((other) => other !== waiter);
      } else if (action === 'giveUp') {
        if (waiter) this.pool.leave(waiter.turn);
        this.urgent = this.urgent.filter((other) => other !== waiter);
        this.ordinary = this.ordinary.filter((other) => other !== waiter);
      } else if (action === 'refuse') {
        if (holder) holder.isReady = !holder.isReady;
      } else {
        this.leave(holder);
      }
      await this.check();
    }

    leave(holder: Waiter | undefined): void {
      this.held = this.held.filter((other) => other !== holder);
      if (holder) this.pool.leave(holder.turn);
    }

    async check(): Promise<void> {
      await vi.advanceTimersByTimeAsync(0);
      expect(this.pool.waiting).toBe(this.urgent.length + this.ordinary.length);
      expect(this.held.length).toBeLessThanOrEqual(this.capacity);
      if (this.pool.waiting > 0) expect(this.held.length).toBe(this.capacity);
    }
  }

  class Waiter {
    readonly turn: Turn;
    isReady = true;
    /** It has its turn with this one at the latest. */
    readonly lastGrant: number;

    constructor(model: Model, kind: 'urgent' | 'ordinary') {
      this.lastGrant = kind === 'urgent' ? Infinity : model.grants + 4 * (model.ordinary.length + 1);
      this.turn = model.pool.enter(this, kind === 'urgent');
      void this.turn.begun.then((isBegun) => isBegun && model.begun(this));
    }

    mayEnd(): boolean {
      return this.isReady;
    }

    end(): void {
      expect(this.isReady).toBe(true);
    }
  }

  it('never more turns than places, first come first served, nobody starves, nobody waits for ever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), steps, async (capacity, list) => {
        const model = new Model(capacity);
        for (const { action, at } of list) await model.step(action, at);
        // Whoever is asked to end ends: so all get their turns.
        for (const holder of model.held) holder.isReady = true;
        for (let turns = model.pool.waiting + 1; turns > 0 && model.pool.waiting > 0; turns--) {
          await vi.advanceTimersByTimeAsync(2100);
          const over = model.held.filter(({ turn }) => turn.state === 'over');
          expect(over.length).toBeGreaterThan(0);
          for (const holder of over) model.leave(holder);
          await model.check();
        }
        expect(model.pool.waiting).toBe(0);
        model.pool.close();
      }),
      { numRuns: 200 },
    );
  });

  it('after the end nobody waits, and nobody begins', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), steps, async (capacity, list) => {
        const model = new Model(capacity);
        for (const { action, at } of list) await model.step(action, at);
        const waiting = [...model.urgent, ...model.ordinary];
        model.pool.close();
        expect(model.pool.waiting).toBe(0);
        for (const { turn } of waiting) expect(await turn.begun).toBe(false);
        for (const holder of model.held) model.leave(holder);
        expect(await model.pool.enter({ mayEnd: () => true, end: () => {} }, true).begun).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});
