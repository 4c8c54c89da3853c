import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Exposition } from '../../../test/support/exposition.js';
import { Families } from './families.js';

test('a family is filled anew at each scrape, and one without labels always has its series', () => {
  const families = new Families();
  let stages: [string, number][] = [['a', 1]];
  families.gauge('stages', 'Some.', ['stage'], (put) => {
    for (const [stage, value] of stages) put(value, { stage });
  });
  families.counter('all_total', 'All\nof \\ them.', [], () => {});
  expect(families.text()).toBe(
    '# HELP stages Some.\n# TYPE stages gauge\nstages{stage="a"} 1\n' +
      '# HELP all_total All\\nof \\\\ them.\n# TYPE all_total counter\nall_total 0\n',
  );
  stages = [
    ['b', 2],
    ['b', 3],
    ['c', Number.NaN],
    ['d', Number.POSITIVE_INFINITY],
  ];
  expect(families.text()).toContain(
    'gauge\nstages{stage="b"} 5\nstages{stage="c"} NaN\nstages{stage="d"} +Inf\n#',
  );
});

test('a histogram counts what is at most the bound, in each bucket all below it', () => {
  const families = new Families();
  const plain = families.histogram('seconds', 'How long.', [], [0.1, 1]);
  const byKind = families.histogram('kinds', 'By kind.', ['kind'], [5]);
  expect(families.text()).toContain('seconds_bucket{le="+Inf"} 0\nseconds_sum 0\nseconds_count 0\n');
  for (const value of [0.1, 0.5, 2]) plain.observe(value);
  byKind.observe(7, { kind: 'x' });
  expect(families.text()).toBe(
    '# HELP seconds How long.\n# TYPE seconds histogram\n' +
      'seconds_bucket{le="0.1"} 1\nseconds_bucket{le="1"} 2\nseconds_bucket{le="+Inf"} 3\nseconds_sum 2.6\nseconds_count 3\n' +
      '# HELP kinds By kind.\n# TYPE kinds histogram\n' +
      'kinds_bucket{kind="x",le="5"} 0\nkinds_bucket{kind="x",le="+Inf"} 1\nkinds_sum{kind="x"} 7\nkinds_count{kind="x"} 1\n',
  );
});

test('there is no second family of a name', () => {
  const families = new Families();
  families.gauge('a', '', [], () => {});
  expect(() => families.counter('a', '', [], () => {})).toThrow('two metrics "a"');
});

test('whatever a label holds, it is read as it was', () => {
  const label = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', ',', '=', 'ü', ' ', 'n') });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(label, fc.integer()), { selector: ([text]) => text }), (rows) => {
      const families = new Families();
      families.gauge('labelled', 'Some.', ['label', 'other'], (put) => {
        for (const [text, value] of rows) put(value, { label: text, other: 'x' });
      });
      const read = new Exposition(families.text());
      for (const [text, value] of rows) expect(read.get('labelled', { label: text, other: 'x' })).toBe(value);
    }),
  );
});
