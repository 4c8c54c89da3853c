import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { factsFromNames } from './facts.js';
import { encodePosition } from './json-file/position.js';
import { begunBy, chooseTransport, type Ways } from './transport.js';

const READABLE: Ways = { log: 'readable', isApiRefused: false, begunBy: undefined };

function facts(driver: string | undefined, label?: string) {
  const labels: Record<string, string> = label === undefined ? {} : { 'log-capturer.transport': label };
  return { ...factsFromNames('a'.repeat(64), { name: 'web', labels }), driver };
}

describe('by itself', () => {
  test.each([
    ['json-file', {}, 'file', 'its log file can be read'],
    [undefined, {}, 'file', 'its log file can be read'],
    ['json-file', { log: 'missing' }, 'api', 'its log file is not on this machine'],
    ['json-file', { log: 'denied' }, 'api', 'its log file may be read by root only'],
    ['journald', {}, 'api', 'its logging driver is journald'],
    ['local', { log: 'missing' }, 'api', 'its logging driver is local'],
    ['json-file', { begunBy: 'api' }, 'api', 'it was begun this way, and only so goes on exactly'],
    ['json-file', { begunBy: 'file' }, 'file', 'its log file can be read'],
    ['json-file', { begunBy: 'file', log: 'denied' }, 'api', 'its log file may be read by root only'],
    ['json-file', { begunBy: 'api', isApiRefused: true }, 'file', 'its log file can be read'],
  ] as const)('driver %s, %j: %s', (driver, ways, transport, why) => {
    expect(chooseTransport(facts(driver), 'auto', { ...READABLE, ...ways })).toMatchObject({
      transport,
      why,
    });
  });

  test('only where root would be cheaper is there something to say', () => {
    expect(chooseTransport(facts('json-file'), 'auto', { ...READABLE, log: 'denied' }).trouble).toEqual({
      kind: 'costly',
    });
    expect(
      chooseTransport(facts('json-file'), 'auto', { ...READABLE, log: 'missing' }).trouble,
    ).toBeUndefined();
    expect(chooseTransport(facts('local'), 'auto', { ...READABLE, log: 'denied' }).trouble).toBeUndefined();
  });
});

describe('as it is told', () => {
  test('the label goes before the configuration, and nonsense in it says nothing', () => {
    const of = (label: string, configured: 'auto' | 'file' | 'api') =>
      chooseTransport(facts('json-file', label), configured, READABLE);
    expect(of('api', 'file')).toEqual({ transport: 'api', why: 'its label log-capturer.transport says so' });
    expect(of(' FILE ', 'api')).toEqual({
      transport: 'file',
      why: 'its label log-capturer.transport says so',
    });
    expect(of('auto', 'api')).toEqual({ transport: 'file', why: 'its log file can be read' });
    expect(of('smoke signals', 'api')).toEqual({ transport: 'api', why: 'the configuration says so' });
  });

  test.each([
    ['journald', READABLE, { kind: 'not-a-file', driver: 'journald' }],
    ['json-file', { ...READABLE, log: 'denied' }, { kind: 'unreadable' }],
    ['json-file', { ...READABLE, log: 'missing' }, { kind: 'elsewhere' }],
    ['none', READABLE, { kind: 'driver', driver: 'none' }],
  ] as const)('a file that cannot be read is no reason to read otherwise: %s', (driver, ways, trouble) => {
    const choice = chooseTransport(facts(driver), 'file', ways);
    expect(choice).toMatchObject({ transport: undefined, trouble });
  });
});

test('whatever is known: a way that is chosen is open, and where none is, it is said why', () => {
  const anyFacts = fc
    .tuple(
      fc.constantFrom(undefined, 'json-file', 'local', 'none'),
      fc.constantFrom(undefined, 'auto', 'file', 'api', '?'),
    )
    .map(([driver, label]) => facts(driver, label));
  const anyWays = fc.record<Ways>({
    log: fc.constantFrom('readable', 'denied', 'missing'),
    isApiRefused: fc.boolean(),
    begunBy: fc.constantFrom(undefined, 'file', 'api'),
  });
  fc.assert(
    fc.property(anyFacts, fc.constantFrom('auto', 'file', 'api'), anyWays, (facts, configured, ways) => {
      const { transport, trouble, why } = chooseTransport(facts, configured, ways);
      const isFileOpen = ways.log === 'readable' && (facts.driver ?? 'json-file') === 'json-file';
      const isApiOpen = !ways.isApiRefused && facts.driver !== 'none';
      if (transport === 'file') expect(isFileOpen).toBe(true);
      if (transport === 'api') expect(isApiOpen).toBe(true);
      if (!transport) expect(trouble).toBeDefined();
      else expect(why).not.toBe('');
      const wish = facts.labels['log-capturer.transport'] ?? configured;
      if (wish === 'auto' && (isFileOpen || isApiOpen)) expect(transport).toBeDefined();
    }),
  );
});

test('a position tells how it came about', () => {
  expect(begunBy(undefined)).toBeUndefined();
  expect(begunBy(encodePosition({ seconds: 1, nanos: 2, live: [[1, 2, 3, 4]], catchUp: [] }))).toBe('file');
  expect(begunBy({ transport: 'api', seconds: 1, nanos: 2 })).toBe('api');
  expect(begunBy('rubbish')).toBe('file');
});
