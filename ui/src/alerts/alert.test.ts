import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAlert } from '../../../src/alerts/alert.js';
import type { AlertView } from '../../../src/alerts/shape.js';
import {
  type Draft,
  draftOf,
  judge,
  NEW,
  parseSpan,
  spanText,
  totals,
  trialSentence,
  windowsOf,
} from './alert.js';

const GOOD: Draft = {
  ...NEW,
  name: ' Payments fail ',
  query: '{container="pay"} |= "declined"',
  url: 'https://hooks.example/T0/B0',
};

const ALERT: AlertView = {
  id: 'a1',
  name: 'Payments fail',
  query: '{container="pay"} |= "declined"',
  threshold: 10,
  windowSeconds: 90,
  coolDownSeconds: 5400,
  sendResolved: true,
  webhook: { type: 'slack', url: 'https://hooks.example/…' },
  enabled: false,
  origin: 'page',
  state: 'ok',
  matches: 0,
  lastFired: null,
  lastResolved: null,
  trouble: null,
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
        sendResolved: false,
        webhook: { type: 'slack', url: 'https://hooks.example/T0/B0' },
        enabled: true,
      },
    });
  });

  test.each<[field: keyof Draft, value: string]>([
    ['name', ' '],
    ['name', 'x'.repeat(101)],
    ['threshold', '1000001'],
    ['threshold', '0'],
    ['threshold', '1.5'],
    ['threshold', 'many'],
    ['window', '0s'],
    ['window', '61m'],
    ['window', 'long'],
    ['coolDown', '8d'],
    ['coolDown', '9s'],
    ['coolDown', ''],
    ['url', ''],
    ['url', 'hooks.example/T0'],
    ['url', 'javascript:alert(1)'],
    ['url', 'https://'],
  ])('says of %s what is wrong with %j, and of nothing else', (field, value) => {
    const result = judge({ ...GOOD, [field]: value });
    expect(result).toEqual({ faults: { [field]: expect.stringMatching(/^[A-Z].*\.$/) as string } });
  });

  test('asks for no more and no less than the agent does', () => {
    const edges = { ...GOOD, name: 'x'.repeat(100), threshold: '1000000', window: '1h', coolDown: '10s' };
    for (const draft of [GOOD, edges, { ...edges, threshold: '1', window: '1s', coolDown: '7d' }]) {
      const result = judge(draft);
      if (!('wanted' in result)) throw new Error(JSON.stringify(result.faults));
      const { id, ...taken } = readAlert(result.wanted, 'a1');
      expect([id, taken]).toEqual(['a1', result.wanted]);
    }
    const changed = judge(draftOf(ALERT), ALERT);
    const before = readAlert(
      { ...('wanted' in changed && changed.wanted), webhook: { type: 'slack', url: 'https://a.b/c' } },
      'a1',
    );
    expect(readAlert('wanted' in changed && changed.wanted, 'a1', before)).toEqual(before);
  });

  test('keeps the address of an alert that is changed, but never for another service', () => {
    const draft = draftOf(ALERT);
    expect(draft).toEqual({
      ...GOOD,
      sendResolved: true,
      name: 'Payments fail',
      window: '1m30s',
      coolDown: '1h30m',
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
  test('cuts the last hour into windows', () => {
    expect(['5m', '7m', '1s', '1h', '40m'].map((window) => windowsOf({ window }))).toEqual([
      12, 8, 120, 1, 1,
    ]);
    expect(['x', '0s', '2h'].map((window) => windowsOf({ window }))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('counts lines of all levels', () => {
    expect(totals({ error: [1, 0, 2], info: [10, 20, 30] })).toEqual([11, 20, 32]);
    expect(totals({})).toEqual([]);
  });

  test('says how many lines there were, and whether that is enough', () => {
    expect(trialSentence([1, 0, 0], 2)).toBe(
      'This query matched 1 line in the last hour; the threshold was not reached.',
    );
    expect(trialSentence([1200, 9, 10], 10)).toBe(
      'This query matched 1,219 lines in the last hour; the threshold was reached in 2 of 3 windows.',
    );
  });
});
