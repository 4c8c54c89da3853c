import { expect, test } from 'vitest';
import { parse } from './schema/processors/parse.js';
import { redact } from './schema/processors/redact.js';
import { tunedConfig, tuningProblem } from './tuning.js';

const REDACT = redact.decode({
  type: 'redact',
  match: '{env="prod"}',
  rules: ['email'],
  patterns: [{ name: 'customer', pattern: 'K-\\d+' }],
});
const PARSE = parse.decode({
  type: 'parse',
  format: 'regex',
  pattern: '(?P<a>.)',
  message_field: 'a',
});

test('false is none, true is as configured, for all streams', () => {
  for (const no of ['false', ' FALSE ', 'off', 'no', '0'])
    expect(tunedConfig('redact', no, REDACT)).toBeUndefined();
  const { match: _, ...always } = REDACT;
  for (const yes of ['true', 'on', ' ']) expect(tunedConfig('redact', yes, REDACT)).toEqual(always);
  expect(tunedConfig('redact', 'true')).toMatchObject({ type: 'redact', patterns: [] });
  expect(tunedConfig('multiline', 'true')).toMatchObject({ type: 'multiline', maxLines: 500 });
});

test('what the label says; own patterns of redact stay', () => {
  expect(tunedConfig('redact', 'ip, jwt', REDACT)).toEqual({
    type: 'redact',
    rules: ['ip', 'jwt'],
    patterns: REDACT.patterns,
  });
  expect(tunedConfig('parse', 'json', PARSE)).toEqual({ type: 'parse', format: 'json' });
  expect(tunedConfig('multiline', 'java,go')).toMatchObject({ languages: ['java', 'go'] });
  expect(tunedConfig('multiline', '^\\d')).toMatchObject({ start: '^\\d' });
  expect(tunedConfig('multiline', 'java,gopher')).toMatchObject({ start: 'java,gopher' });
});

test('what is wrong is said in words', () => {
  expect(() => tunedConfig('redact', 'mail')).toThrow(
    /it must be false, or rules such as "default, ip"; must be a list/,
  );
  expect(() => tunedConfig('parse', 'regex')).toThrow(/can only be configured/);
  expect(() => tunedConfig('multiline', '(')).toThrow(/it must be false, languages/);
});

test('whether something is wrong', () => {
  expect(tuningProblem('parse', 'json')).toBeUndefined();
  expect(tuningProblem('parse', 'yaml')).toMatch(/a format such as json/);
});
