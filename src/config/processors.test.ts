/** What can be said of processors that change or drop lines, and what is wrong with it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentError } from '../runtime/errors.js';
import { loadConfig } from './load.js';
import type { ProcessorConfig } from './processor-types.js';

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'log-capturer-processors-'));
});

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** `entry` is what stands in the list, in YAML's flow form. */
function load(...entries: readonly string[]): readonly ProcessorConfig[] {
  writeFileSync(
    path.join(cwd, 'c.yaml'),
    `processors:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`,
  );
  return loadConfig({ cwd, env: {}, flags: {}, file: 'c.yaml' }).config.processors;
}

test.each<[entry: string, config: object]>([
  [
    `{ type: filter, match: '{a="b"}', keep: ['{c="d"} |~ "x+"'], drop: [healthz, '| status<500'] }`,
    { match: '{a="b"}', keep: ['{c="d"} |~ "x+"'], drop: ['healthz', '| status<500'] },
  ],
  ['{ type: filter, drop: [x] }', { keep: [], drop: ['x'] }],
  ['{ type: sample, rate: 0.25 }', { rate: 0.25 }],
  ['{ type: sample, rate: 1 }', { rate: 1 }],
  ['{ type: rate_limit, lines_per_second: 0.5 }', { linesPerSecond: 0.5 }],
  ['{ type: rate_limit, lines_per_second: 100, burst: 5 }', { linesPerSecond: 100, burst: 5 }],
  ['{ type: dedupe }', { windowMs: 10_000 }],
  ['{ type: dedupe, window: 1m }', { windowMs: 60_000 }],
  [
    '{ type: labels, drop: [a], rename: { b: c }, add: { d: e }, from_fields: { tenant: tenant_id }, max_values: 5 }',
    { drop: ['a'], rename: { b: 'c' }, add: { d: 'e' }, fromFields: { tenant: 'tenant_id' }, maxValues: 5 },
  ],
  [
    '{ type: labels, add: { a: b } }',
    { drop: [], rename: {}, add: { a: 'b' }, fromFields: {}, maxValues: 100 },
  ],
  ['{ type: parse }', { format: 'auto' }],
  [
    `{ type: parse, format: regex, pattern: '(?P<a>.)', fields: [a], message_field: a }`,
    { format: 'regex', pattern: '(?P<a>.)', fields: ['a'], messageField: 'a' },
  ],
  ['{ type: level }', {}],
  ['{ type: level, default: info }', { default: 'info' }],
  [
    '{ type: timestamp }',
    {
      fields: ['time', 'timestamp', 'ts', '_timestamp'],
      formats: ['rfc3339', 'rfc1123', 'clf', 'syslog', 'klog', 'unix', 'unix_ms', 'unix_us', 'unix_ns'],
      timezone: 'UTC',
      tooOld: 'keep',
      maxBehindMs: 604_800_000,
      tooNew: 'refuse',
      maxAheadMs: 600_000,
    },
  ],
  [
    `{ type: timestamp, fields: [t], formats: '%d.%m.%Y %H:%M', timezone: Europe/Berlin, too_old: clamp, max_behind: 1h, too_new: keep, max_ahead: 0 }`,
    {
      fields: ['t'],
      formats: ['%d.%m.%Y %H:%M'],
      timezone: 'Europe/Berlin',
      tooOld: 'clamp',
      maxBehindMs: 3_600_000,
      tooNew: 'keep',
      maxAheadMs: 0,
    },
  ],
  [
    '{ type: metrics, metrics: [{ name: a_total }, { name: b, kind: histogram, value: took, where: x, labels: [c], buckets: [1, 2.5] }] }',
    {
      metrics: [
        { name: 'a_total', kind: 'counter', help: 'Made of lines.', labels: [], buckets: expect.any(Array) },
        {
          name: 'b',
          kind: 'histogram',
          help: 'Made of lines.',
          value: 'took',
          where: 'x',
          labels: ['c'],
          buckets: [1, 2.5],
        },
      ],
    },
  ],
])('%s', (entry, config) => {
  expect(load(entry)).toEqual([{ type: /type: (\w+)/.exec(entry)?.[1], ...config }]);
});

