import { beforeEach, describe, expect, it } from 'vitest';
import { Arrivals } from './arrivals.js';
import { type RecordId, RecordRing } from './ring.js';

const id = (n: number): RecordId => ({ seconds: n, nanos: 0, hash: n });
const ids = (from: number, to: number): RecordId[] =>
  Array.from({ length: to - from }, (_, i) => id(from + i));

let ring: RecordRing;
let arrivals: Arrivals;
beforeEach(() => {
  ring = new RecordRing(true);
  arrivals = new Arrivals();
});

function take(...numbers: number[]): void {
  for (const n of numbers) ring.add(n, 0, n);
}

function expectAll(newest: readonly RecordId[]): void {
  arrivals.expect(newest, ({ seconds, nanos, hash }) => ring.find(seconds, nanos, hash) > 0, ring);
}

describe('Arrivals', () => {
  it('expects nothing where the newest record was taken', () => {
    take(1, 2, 3);
    expectAll(ids(2, 4));
    expect(arrivals.isExpecting).toBe(false);
  });

  it('admits the record that has to come next, and no other', () => {
    take(1, 2);
    expectAll(ids(1, 6));
    expect(arrivals.admits(4, 0, 4)).toBe(false);
    // A stream that brings others is only behind.
    expect(arrivals.overdue(false)).toBe('behind');
    expect(arrivals.overdue(true)).toBe('silent');
    expect(arrivals.admits(3, 0, 3)).toBe(true);
    expect(arrivals.admits(4, 0, 4)).toBe(true);
  });

  it('admits what comes before the one record that is known of the log, and stops what is later', () => {
    take(1, 2);
    expectAll([id(9)]);
    expect(arrivals.admits(3, 0, 3)).toBe(true);
    expect(arrivals.admits(10, 0, 10)).toBe(false);
    expect(arrivals.admits(9, 0, 9)).toBe(true);
    expect(arrivals.isExpecting).toBe(false);
  });

  it('one record that is overdue although later ones came was skipped; where it is so again, the log is opened again', () => {
    take(1, 2, 6, 7);
    expectAll([id(5)]);
    expect(arrivals.admits(8, 0, 8)).toBe(true);
    expect(arrivals.overdue(true)).toBe('skipped');
    expect(arrivals.isExpecting).toBe(false);
    expectAll([id(5)]);
    expect(arrivals.overdue(true)).toBe('silent');
  });
});
