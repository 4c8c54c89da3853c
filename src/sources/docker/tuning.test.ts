import { expect, test } from 'vitest';
import { silentLogger } from '../../runtime/log.js';
import { Tuner } from './tuning.js';

function setUp(sinks: readonly string[] = ['local', 'loki']) {
  const said: string[] = [];
  const log = { ...silentLogger, warn: (_: object, message: string) => void said.push(message) };
  const problem = (type: string, value: string): string | undefined =>
    value === 'wrong' ? `it must be right for ${type}` : undefined;
  const tuner = new Tuner({ problem, sinkNames: () => sinks }, log);
  const of = (labels: Record<string, string>, name = 'web') => tuner.of({ name, labels });
  return { of, said };
}

test('a container without such labels asks for nothing', () => {
  const { of, said } = setUp();
  expect(of({ 'com.acme.team': 'blue', 'log-capturer.enabled': 'true', 'log-capturer.test': 'x' })).toEqual({
    labels: {},
    tuning: undefined,
  });
  expect(said).toEqual([]);
});

test('what a container may ask for', () => {
  const { of, said } = setUp();
  expect(
    of({
      'log-capturer.multiline': ' java, go ',
      'log-capturer.parse': 'json',
      'log-capturer.redact': 'default,ip',
      'log-capturer.labels.team': 'blue',
      'log-capturer.labels.zone_2': 'eu',
      'log-capturer.sink': 'loki, local,loki',
      'log-capturer.tenant': 'team-blue',
    }),
  ).toEqual({
    labels: { team: 'blue', zone_2: 'eu', __sinks__: 'local,loki', __tenant__: 'team-blue' },
    tuning: { multiline: 'java, go', parse: 'json', redact: 'default,ip' },
  });
  expect(of({ 'log-capturer.multiline': '^\\d{4}-', 'log-capturer.redact': 'False' }).tuning).toEqual({
    multiline: '^\\d{4}-',
    redact: 'False',
  });
  expect(said).toEqual([]);
});

test.each([
  ['log-capturer.multiline', 'wrong', 'it must be right for multiline'],
  ['log-capturer.parse', 'wrong', 'it must be right for parse'],
  ['log-capturer.redact', 'wrong', 'it must be right for redact'],
  ['log-capturer.labels.__sinks__', 'x', 'does not begin with __'],
  ['log-capturer.labels.a-b', 'x', 'letters, digits and _'],
  ['log-capturer.sink', 'lokii', 'names of sinks; there are: local, loki'],
  ['log-capturer.sink', '', 'names of sinks'],
  ['log-capturer.tenant', 'a/b', "a tenant's name"],
  ['log-capturer.tenant', '', "a tenant's name"],
])('%s=%j is ignored, and said once with container, key and remedy', (key, value, remedy) => {
  const { of, said } = setUp();
  const nothing = { labels: {}, tuning: undefined };
  expect([of({ [key]: value }), of({ [key]: value })]).toEqual([nothing, nothing]);
  expect(said).toHaveLength(1);
  expect(said[0]).toContain(`${key}=${JSON.stringify(value)} of the container web is ignored`);
  expect(said[0]).toContain(remedy);
  of({ [key]: value }, 'db');
  expect(said).toHaveLength(2);
});

test('of several sinks those count that there are', () => {
  const { of, said } = setUp();
  expect(of({ 'log-capturer.sink': 'loki,other' }).labels).toEqual({ __sinks__: 'loki' });
  expect(said).toHaveLength(1);
  expect(setUp([]).of({ 'log-capturer.sink': 'loki' }).labels).toEqual({});
});

test('a long value is not written out', () => {
  const { of, said } = setUp();
  of({ 'log-capturer.tenant': 'x'.repeat(5000) });
  expect(said[0].length).toBeLessThan(500);
});
