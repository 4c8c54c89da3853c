import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entryOf, type InLine, StageKit } from '../../pipeline/testing/stage-kit.js';
import { DB, inAnySplit, linesOf, WEB, WEB_ERR } from '../testing/any-split.js';
import { createDedupeProcessor } from './index.js';

const dedupe = (windowMs = 10_000) => createDedupeProcessor('dedupe', { type: 'dedupe', windowMs });
const of = (...texts: readonly string[]): InLine[] => texts.map((text, i) => ({ text, nanos: i }));
const times = (count: number): string => `last line repeated ${count} ${count === 1 ? 'time' : 'times'}`;

describe('dedupe', () => {
  test.each<[given: string[], out: string[]]>([
    [
      ['a', 'b', 'a'],
      ['a', 'b', 'a'],
    ],
    [
      ['a', 'a'],
      ['a', times(1)],
    ],
    [
      ['a', 'a', 'a', 'b'],
      ['a', times(2), 'b'],
    ],
    [
      ['a', 'a', 'b', 'b', 'b', 'a'],
      ['a', times(1), 'b', times(2), 'a'],
    ],
    [
      ['', '', 'x'],
      ['', times(1), 'x'],
    ],
    [
      ['ab', 'ac', 'ab', 'a'],
      ['ab', 'ac', 'ab', 'a'],
    ],
    [
      [times(1), times(1), 'a'],
      [times(1), times(1), 'a'],
    ],
    [
      ['ü', 'ü', 'u'],
      ['ü', times(1), 'u'],
    ],
  ])('%j becomes %j', (given, out) => {
    expect(
      new StageKit(() => [dedupe()])
        .push(of(...given))
        .flush()
        .texts(),
    ).toEqual(out);
    expect(
      new StageKit(() => [dedupe()])
        .pushTexts(...given)
        .flush()
        .texts(),
    ).toEqual(out);
  });

  test('is about each stream by itself, and what it tells has the time of the last of them', () => {
    const kit = new StageKit(() => [dedupe()]);
    kit.push([
      { text: 'a', nanos: 1, fields: [['k', 'v']], flags: 1 },
      { text: 'a', nanos: 2, labels: WEB_ERR },
      { text: 'a', nanos: 3, labels: DB },
      { text: 'a', nanos: 4, flags: 1 },
      { text: 'a', nanos: 5, labels: WEB_ERR },
      { text: 'a', nanos: 6 },
      { text: 'b', nanos: 7, fields: [['k', 'w']] },
    ]);
    expect(
      kit.out.map(({ stream, text, nanos, flags, fields }) => [
        stream.includes('err'),
        text,
        nanos,
        flags,
        fields,
      ]),
    ).toEqual([
      [false, 'a', 1, 1, { k: 'v' }],
      [true, 'a', 2, 0, {}],
      [false, 'a', 3, 0, {}],
      [false, times(2), 6, 0, { generated_by: 'dedupe' }],
      [false, 'b', 7, 0, { k: 'w' }],
    ]);
    expect(kit.flush().texts().slice(5)).toEqual([times(1)]);
    expect(kit.told).toEqual({ generated: 2, merged: 0, held: 0, filtered: { dedupe: 3 } });
  });

  test('the window begins with the line that stays; at its end what was repeated is told, and the line comes anew', () => {
    const kit = new StageKit(() => [dedupe(10_000)]);
    kit.push(of('a'));
    expect(kit.dueMs).toBe(Number.POSITIVE_INFINITY);
    kit.nowMs = 4_000;
    kit.push(of('a', 'a'));
    expect(kit.dueMs).toBe(11_000);
    kit.nowMs = 10_999;
    kit.flush(kit.nowMs);
    expect(kit.texts()).toEqual(['a']);
    kit.nowMs = 11_000;
    kit.flush(kit.nowMs);
    expect(kit.texts()).toEqual(['a', times(2)]);
    kit.push(of('a', 'a'));
    // Nobody came to flush it in time.
    kit.nowMs = 40_000;
    kit.push(of('a'));
    expect(kit.texts()).toEqual(['a', times(2), 'a', times(1), 'a']);
  });

  test.each([[[WEB, DB]], [[DB, WEB]]])(
    'of several streams whichever is due first is told first',
    (order) => {
      const kit = new StageKit(() => [dedupe(10_000)]);
      kit.push([{ text: 'a' }]);
      kit.nowMs = 5_000;
      kit.push([{ text: 'a', labels: DB }]).push(order.map((labels) => ({ text: 'a', labels })));
      expect(kit.dueMs).toBe(11_000);
      kit.flush(11_000);
      expect(kit.out.slice(2).map(({ stream }) => stream)).toEqual(['{container="web", stream="stdout"}']);
      expect(kit.dueMs).toBe(15_000);
    },
  );

  test('what is told has nothing of the lines that it takes the place of', () => {
    const kit = new StageKit(() => [dedupe()]);
    const line = { text: 'a', fields: [['k', 'v']], flags: 1 } as const;
    kit.push([line, line, line, { text: 'b' }, line, line]).flush();
    expect(kit.out.map(({ text, flags, fields }) => [text, flags, fields])).toEqual([
      ['a', 1, { k: 'v' }],
      [times(2), 0, { generated_by: 'dedupe' }],
      ['b', 0, {}],
      ['a', 1, { k: 'v' }],
      [times(1), 0, { generated_by: 'dedupe' }],
    ]);
  });

  test('a kill ends a run: how many there were is told, the line comes again, and no bytes of lines are remembered', () => {
    const kit = new StageKit(() => [dedupe()]);
    kit.push([...of('secret', 'secret', 'secret'), { text: 'b', labels: DB }]);
    expect(JSON.stringify(kit.save())).not.toContain('secret');
    kit.kill();
    expect(kit.dueMs).toBe(11_000);
    kit.push(of('secret', 'secret'));
    expect(kit.texts()).toEqual(['secret', 'b', times(2), 'secret']);
    expect(kit.flush().texts().at(-1)).toBe(times(1));
    expect(kit.save()).toBeUndefined();
  });

  test('streams that are not selected pass whole, in their places', () => {
    const kit = new StageKit(() => [entryOf(dedupe(), '{container="web"}')]);
    const db = { text: 'a', labels: DB };
    kit.push([{ text: 'a' }, db, { text: 'a' }, db]).push([db, { text: 'b' }, db]);
    expect(kit.out.map(({ stream, text }) => `${stream.includes('web') ? 'web' : 'db'} ${text}`)).toEqual([
      'web a',
      'db a',
      'db a',
      'db a',
      `web ${times(1)}`,
      'web b',
      'db a',
    ]);
  });

  test('any split of the lines gives the same, and with what is told all can be put together again', () => {
    let repeated = 0;
    inAnySplit(
      () => dedupe(),
      linesOf(['a', 'a', 'a', 'a', 'a', 'b', 'aa']),
      ({ out, told }, lines) => {
        repeated += told.filtered['dedupe'] ?? 0;
        for (const labels of [WEB, WEB_ERR, DB]) {
          const own = out.filter(
            ({ stream }) => stream === `{container="${labels.container}", stream="${labels.stream}"}`,
          );
          const restored: string[] = [];
          for (const { text, fields } of own) {
            const count = fields['generated_by'] === 'dedupe' ? Number(/\d+/.exec(text)?.[0]) : 0;
            restored.push(
              ...(count > 0 ? Array.from({ length: count }, () => restored.at(-1) ?? '') : [text]),
            );
          }
          expect(restored).toEqual(lines.filter((line) => line.labels === labels).map(({ text }) => text));
          expect(own.every(({ nanos }, i) => i === 0 || nanos >= own[i - 1].nanos)).toBe(true);
        }
      },
    );
    expect(repeated).toBeGreaterThan(60);
  });

  test('long lines and short ones by turns, over batches', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(1, 2, 3_000, 3_001, 100_000), { maxLength: 12 }), (lengths) => {
        const kit = new StageKit(() => [dedupe()]);
        const lines = lengths.map((length) => 'x'.repeat(length));
        kit.pushTexts(...lines).flush();
        const distinct = lines.filter((line, i) => line !== lines[i - 1]);
        expect(
          kit.out.filter(({ fields }) => !fields['generated_by']).map(({ text }) => text.length),
        ).toEqual(distinct.map(({ length }) => length));
      }),
      { numRuns: 30 },
    );
  });
});
