import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Alert,
  type Draft,
  draftOf,
  judge,
  NEW,
  parseSpan,
  previewSentence,
  spanText,
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

test('the preview says how many lines there were, and whether that is enough', () => {
  expect(previewSentence([0, 0, 0], 1)).toBe(
    'This query matched 0 lines in the last hour; the threshold was not reached.',
  );
  expect(previewSentence([1, 0, 0], 2)).toBe(
    'This query matched 1 line in the last hour; the threshold was not reached.',
  );
  expect(previewSentence([1200, 9, 10], 10)).toBe(
    'This query matched 1,219 lines in the last hour; the threshold was reached in 2 of 3 windows.',
  );
});
