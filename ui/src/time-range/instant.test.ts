import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fields, isoOf, isRelative, momentOf, readMoment, typedForm } from './instant.js';

const NOW = Date.parse('2026-11-22T13:00:00Z');
const zoneBefore = process.env['TZ'];

// A zone with daylight saving: +01:00 in winter, +02:00 in summer.
beforeAll(() => {
  process.env['TZ'] = 'Europe/Berlin';
});
afterAll(() => {
  if (zoneBefore === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zoneBefore;
});

describe('what people type', () => {
  it.each([
    ['now', 'now'],
    ['15m', '15m'],
    ['now-15m', '15m'],
    ['now - 2 hours', '2h'],
    ['15 min ago', '15m'],
    ['1 week ago', '1w'],
    ['1.5h', '1.5h'],
    [' 7D ', '7d'],
    ['2026-11-22T13:00:00Z', '2026-11-22T13:00:00.000Z'],
    ['2026-11-22T13:00:00.123456789Z', '2026-11-22T13:00:00.123Z'],
    ['2026-11-22 13:00 UTC', '2026-11-22T13:00:00.000Z'],
    ['2026-11-22T13:00:00-05:30', '2026-11-22T18:30:00.000Z'],
    ['2026-11-22T13:00+0100', '2026-11-22T12:00:00.000Z'],
    ['1795352400', '2026-11-22T13:00:00.000Z'],
    ['1795352400.5', '2026-11-22T13:00:00.500Z'],
  ])('%s is %s in any zone', (typed, canonical) => {
    expect(readMoment(typed, 'local', NOW)).toBe(canonical);
    expect(readMoment(typed, 'utc', NOW)).toBe(canonical);
  });

  it.each([
    ['2026-11-22 13:00', '2026-11-22T12:00:00.000Z', '2026-11-22T13:00:00.000Z'],
    ['2026-07-01 13:00:05', '2026-07-01T11:00:05.000Z', '2026-07-01T13:00:05.000Z'],
    ['2026-07-01 13:00:05,25', '2026-07-01T11:00:05.250Z', '2026-07-01T13:00:05.250Z'],
    ['2026-11-22', '2026-11-21T23:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['9:05', '2026-11-22T08:05:00.000Z', '2026-11-22T09:05:00.000Z'],
    ['13:00:05.5', '2026-11-22T12:00:05.500Z', '2026-11-22T13:00:05.500Z'],
  ])('%s is %s here and %s in UTC', (typed, local, utc) => {
    expect(readMoment(typed, 'local', NOW)).toBe(local);
    expect(readMoment(typed, 'utc', NOW)).toBe(utc);
  });

  it.each([
    '',
    'yesterday',
    '5 parsecs',
    '2026-02-30',
    '2026-13-01',
    '2026-11-22 24:00',
    '13:60',
    '1969-12-31',
    '12',
    '-5m',
    '5mm',
  ])('%j is not understood', (typed) => {
    expect(readMoment(typed, 'local', NOW)).toBeNull();
  });

  it('today is the day of the zone that is shown', () => {
    const justBeforeMidnight = Date.parse('2026-11-22T23:30:00Z');
    expect(readMoment('00:10', 'local', justBeforeMidnight)).toBe('2026-11-22T23:10:00.000Z');
    expect(readMoment('00:10', 'utc', justBeforeMidnight)).toBe('2026-11-22T00:10:00.000Z');
  });

  it('arbitrary text is a canonical moment or null', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('local' as const, 'utc' as const), (typed, zone) => {
        const read = readMoment(typed, zone, NOW);
        if (read !== null) expect(momentOf(read, NOW)).not.toBeNull();
      }),
    );
  });
});

it('canonical moments: ages, now, RFC 3339, seconds; nothing else', () => {
  expect(momentOf('now', NOW)).toBe(NOW);
  expect(momentOf('90s', NOW)).toBe(NOW - 90_000);
  expect(momentOf('2w', NOW)).toBe(NOW - 14 * 86_400_000);
  expect(momentOf('2026-11-22T13:00:00.123456789Z', NOW)).toBe(NOW + 123);
  expect(momentOf('1795352400', 0)).toBe(NOW);
  expect(momentOf('15 min', NOW)).toBeNull();
  expect(momentOf('soon', NOW)).toBeNull();
  expect([isRelative('now'), isRelative('5m'), isRelative('2026-11-22')]).toEqual([true, true, false]);
});

it('what stands in a field is read back as the same moment, daylight saving included', () => {
  const moments = fc.integer({ min: 0, max: 4_294_967_295_000 });
  fc.assert(
    fc.property(moments, fc.constantFrom('local' as const, 'utc' as const), (moment, zone) => {
      const iso = isoOf(moment);
      const back = momentOf(readMoment(typedForm(iso, zone), zone, NOW) ?? '', NOW) ?? 0;
      // The hour that comes twice in autumn has one spelling for two moments.
      expect([0, zone === 'local' ? 3_600_000 : 0]).toContain(Math.abs(back - moment));
    }),
    {
      examples: [
        [Date.parse('2026-10-25T00:30:00Z'), 'local'],
        [Date.parse('2026-03-29T00:59:59.999Z'), 'local'],
      ],
    },
  );
  expect(typedForm('15m', 'local')).toBe('15m');
  expect(typedForm('2026-11-22T13:00:00.000Z', 'local')).toBe('2026-11-22 14:00:00');
});

it('fields of a moment in both zones', () => {
  expect(fields(Date.parse('2026-07-01T22:30:00.007Z'), 'local')).toEqual(['2026-07-02', '00:30:00.007']);
  expect(fields(Date.parse('2026-07-01T22:30:00.007Z'), 'utc')).toEqual(['2026-07-01', '22:30:00.007']);
});
