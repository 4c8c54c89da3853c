import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Alert,
  type Draft,
  draftOf,
  judge,
  NEW,
  parseSpan,
  spanText,
  totals,
  trialOf,
  trialSentence,
} from './alert.js';

const GOOD: Draft = {
  ...NEW,
  name: ' Payments fail ',
  query: '{container="pay"} |= "declined"',
  url: 'https://hooks.example/T0/B0',
};

const ALERT: Alert = {
  id: 'a1',
  name: 'Payments fail',
  query: '{container="pay"} |= "declined"',
  threshold: 10,
  windowSeconds: 5400,
  coolDownSeconds: 0,
  webhook: { type: 'slack', url: 'https://hooks.example/…' },
  enabled: false,
  origin: 'page',
  state: 'ok',
  matches: 0,
  lastFired: null,
  deliveries: [],
};

describe('a time', () => {
  test.each([
    ['90', 90],
    ['90s', 90],
    ['5m', 300],
    ['1h 30m', 5400],
    ['1D', 86_400],
    ['0s', 0],
  ])('%s is %i seconds', (text, seconds) => {
    expect(parseSpan(text)).toBe(seconds);
  });

  test.each(
    ['', 'soon', '5', '-5m', '1.5h', 'm5', '5mm', '5 months', '99999999999s'].filter((text) => text !== '5'),
  )('%j is none', (text) => {
    expect(parseSpan(text)).toBeUndefined();
  });

  test('is written as it is read', () => {
    fc.assert(
      fc.property(fc.nat(10 * 86_400), (seconds) => {
        expect(parseSpan(spanText(seconds))).toBe(seconds);
      }),
    );
    expect(spanText(5400)).toBe('1h30m');
  });
});

describe('the form', () => {
  test('is sent as it was meant', () => {
    expect(judge(GOOD)).toEqual({
      wanted: {
        name: 'Payments fail',
        query: '{container="pay"} |= "declined"',
        threshold: 10,
        windowSeconds: 300,
        coolDownSeconds: 900,
        webhook: { type: 'slack', url: 'https://hooks.example/T0/B0' },
        enabled: true,
      },
    });
  });

  test.each<[field: keyof Draft, value: string]>([
    ['name', ' '],
    ['threshold', '0'],
    ['threshold', '1.5'],
    ['threshold', 'many'],
    ['window', '0s'],
    ['window', '25h'],
    ['window', 'long'],
    ['coolDown', '8d'],
    ['coolDown', ''],
    ['url', ''],
    ['url', 'hooks.example/T0'],
    ['url', 'javascript:alert(1)'],
    ['url', 'https://'],
  ])('says of %s what is wrong with %j, and of nothing else', (field, value) => {
    const result = judge({ ...GOOD, [field]: value });
    expect(result).toEqual({ faults: { [field]: expect.stringMatching(/^[A-Z].*\.$/) as string } });
  });

  test('keeps the address of an alert that is changed, but never for another service', () => {
    const draft = draftOf(ALERT);
    expect(draft).toEqual({
      ...GOOD,
      name: 'Payments fail',
      window: '1h30m',
      coolDown: '0s',
      url: '',
      enabled: false,
    });
    const kept = judge(draft, ALERT);
    expect('wanted' in kept && kept.wanted.webhook).toEqual({ type: 'slack' });
    expect(judge({ ...draft, type: 'ntfy' }, ALERT)).toHaveProperty('faults.url');
    expect(judge(draft)).toHaveProperty('faults.url');
  });
});

describe('a trial', () => {
  test('cuts the last hour into windows, and takes a window that is longer as it is', () => {
    expect(trialOf({ window: '5m' })).toEqual({ seconds: 3600, windows: 12 });
    expect(trialOf({ window: '7m' })).toEqual({ seconds: 3600, windows: 8 });
    expect(trialOf({ window: '1s' })).toEqual({ seconds: 3600, windows: 120 });
    expect(trialOf({ window: '2h' })).toEqual({ seconds: 7200, windows: 1 });
    expect([trialOf({ window: 'x' }), trialOf({ window: '0s' })]).toEqual([undefined, undefined]);
  });

  test('counts lines of all levels', () => {
    expect(totals({ error: [1, 0, 2], info: [10, 20, 30] })).toEqual([11, 20, 32]);
    expect(totals({})).toEqual([]);
  });

  test('says how many lines there were, and whether that is enough', () => {
    const hour = { seconds: 3600, windows: 3 };
    expect(trialSentence([1, 0, 0], 2, hour)).toBe(
      'This query matched 1 line in the last hour; the threshold was not reached.',
    );
    expect(trialSentence([1200, 9, 10], 10, { ...hour, seconds: 7200 })).toBe(
      'This query matched 1,219 lines in the last 2h; the threshold was reached in 2 of 3 windows.',
    );
  });
});
