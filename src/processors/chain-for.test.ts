import { expect, test } from 'vitest';
import type { ProcessorConfig } from '../config/processor-types.js';
import { entryOf, processorOf } from '../pipeline/testing/stage-kit.js';
import { type ConfiguredProcessor, chainsFor, type MakeTuned } from './chain-for.js';

function configured(...types: ProcessorConfig['type'][]): ConfiguredProcessor[] {
  return types.map((type, i) => ({
    name: `${type}-${i}`,
    config: { type } as ProcessorConfig,
    entry: entryOf(
      processorOf(() => {}, `${type}-${i}`),
      '{container="web"}',
    ),
  }));
}

/** Says what it was asked for in the name. */
const make: MakeTuned = (type, value, base) =>
  value === 'false'
    ? undefined
    : processorOf(() => {}, `${type}:${value}${base ? ` instead of ${base.name}` : ''}`);

test.each<[string, ProcessorConfig['type'][], Record<string, string> | undefined, string[]]>([
  ['no tuning', ['multiline', 'redact'], undefined, ['multiline-0', 'redact-1']],
  ['tuning of something else', ['filter'], { color: 'blue' }, ['filter-0']],
  [
    'nothing configured',
    [],
    { redact: 'default', parse: 'json', multiline: 'go' },
    ['multiline:go', 'parse:json', 'redact:default'],
  ],
  [
    'in its place',
    ['filter', 'parse', 'redact'],
    { parse: 'json' },
    ['filter-0', 'parse:json instead of parse-1', 'redact-2'],
  ],
  ['none of it', ['filter', 'redact'], { redact: 'false' }, ['filter-0']],
  [
    'one for all of the type',
    ['parse', 'filter', 'parse', 'sample'],
    { parse: 'klog' },
    ['parse:klog instead of parse-0', 'filter-1', 'sample-3'],
  ],
  ['all of the type', ['parse', 'filter', 'parse'], { parse: 'false' }, ['filter-1']],
  [
    'behind multiline',
    ['filter', 'multiline', 'sample'],
    { parse: 'json' },
    ['filter-0', 'multiline-1', 'parse:json', 'sample-2'],
  ],
  [
    'before all',
    ['filter', 'sample'],
    { multiline: 'go', parse: 'json' },
    ['multiline:go', 'parse:json', 'filter-0', 'sample-1'],
  ],
  ['at the end', ['filter', 'sample'], { redact: 'ip' }, ['filter-0', 'sample-1', 'redact:ip']],
])('%s', (_, types, tuning, names) => {
  const entries = chainsFor(configured(...types), make)(tuning);
  expect(entries.map(({ processor }) => processor.name)).toEqual(names);
});

test('what a container asks for is for all of its streams; the rest is for whom it was', () => {
  const [redact, filter] = chainsFor(configured('redact', 'filter'), make)({ redact: 'ip' });
  expect([redact.match, filter.match?.({ container: 'web' }), filter.match?.({ container: 'db' })]).toEqual([
    undefined,
    true,
    false,
  ]);
});

test('equal tunings share their processors, others do not', () => {
  const chains = chainsFor(configured('filter'), make);
  const processors = (tuning: Record<string, string>) => chains(tuning).map(({ processor }) => processor);
  const [filter, ip] = processors({ redact: 'ip' });
  expect(processors({ redact: 'ip', other: 'x' })).toEqual([filter, ip]);
  expect(processors({ redact: 'ip' })[1]).toBe(ip);
  expect(processors({ redact: 'email' })[1]).not.toBe(ip);
  expect(chains(undefined)[0].processor).toBe(filter);
});
