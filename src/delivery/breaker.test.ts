import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Breaker } from './breaker.js';

describe('breaker', () => {
  test('opens after five failures in a row, probes once, closes on success', () => {
    const breaker = new Breaker();
    for (let i = 0; i < 5; i++) {
      expect(breaker.state).toBe('closed');
      expect(breaker.enter(i * 100)).toBe(true);
      breaker.failed(i * 100, 100);
    }
    expect(breaker.state).toBe('open');
    expect(breaker.enter(499)).toBe(false);
    expect(breaker.waitMs(450)).toBe(50);
    expect(breaker.enter(500)).toBe(true);
    expect(breaker.state).toBe('half-open');
    expect(breaker.enter(500)).toBe(false);
    breaker.failed(500, 1000);
    expect(breaker.state).toBe('open');
    expect(breaker.enter(1499)).toBe(false);
    expect(breaker.enter(1500)).toBe(true);
    breaker.succeeded();
    expect(breaker.state).toBe('closed');
    expect(breaker.enter(1500)).toBe(true);
  });

  test('never lets two in before the outcome of a probe, nor anybody before the delay is over', () => {
    const event = fc.record({
      kind: fc.constantFrom('enter' as const, 'succeeded' as const, 'failed' as const),
      after: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const breaker = new Breaker();
        let now = 0;
        let inside = 0;
        let notBefore = 0;
        let inARow = 0;
        for (const { kind, after } of events) {
          now += after;
          if (kind === 'enter') {
            const suspicious = inARow >= 5;
            const entered = breaker.enter(now);
            if (entered) {
              expect(now).toBeGreaterThanOrEqual(notBefore);
              if (suspicious) expect(inside).toBe(0);
              inside++;
            } else if (!(suspicious && inside > 0)) expect(now).toBeLessThan(notBefore);
            // Who was inside when the circuit opened is not counted by the probe's rule.
          } else if (inside > 0 && kind === 'succeeded') {
            inside = 0;
            inARow = 0;
            notBefore = 0;
            breaker.succeeded();
          } else if (inside > 0) {
            inside = 0;
            inARow++;
            notBefore = now + 40;
            breaker.failed(now, 40);
          }
          expect(breaker.failures).toBe(inARow);
        }
      }),
    );
  });
});