test.each<[entry: string, problem: string]>([
  ['{ type: filter }', 'processors[0]: needs keep or drop'],
  [`{ type: filter, keep: ['{a="b"'] }`, 'processors[0].keep[0]: must be a query'],
  [`{ type: filter, drop: [ok, '|~ "("'] }`, 'processors[0].drop[1]: must be a query'],
  ['{ type: sample, rate: 0 }', 'processors[0].rate: must be a number above 0, at most 1'],
  ['{ type: sample, rate: 1.5 }', 'processors[0].rate: must be'],
  ['{ type: sample }', 'processors[0].rate'],
  ['{ type: rate_limit, lines_per_second: -1 }', 'processors[0].lines_per_second: must be'],
  ['{ type: rate_limit, lines_per_second: 1, burst: 0 }', 'processors[0].burst: must be'],
  ['{ type: dedupe, window: 1ms }', 'processors[0].window: must be'],
  ['{ type: labels }', 'processors[0]: needs drop, rename, add or from_fields'],
  ['{ type: labels, drop: [catch_up] }', 'processors[0].drop: must be'],
  ['{ type: labels, rename: { gap: x } }', 'processors[0].rename'],
  ['{ type: labels, rename: { x: catch_up } }', 'processors[0].rename.x: must be'],
  ['{ type: labels, add: { __x: y } }', 'processors[0].add'],
  ['{ type: labels, from_fields: { a: b-c } }', 'processors[0].from_fields.a: must be'],
  ['{ type: metrics, metrics: [{ name: a }] }', 'processors[0].metrics[0].name: must end with _total'],
  [
    '{ type: metrics, metrics: [{ name: a_sum, kind: histogram }] }',
    'processors[0].metrics[0].name: must not end',
  ],
  [
    '{ type: metrics, metrics: [{ name: a_total }, { name: a_total }] }',
    'processors[0].metrics[1].name: is the name of another',
  ],
  [
    '{ type: metrics, metrics: [{ name: a_total, labels: [le] }] }',
    'processors[0].metrics[0].labels: must be',
  ],
  [
    '{ type: metrics, metrics: [{ name: a_total, labels: [__a] }] }',
    'processors[0].metrics[0].labels: must be',
  ],
  [
    '{ type: metrics, metrics: [{ name: b, kind: histogram, buckets: [2, 1] }] }',
    'processors[0].metrics[0].buckets: must be',
  ],
  ['{ type: metrics, metrics: [] }', 'processors[0].metrics'],
  ['{ type: parse, format: xml }', 'processors[0].format: must be auto or json'],
  ['{ type: parse, format: regex }', 'processors[0].format: needs pattern'],
  [`{ type: parse, format: json, pattern: '(?P<a>.)' }`, 'processors[0].pattern: is for format regex only'],
  ['{ type: parse, format: regex, pattern: x }', 'processors[0].pattern: must be a regular expression with'],
  [`{ type: parse, format: regex, pattern: '(?P<a>x' }`, 'a ( is not closed'],
  ['{ type: parse, message_field: a-b }', 'processors[0].message_field: must be the name of a field'],
  ['{ type: level, default: unknown }', 'processors[0].default: must be critical or error'],
  ['{ type: timestamp, formats: [] }', 'processors[0].formats: must be a list of formats'],
  ['{ type: timestamp, formats: [rfc3339, "%Q"] }', '%Q is not known'],
  ['{ type: timestamp, formats: "%H:%M" }', 'it tells no day'],
  ['{ type: timestamp, timezone: Mars }', 'processors[0].timezone: must be the name of a time zone'],
])('refuses %s', (entry, problem) => {
  let message = '';
  try {
    load(entry);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    ({ message } = error);
  }
  expect(message).toMatch(/c\.yaml:2:\d+/);
  expect(message).toContain(problem);
});
