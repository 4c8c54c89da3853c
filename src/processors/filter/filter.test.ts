import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entryOf, type InLine, StageKit } from '../../pipeline/testing/stage-kit.js';
import { randomOf } from '../../regex/testing/hostile.js';
import { DB, inAnySplit, linesOf, WEB_ERR } from '../testing/any-split.js';
import { createFilterProcessor } from './index.js';

const filter = ({ keep = [], drop = [] }: { keep?: string[]; drop?: string[] }) =>
  createFilterProcessor('filter', { type: 'filter', keep, drop });

const LINES: readonly InLine[] = [
  { text: 'GET /healthz 200', fields: [['status', '200']] },
  {
    text: 'GET /a 404',
    fields: [
      ['status', '404'],
      ['method', 'GET'],
    ],
  },
  {
    text: 'POST /a 503',
    fields: [
      ['status', '503'],
      ['method', 'POST'],
    ],
  },
  { text: 'ERROR no memory' },
  { text: '{"level":"debug","msg":"x"}' },
  { text: 'level=error but it is not', fields: [['level', 'info']] },
  { text: 'warning: db', labels: DB },
  { text: 'plain stderr', labels: WEB_ERR },
  { text: '' },
];

describe('filter', () => {
  test.each<[config: { keep?: string[]; drop?: string[] }, kept: number[]]>([
    [{}, [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    // A literal, in any case where it stands alone.
    [{ drop: ['|= "healthz"'] }, [1, 2, 3, 4, 5, 6, 7, 8]],
    [{ drop: ['error'] }, [0, 1, 2, 4, 6, 7, 8]],
    [{ keep: ['|= "GET"'] }, [0, 1]],
    // A pattern.
    [{ keep: ['|~ "^(GET|POST) /a"'] }, [1, 2]],
    [{ drop: ['!~ "\\\\d"'] }, [0, 1, 2]],
    // A label, a level, a field; a number in a field.
    [{ keep: ['{container="db"}'] }, [6]],
    [{ drop: ['{stream="stderr"}'] }, [0, 1, 2, 3, 4, 5, 6, 8]],
    [{ keep: ['| level=~"warn|error|critical"'] }, [3, 6]],
    [{ drop: ['| level="info"'] }, [0, 1, 2, 3, 4, 6, 7, 8]],
    [{ keep: ['| method="POST"'] }, [2]],
    [{ keep: ['| status>=400'] }, [1, 2]],
    [{ drop: ['| status<500'] }, [2, 3, 4, 5, 6, 7, 8]],
    // All of a query, any of a list; what is to go goes whoever wants it.
    [{ keep: ['{container="web"} |= "GET" | status>=400'] }, [1]],
    [{ keep: ['| status>=500', '{container="db"}', '|= "plain"'] }, [2, 6, 7]],
    [{ keep: ['{container="web"}'], drop: ['|= "healthz"', '| level="debug"'] }, [1, 2, 3, 5, 7, 8]],
    [{ keep: ['{container="none"}'] }, []],
    [{ drop: [''] }, []],
  ])('%j keeps %j', (config, kept) => {
    const kit = new StageKit(() => [filter(config)]).push(LINES);
    expect(kit.texts()).toEqual(kept.map((i) => LINES[i].text));
    expect(kit.told.filtered).toEqual(
      kept.length < LINES.length ? { filter: LINES.length - kept.length } : {},
    );
    const one = new StageKit(() => [filter(config)]);
    for (const line of LINES) one.push([line]);
    expect(one.out).toEqual(kit.out);
  });

  test('what stays is as it was', () => {
    const plain = new StageKit(() => []).push(LINES);
    const kit = new StageKit(() => [filter({ drop: ['|= "GET /a"'] })]).push(LINES);
    expect(kit.out).toEqual(plain.out.filter((_, i) => i !== 1));
  });

  test('a line that takes too long to judge stays, is marked and counted, and costs no more than the budget', () => {
    const costly = '|~ "a.{150}[cd]$"';
    const random = randomOf(1);
    const line = Buffer.from(Array.from({ length: 64 * 1024 }, () => (random() < 0.5 ? 0x61 : 0x62)));
    const kept = filter({ keep: [costly, '|= "never"'] });
    const dropped = filter({ drop: ['|= "gone"', costly] });
    for (const [i, processor] of [kept, dropped].entries()) {
      const kit = new StageKit(() => [processor]).push([
        { text: 'x' },
        { text: line },
        { text: 'gone' },
        { text: `a${'.'.repeat(150)}c` },
      ]);
      expect(kit.out.map(({ bytes, fields }) => [bytes.length, fields])).toEqual([
        ...(i === 1 ? [[1, {}]] : []),
        [line.length, { processing_error: 'filter: too_costly' }],
        ...(i === 0 ? [[152, {}]] : []),
      ]);
      expect(kit.out.find(({ bytes }) => bytes.length === line.length)?.bytes).toBe(line.toString('latin1'));
      expect(processor.figures.failed).toEqual(new Map([['too_costly', 1]]));
      expect(processor.figures.lines).toBe(4);
    }
  });

  test('streams that are not selected pass whole, in their places', () => {
    const kit = new StageKit(() => [entryOf(filter({ drop: [''] }), '{container="web"}')]);
    kit.push([{ text: 'w' }, { text: 'd1', labels: DB }, { text: 'w' }, { text: 'd2', labels: DB }]);
    expect(kit.texts()).toEqual(['d1', 'd2']);
  });

  test('any split of the lines gives the same', () => {
    const texts = ['a', 'b', 'ab', 'level=error a', 'WARN b', ''];
    const text = fc.constantFrom(
      '|= "a"',
      '!= "b"',
      '|~ "^a"',
      '| level="error"',
      '{container="db"}',
      '{stream="stderr"} |= "a"',
    );
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 3 }),
        fc.array(text, { maxLength: 2 }),
        linesOf(texts),
        (keep, drop, lines) => {
          const whole = new StageKit(() => [filter({ keep, drop })]).push(lines);
          const parts = new StageKit(() => [filter({ keep, drop })]);
          for (const line of lines) parts.push([line]);
          expect(parts.out).toEqual(whole.out);
        },
      ),
      { numRuns: 60 },
    );
    inAnySplit(
      () => filter({ keep: ['|= "a"'], drop: ['| level="error"'] }),
      linesOf(texts),
      ({ out }, lines) => {
        expect(out.map(({ nanos }) => nanos)).toEqual(
          lines.filter((line) => ['a', 'ab'].includes(String(line.text))).map(({ nanos }) => nanos),
        );
      },
    );
  });
});
