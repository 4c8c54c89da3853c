/** A processor of type metrics. */
import { z } from 'zod';
import { type Leaf, leaf } from '../../leaf.js';
import { anyText, oneOf, textLike } from '../../leaves.js';
import type { LineMetricConfig, MetricsProcessorConfig } from '../../processor-types.js';
import { section } from '../../section.js';
import { MATCH, match, query, TYPE } from '../shared.js';

const NAME = '^[a-zA-Z_][a-zA-Z0-9_]*$';
/** Prometheus' own use. */
const RESERVED: readonly string[] = ['le'];
const MAX_LABELS = 8;
const MAX_BUCKETS = 50;
/** Those that are usual for seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const names = (): Leaf<readonly string[]> =>
  leaf(
    {
      accepts: `a list of at most ${MAX_LABELS} names of labels or fields, such as [container, status]`,
      json: { type: ['array', 'string'], items: { type: 'string', pattern: NAME }, maxItems: MAX_LABELS },
    },
    (value) => {
      const names = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;
      if (!Array.isArray(names) || names.length > MAX_LABELS) return undefined;
      const isName = (name: unknown): boolean =>
        typeof name === 'string' &&
        new RegExp(`${NAME.slice(0, 1)}(?!__)${NAME.slice(1)}`).test(name) &&
        !RESERVED.includes(name);
      return names.every(isName) && new Set(names).size === names.length ? (names as string[]) : undefined;
    },
  );

const buckets = (): Leaf<readonly number[]> =>
  leaf(
    {
      accepts: `a list of at most ${MAX_BUCKETS} numbers, each above the one before, such as [0.1, 1, 10]`,
      json: { type: 'array', items: { type: 'number' }, minItems: 1, maxItems: MAX_BUCKETS },
    },
    (value) => {
      if (!Array.isArray(value) || value.length === 0 || value.length > MAX_BUCKETS) return undefined;
      const isRising = value.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > value[i - 1]));
      return isRising ? (value as number[]) : undefined;
    },
  );

const metric = section<LineMetricConfig>({
  name: [
    'name',
    textLike(
      'a name of letters, digits and _, beginning with a letter, at most 100',
      '^[a-zA-Z][a-zA-Z0-9_]{0,99}$',
    ),
    'Its name, behind log_capturer_custom_. Those of counters should end with _total.',
  ],
  kind: ['kind', oneOf('counter', 'histogram').default('counter'), 'What becomes of the values.'],
  help: ['help', anyText().default('Made of lines.'), 'What it is, for people who see it in Prometheus.'],
  where: ['where', query().optional(), 'Which lines, as on the page. Default: all.'],
  value: [
    'value',
    textLike('the name of a field: letters, digits and _', NAME).optional(),
    'The field with the number; lines without it do not count. Default: each line is 1.',
  ],
  labels: [
    'labels',
    names().default([]),
    'Fields of the line, or labels of its stream, that become labels of the series.',
  ],
  buckets: ['buckets', buckets().default(BUCKETS), 'Upper bounds of a histogram.'],
});

export const metrics = section<MetricsProcessorConfig>({
  type: ['type', z.literal('metrics'), TYPE],
  match: ['match', match().optional(), MATCH],
  metrics: ['metrics', z.array(metric).min(1), 'The metrics.'],
});
