import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatDuration,
  formatPercent,
  formatSize,
  parseDuration,
  parsePercent,
  parseSize,
  roundedSize,
} from './units.js';

describe('units', () => {
  test.each([
    ['2GiB', 2 * 1024 ** 3],
    ['100MiB', 100 * 1024 ** 2],
    ['64k', 65536],
    ['10MB', 10_000_000],
    ['1.5 GiB', 1.5 * 1024 ** 3],
    ['12', 12],
    [12, 12],
    ['12x', undefined],
    ['-1', undefined],
    ['', undefined],
    ['constructor', undefined],
    ['1constructor', undefined],
    ['999999999999999TiB', undefined],
    [Number.NaN, undefined],
    [null, undefined],
  ])('size %j', (given, bytes) => expect(parseSize(given)).toBe(bytes));

  test.each([
    ['200ms', 200],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['1.5s', 1500],
    [0, 0],
    ['0', 0],
    ['5', undefined],
    [5, undefined],
    ['5 parsecs', undefined],
  ])('duration %j', (given, ms) => expect(parseDuration(given)).toBe(ms));

  test.each([
    ['5%', 0.05],
    ['0%', 0],
    ['100 %', 1],
    ['101%', undefined],
    ['5', undefined],
    [0.05, undefined],
  ])('percent %j', (given, fraction) => expect(parsePercent(given)).toBe(fraction));

  test('what is formatted is parsed to the same', () => {
    const amount = fc.oneof(
      fc.nat(),
      fc.maxSafeNat().map((n) => n % 1e15),
      fc.nat(9999).map((n) => n * 1024 ** 3),
    );
    fc.assert(fc.property(amount, (n) => parseSize(formatSize(n)) === n));
    fc.assert(fc.property(amount, (n) => parseDuration(formatDuration(n)) === n));
    fc.assert(
      fc.property(fc.nat(10_000), (n) => {
        expect(parsePercent(formatPercent(n / 10_000))).toBeCloseTo(n / 10_000, 8);
      }),
    );
  });

  test('rounded for reading', () => {
    expect([0, 1023, 1024, 1536, 300 * 1024 ** 2, 5 * 1024 ** 4].map(roundedSize)).toEqual([
      '0 B',
      '1023 B',
      '1 KiB',
      '1.5 KiB',
      '300 MiB',
      '5 TiB',
    ]);
  });
});
