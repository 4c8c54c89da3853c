import { expect, test } from 'vitest';
import { labelText } from '../../pipeline/streams.js';
import { entryOf, StageKit } from '../../pipeline/testing/stage-kit.js';
import { DB, inAnySplit, linesOf, WEB, WEB_ERR } from '../testing/any-split.js';
import { createSampleProcessor } from './index.js';

const sample = (rate: number) => createSampleProcessor('sample', { type: 'sample', rate });
const numbered = (count: number, labels = WEB) =>
  Array.from({ length: count }, (_, i) => ({ text: `${labels.container} ${i}`, labels }));

test.each<[rate: number, lines: number, kept: number[]]>([
  [1, 4, [0, 1, 2, 3]],
  [0.5, 7, [0, 2, 4, 6]],
  [0.1, 25, [0, 10, 20]],
  [0.3, 12, [0, 3, 6, 10]],
  [0.75, 8, [0, 1, 2, 4, 5, 6]],
  [0.000001, 50, [0]],
])('of each stream %d of %d lines: %j', (rate, lines, kept) => {
  const kit = new StageKit(() => [sample(rate)]);
  kit.push([...numbered(lines), ...numbered(lines, DB)]);
  expect(kit.texts()).toEqual([...kept.map((i) => `web ${i}`), ...kept.map((i) => `db ${i}`)]);
  expect(kit.told.filtered).toEqual(kept.length < lines ? { sample: 2 * (lines - kept.length) } : {});
});

test('what stays says how much it stands for, and a field of that name that is there stays', () => {
  const kit = new StageKit(() => [sample(0.5)]);
  kit.push([
    { text: 'a' },
    { text: 'b' },
    {
      text: 'c',
      fields: [
        ['sample_rate', 'own'],
        ['x', '1'],
      ],
    },
  ]);
  expect(kit.out.map(({ fields }) => fields)).toEqual([
    { sample_rate: '0.5' },
    { sample_rate: 'own', x: '1' },
  ]);
  expect(new StageKit(() => [sample(1)]).push([{ text: 'a' }]).out[0].fields).toEqual({});
});

test('streams that are not selected pass whole, in their places', () => {
  const kit = new StageKit(() => [entryOf(sample(0.01), '{container="web"}')]);
  kit.push([{ text: 'w1' }, { text: 'd1', labels: DB }, { text: 'w2' }, { text: 'd2', labels: DB }]);
  expect(kit.texts()).toEqual(['w1', 'd1', 'd2']);
});

test('any split of the lines gives the same', () => {
  let kept = 0;
  inAnySplit(
    () => sample(0.4),
    linesOf(['a', 'b']),
    ({ out }, lines) => {
      kept += out.length;
      for (const labels of [WEB, WEB_ERR, DB]) {
        const all = lines.filter((line) => line.labels === labels);
        const own = out.filter(({ stream }) => stream === labelText(labels));
        expect(own).toHaveLength(Math.ceil(all.length * 0.4));
      }
    },
  );
  expect(kept).toBeGreaterThan(300);
});
