import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Breaker } from './breaker.js';

describe('breaker', () => {
  test('opens after five failures in a row, probes once, closes on success', () => {
    const breaker = new Breaker();
    for (let i = 0; i < 5; i++) {
      expect(breaker.state).toBe('closed');
      expect(breaker.enter(i * 100)).toBe(i);
      expect(breaker.failed(i * 100, () => 100)).toBe(true);
    }
    expect(breaker.state).toBe('open');
    expect(breaker.enter(499)).toBeUndefined();
    expect(breaker.waitMs(450)).toBe(50);
    expect(breaker.enter(500)).toBe(5);
    expect(breaker.state).toBe('half-open');
    expect(breaker.enter(500)).toBeUndefined();
    breaker.failed(500, () => 1000);
    expect(breaker.state).toBe('open');
    expect(breaker.enter(1499)).toBeUndefined();
    expect(breaker.enter(1500)).toBe(6);
    breaker.succeeded();
    expect(breaker.state).toBe('closed');
    expect(breaker.enter(1500)).toBe(6);
    expect(breaker.enter(1500)).toBe(6);
  });

  test('takes what was under way when it failed for one failure, and a success of it for the sink at work', () => {
    const breaker = new Breaker();
    const attempts = Array.from({ length: 8 }, () => breaker.enter(0));
    const drawn: number[] = [];
    for (const attempt of attempts) breaker.failed(10, () => drawn.push(100) * 100, attempt);
    expect([breaker.failures, drawn]).toEqual([1, [100]]);
    expect(breaker.waitMs(10)).toBe(100);
    const probe = breaker.enter(110);
    expect([probe, breaker.enter(110)]).toEqual([1, undefined]);
    expect(breaker.failed(120, () => 1, attempts[0])).toBe(false);
    expect(breaker.enter(200)).toBeUndefined();
    breaker.succeeded();
    expect([breaker.enter(200), breaker.enter(200)]).toEqual([1, 1]);
  });

  test('never lets anybody in beside a probe, nor before the delay is over, and counts each failure once', () => {
    const event = fc.record({
      kind: fc.constantFrom(
        'enter' as const,
        'took a part' as const,
        'succeeded' as const,
        'failed' as const,
      ),
      after: fc.nat(50),
      which: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), (events) => {
        const breaker = new Breaker();
        let now = 0;
        let inside: { attempt: number; isProbe: boolean }[] = [];
        let notBefore = 0;
        let inARow = 0;
        for (const { kind, after, which } of events) {
          now += after;
          const isProbing = inside.some(({ isProbe }) => isProbe);
          if (kind === 'enter') {
            const attempt = breaker.enter(now);
            expect(attempt !== undefined).toBe(now >= notBefore && !isProbing);
            if (attempt !== undefined) inside.push({ attempt, isProbe: inARow > 0 });
            continue;
          }
          const leaving = inside[which % inside.length];
          if (!leaving) continue;
          if (kind !== 'took a part') inside = inside.filter((other) => other !== leaving);
          if (kind === 'took a part' || kind === 'succeeded') {
            // Whoever it was: the sink works, and a probe is one of many from here on.
            inside = inside.map(({ attempt }) => ({ attempt, isProbe: false }));
            breaker.succeeded();
            inARow = 0;
            notBefore = 0;
          } else {
            const isNews = breaker.failed(now, () => 40, leaving.attempt);
            if (leaving.isProbe || (inARow === 0 && isNews)) {
              expect(isNews).toBe(true);
              inARow++;
              notBefore = now + 40;
            } else expect(isNews).toBe(false);
          }
          expect(breaker.failures).toBe(inARow);
          expect(breaker.state === 'closed').toBe(inARow < 5);
        }
      }),
      { numRuns: 500 },
    );
  });
});
