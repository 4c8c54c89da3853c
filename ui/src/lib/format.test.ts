import { expect, it } from 'vitest';
import { ago, bytes, count, counted, digits, duration, rate, short } from './format.js';

it('figures have their units and no more digits than mean something', () => {
  expect([0, 1, 999, 1204117].map(count)).toEqual(['0', '1', '999', '1,204,117']);
  expect([counted(0, 'line'), counted(1, 'line'), counted(2, 'match', 'matches')]).toEqual([
    '0 lines',
    '1 line',
    '2 matches',
  ]);
  expect([0, 0.04, 1.25, 1.2, 12.34, 125.4, 40].map(digits)).toEqual([
    '0',
    '0.04',
    '1.25',
    '1.2',
    '12.3',
    '125',
    '40',
  ]);
  expect([0, 999, 1000, 12_345, 4_560_000, 7.2e9].map(short)).toEqual([
    '0',
    '999',
    '1 k',
    '12.3 k',
    '4.56 M',
    '7.2 G',
  ]);
  expect([0, 1023, 1024, 1_290_000, 5 * 1024 ** 3].map(bytes)).toEqual([
    '0 B',
    '1023 B',
    '1 KiB',
    '1.23 MiB',
    '5 GiB',
  ]);
  expect(rate(1200, 'lines')).toBe('1.2 k lines/s');
  expect([0.35, 1, 12.34, 60, 300, 3600, 12_000, 90_000, 1_036_800].map(duration)).toEqual([
    '350 ms',
    '1 s',
    '12.3 s',
    '1 min',
    '5 min',
    '1 h',
    '3 h 20 min',
    '1 d 1 h',
    '12 d',
  ]);
  expect([ago(1_000, 1_500), ago(0, 90_000)]).toEqual(['now', '1 min 30 s ago']);
});
