import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LANES, LIVE_LANES } from '../pipeline/streams.js';
import { Turns } from './turns.js';

function serve(turns: Turns, count: number, ready: (lane: number) => boolean): (number | undefined)[] {
  return Array.from({ length: count }, () => {
    const lane = turns.take(ready);
    if (lane !== undefined) turns.release(lane, true);
    return lane;
  });
}

const onlyOld = (lane: number): boolean => lane >= LIVE_LANES;

describe('turns', () => {
  test('live lanes in rotation, every fourth delivery for a catch-up lane', () => {
    expect(serve(new Turns(), 12, () => true)).toEqual([0, 1, 2, 4, 3, 0, 1, 5, 2, 3, 0, 6]);
  });

  test('all turns for the old ones while there is nothing new, and never two of them before a live line', () => {
    const turns = new Turns();
    expect(serve(turns, 5, onlyOld)).toEqual([4, 5, 6, 7, 4]);
    expect(serve(turns, 2, (lane) => lane === 2 || onlyOld(lane))).toEqual([2, 2]);
  });

  test('a turn that found nothing does not count', () => {
    const turns = new Turns();
    for (let i = 0; i < 5; i++) {
      const lane = turns.take((lane) => lane < LIVE_LANES);
      turns.release(lane ?? -1, false);
    }
    expect(turns.take(() => true)).toBeLessThan(LIVE_LANES);
  });

  test('nobody who is ready waits for ever, and no lane is served twice at a time', () => {
    const readiness = fc.array(fc.uint8Array({ minLength: LANES, maxLength: LANES, max: 1 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(readiness, fc.integer({ min: 1, max: 4 }), (rounds, workers) => {
        const turns = new Turns();
        const busy: number[] = [];
        const waiting = new Map<number, number>();
        for (const ready of rounds) {
          if (busy.length === workers) turns.release(busy.shift() ?? -1, true);
          const lane = turns.take((lane) => ready[lane] === 1);
          const free = [...ready.keys()].filter((lane) => ready[lane] === 1 && !busy.includes(lane));
          if (lane === undefined) expect(free).toEqual([]);
          else {
            expect(free).toContain(lane);
            busy.push(lane);
          }
          for (let other = 0; other < LANES; other++) {
            if (other === lane || !free.includes(other)) waiting.set(other, 0);
            else waiting.set(other, (waiting.get(other) ?? 0) + 1);
            expect(waiting.get(other)).toBeLessThan(LIVE_LANES * LANES);
          }
        }
      }),
    );
  });
});
