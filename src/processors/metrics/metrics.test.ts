import { expect, test } from 'vitest';
import type { LineMetricConfig } from '../../config/processor-types.js';
import { entryOf, type InLine, StageKit } from '../../pipeline/testing/stage-kit.js';
import { DB, inAnySplit, linesOf, WEB_ERR } from '../testing/any-split.js';
import { createMetricsProcessor } from './index.js';

const BUCKETS = [0.1, 1, 10];
const processorOf = (...metrics: Partial<LineMetricConfig>[]) =>
  createMetricsProcessor('metrics', {
    type: 'metrics',
    metrics: metrics.map((metric) => ({
      name: 'm',
      kind: 'counter',
      help: 'h',
      labels: [],
      buckets: BUCKETS,
      ...metric,
    })),
  });
type Made = ReturnType<typeof processorOf>;
/** Of each metric its series: labels, value, count, buckets. */
const seriesOf = ({ metrics = [] }: Made) =>
  metrics.map(({ series }) =>
    [...series].map(({ labels, value, count, buckets }) => [labels.join(), value, count, ...buckets]),
  );
const timed = (value: string, labels = DB): InLine => ({ text: 'x', labels, fields: [['took', value]] });

test('lines are counted: all, those of a query, by labels of the stream and by fields', () => {
  const processor = processorOf(
    {},
    { where: '|= "GET" | status>=400' },
    { where: '{container="db"}' },
    { labels: ['container', 'status'] },
    { where: '|= "nowhere"' },
  );
  const lines: InLine[] = [
    { text: 'GET /', fields: [['status', '200']] },
    { text: 'GET /', fields: [['status', '404']] },
    { text: 'PUT /', fields: [['status', '500']], labels: DB },
    { text: 'other', labels: WEB_ERR },
    {
      text: 'GET /',
      fields: [
        ['container', 'own'],
        ['status', '404'],
      ],
    },
  ];
  const kit = new StageKit(() => [processor]).push(lines);
  expect(kit.out).toEqual(new StageKit(() => []).push(lines).out);
  expect(
    processor.metrics?.map(({ name, help, labelNames, buckets }) => [name, help, labelNames, buckets])[0],
  ).toEqual(['log_capturer_custom_m', 'h', [], undefined]);
  expect(seriesOf(processor)).toEqual([
    [['', 5, 5]],
    [['', 2, 2]],
    [['', 1, 1]],
    [
      ['web,200', 1, 1],
      ['web,404', 1, 1],
      ['db,500', 1, 1],
      ['web,', 1, 1],
      ['own,404', 1, 1],
    ],
    [['', 0, 0]],
  ]);
  expect(processor.figures.lines).toBe(5);
});

test.each<[value: string, counted: number | undefined]>([
  ['1', 1],
  ['0.25', 0.25],
  [' 7 ', 7],
  ['1e3', 1000],
  ['0', 0],
  ['-1', undefined],
  ['', undefined],
  ['12ms', undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
  ['1'.repeat(65), undefined],
])('a counter adds what a field says: %s', (value, counted) => {
  const processor = processorOf({ value: 'took' });
  const kit = new StageKit(() => [processor]).push([timed('2'), timed(value), { text: 'without' }]);
  expect(seriesOf(processor)).toEqual([[['', 2 + (counted ?? 0), counted === undefined ? 1 : 2]]]);
  expect(kit.out.map(({ fields }) => fields['processing_error'])).toEqual([
    undefined,
    counted === undefined ? 'metrics: not_a_number' : undefined,
    undefined,
  ]);
  expect([...processor.figures.failed]).toEqual(counted === undefined ? [['not_a_number', 1]] : []);
});

test('a histogram has the values by bounds, their sum and their number', () => {
  const processor = processorOf({ kind: 'histogram', value: 'took', labels: ['container'] });
  new StageKit(() => [processor]).push(
    ['0.1', '0.11', '1', '5', '10', '10.5', '-3'].map((value) => timed(value)),
  );
  expect(seriesOf(processor)).toEqual([[['db', 0.1 + 0.11 + 1 + 5 + 10 + 10.5 - 3, 7, 2, 4, 6]]]);
  expect(processor.metrics?.[0].buckets).toEqual(BUCKETS);
});

test('series are bounded, and so are the values of their labels', () => {
  const processor = processorOf({ labels: ['took'] });
  const kit = new StageKit(() => [processor]);
  kit.push(Array.from({ length: 1_003 }, (_, i) => timed(`${i}${'x'.repeat(500)}`)));
  kit.push([timed(`7${'x'.repeat(500)}`)]);
  const [series] = seriesOf(processor);
  expect(series).toHaveLength(1_000);
  expect(series[7]).toEqual([`7${'x'.repeat(255)}`, 2, 2]);
  expect(processor.figures.done).toEqual(new Map([['series_refused', 3]]));
});

test('streams that are not selected do not count', () => {
  const processor = processorOf({});
  new StageKit(() => [entryOf(processor, '{container="db"}')]).push([timed('1'), { text: 'web' }]);
  expect(seriesOf(processor)).toEqual([[['', 1, 1]]]);
});

test('any split of the lines counts the same', () => {
  const made: Made[] = [];
  const make = () => {
    made.push(processorOf({ where: '|= "a"', labels: ['container', 'stream'] }));
    return made[made.length - 1];
  };
  inAnySplit(make, linesOf(['a', 'b', 'ab']), ({ out }, lines) => {
    expect(out).toHaveLength(lines.length);
    const [whole, parts] = made.slice(-2).map(seriesOf);
    expect(parts).toEqual(whole);
    expect(whole[0].reduce((sum, [, value]) => sum + Number(value), 0)).toBe(
      lines.filter(({ text }) => String(text).includes('a')).length,
    );
  });
});
