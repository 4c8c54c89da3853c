import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KnownStreams } from './known-streams.js';

const MIB = 1024 * 1024;
const NOW = 1_795_000_000_000;

describe('KnownStreams', () => {
  test('knows the newest line of a stream, until Loki may have let the stream go', () => {
    const streams = new KnownStreams();
    expect(streams.newestSeconds('a', NOW)).toBeUndefined();
    streams.acknowledged('a', 100, NOW);
    streams.acknowledged('a', 90, NOW);
    expect(streams.newestSeconds('a', NOW + 19 * 60_000)).toBe(100);
    expect(streams.newestSeconds('a', NOW + 21 * 60_000)).toBeUndefined();
    expect(streams.newestSeconds('a', NOW - 21 * 60_000), 'after the clock was set back').toBeUndefined();
    streams.acknowledged('a', 95, NOW + 21 * 60_000);
    expect(streams.newestSeconds('a', NOW + 21 * 60_000)).toBe(100);
  });

  test('forgets the streams not used for the longest time, and no others', () => {
    const streams = new KnownStreams();
    for (let i = 0; i < 100_000; i++) {
      streams.acknowledged(`${i}`, i, NOW);
      streams.acknowledged('busy', 1, NOW);
    }
    expect(streams.newestSeconds('busy', NOW)).toBe(1);
    expect(streams.newestSeconds('99999', NOW)).toBe(99_999);
    expect(streams.newestSeconds('95000', NOW)).toBe(95_000);
    expect(streams.newestSeconds('80000', NOW)).toBeUndefined();
  });

  test('doubts a stream before Loki refuses it, and never believes in more than Loki has', () => {
    const stream = fc.record({
      // In multiples of the default.
      limit: fc.double({ min: 1, max: 20, noNaN: true }),
      pushes: fc.array(fc.record({ bytes: fc.nat(2 * MIB), pauseMs: fc.nat(400) }), {
        maxLength: 400,
        minLength: 100,
      }),
    });
    fc.assert(
      fc.property(stream, ({ limit, pushes }) => {
        const streams = new KnownStreams();
        streams.acknowledged('a', 1, NOW);
        const rate = limit * 3 * MIB;
        let loki = rate * 5;
        let nowMs = NOW;
        for (const { bytes, pauseMs } of pushes) {
          nowMs += pauseMs;
          loki = Math.min(rate * 5, loki + (rate * pauseMs) / 1000);
          const isAlone = streams.isTooMuch('a', bytes, nowMs);
          const isTaken = bytes <= loki;
          expect(isAlone || isTaken, 'lost unnoticed').toBe(true);
          if (!isTaken) streams.rateExceeded('a', undefined, nowMs);
          streams.charge('a', isTaken ? bytes : 0, nowMs);
          if (isTaken) loki -= bytes;
          if (isTaken && isAlone) streams.tookAlone('a', nowMs);
        }
      }),
    );
  });

  test('believes the rate that Loki told and the burst that it showed, and a stream that proves more room, for itself', () => {
    const streams = new KnownStreams();
    for (const labels of ['a', 'b']) streams.acknowledged(labels, 1, NOW);
    expect(streams.isTooMuch('b', MIB, NOW)).toBe(false);
    // In company: whose burst it was is not known.
    streams.rateExceeded(undefined, 200_000, NOW);
    expect(['a', 'b'].map((labels) => streams.isTooMuch(labels, 750_000, NOW))).toEqual([false, false]);
    expect(streams.isTooMuch('b', MIB, NOW)).toBe(true);
    streams.charge('a', 300_000, NOW);
    streams.rateExceeded('a', 200_000, NOW);
    expect(['a', 'b'].map((labels) => streams.isTooMuch(labels, 200_000, NOW + 60_000))).toEqual([
      false,
      false,
    ]);
    expect(['a', 'b'].map((labels) => streams.isTooMuch(labels, 290_000, NOW + 60_000))).toEqual([
      true,
      true,
    ]);
    streams.charge('b', 500_000, NOW + 60_000);
    streams.tookAlone('b', NOW + 60_100);
    expect(['a', 'b'].map((labels) => streams.isTooMuch(labels, 290_000, NOW + 120_000))).toEqual([
      true,
      false,
    ]);
    expect(streams.isTooMuch('b', 490_000, NOW + 120_000)).toBe(true);
    streams.rateExceeded('b', undefined, NOW + 120_000);
    expect(streams.isTooMuch('b', 290_000, NOW + 180_000)).toBe(true);
  });

  test('never doubts what stays below the default, and believes in more that was taken', () => {
    const streams = new KnownStreams();
    streams.acknowledged('a', 1, NOW);
    for (let ms = 0; ms < 60_000; ms += 500) {
      expect(streams.isTooMuch('a', 1.5 * MIB, NOW + ms)).toBe(false);
      streams.charge('a', 1.5 * MIB, NOW + ms);
    }
    expect(streams.isTooMuch('a', 60 * MIB, NOW + 100_000)).toBe(true);
    streams.charge('a', 200 * MIB, NOW + 100_000);
    streams.tookAlone('a', NOW + 105_000);
    expect(streams.isTooMuch('a', 60 * MIB, NOW + 200_000)).toBe(false);
    streams.rateExceeded('a', undefined, NOW + 200_000);
    expect(streams.isTooMuch('a', 60 * MIB, NOW + 300_000)).toBe(true);
  });
});
