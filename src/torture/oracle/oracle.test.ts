/** The oracle is shown outputs with one thing wrong in each, and must find that and nothing else. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OUTPUT_NAMES, type Output } from '../lines.js';
import { Roster } from './roster.js';
import { Sightings } from './sightings.js';
import { judgePlace, type PlaceVerdict, type ToldGap, type ToldLate } from './verdict.js';

const RUN = 'r1';
const SECOND = 1_000;
const began = Date.now() - 100 * SECOND;

interface Row {
  readonly text: string;
  readonly container: string;
  readonly output: string;
  readonly timeMs: number;
  readonly sequence: string;
}

function row(
  container: number,
  generation: number,
  output: Output,
  number: number,
  { claim, name = `c${container}` }: { claim?: string; name?: string } = {},
): Row {
  const [kind, payload] = claim === undefined ? ['short', 'x'] : ['end', claim];
  return {
    text: `torture ${RUN} ${container} ${generation} ${output} ${number} ${kind} ${payload} ${number}`,
    container: name,
    output: OUTPUT_NAMES[output],
    timeMs: began + generation * 10 * SECOND + number,
    sequence: name,
  };
}

/** Two containers, the first of which was started twice. */
function written(): { roster: Roster; rows: Row[] } {
  const roster = new Roster();
  const rows: Row[] = [];
  for (const [container, lives] of [2, 1].entries()) {
    roster.created(roster.add(`c${container}`), `id${container}`);
    for (let generation = 1; generation <= lives; generation++) {
      roster.started(container);
      for (let number = 1; number <= 5; number++) {
        rows.push(row(container, generation, 'o', number), row(container, generation, 'e', number));
      }
      rows.push(row(container, generation, 'o', 6, { claim: '6,5' }));
      roster.ended(container, 'ended');
    }
  }
  for (const { lives } of roster.list) {
    for (const [i, life] of lives.entries())
      Object.assign(life, {
        startedMs: began + (i + 1) * 10 * SECOND,
        endedMs: began + (i + 1) * 10 * SECOND + SECOND,
      });
  }
  return { roster, rows };
}

function sightings(rows: readonly Row[]): Sightings {
  const place = new Sightings(RUN);
  for (const { text, ...where } of rows) place.take(text, where);
  return place;
}

interface Given {
  readonly rows: readonly Row[];
  readonly others?: readonly Row[];
  readonly gaps?: readonly ToldGap[];
  readonly late?: readonly ToldLate[];
  readonly dropped?: readonly Row[];
  readonly rejected?: readonly Row[];
  readonly roster?: Roster;
}

function judged({
  rows,
  others,
  gaps = [],
  late = [],
  dropped = [],
  rejected = [],
  roster = written().roster,
}: Given): PlaceVerdict {
  return judgePlace(roster, sightings(rows), others ? [sightings(others)] : [], {
    gaps,
    late,
    dropped: sightings(dropped),
    rejected: sightings(rejected),
  });
}

/** All that is not as it should be, by its name. */
function wrongs({ missing, damage }: PlaceVerdict): Record<string, number> {
  return Object.fromEntries(Object.entries({ ...missing, ...damage }).filter(([, times]) => times > 0));
}

const { rows } = written();
const isFrom =
  (output: string, number: number, generation = 1, container = 0) =>
  ({ text }: Row) =>
    text.startsWith(`torture ${RUN} ${container} ${generation} ${output} ${number} `);
const without = (is: (row: Row) => boolean): Row[] => rows.filter((one) => !is(one));
const place = (is: (row: Row) => boolean): number => rows.findIndex(is);

describe('what the oracle finds', () => {
  test('nothing where nothing is wrong', () => {
    const verdict = judged({ rows });
    expect(wrongs(verdict)).toEqual({});
    expect([verdict.lines, verdict.written, verdict.findings]).toEqual([33, 33, []]);
  });

  test.each([
    ['the first line of a start', isFrom('o', 1), 'line 1 of 6 of stdout of container 0 (c0), start 1'],
    ['a line in the midst', isFrom('e', 3, 2), 'line 3 of 5 of stderr of container 0 (c0), start 2'],
    [
      'the last line of an output',
      isFrom('e', 5, 1, 1),
      'line 5 of 5 of stderr of container 1 (c1), start 1',
    ],
  ])('one lost line: %s', (_what, is, words) => {
    const verdict = judged({ rows: without(is) });
    expect(wrongs(verdict)).toEqual({ lost: 1 });
    expect(verdict.findings).toEqual([expect.stringContaining(words)]);
  });

  test('the last line of all, whether another place has it or not', () => {
    const last = isFrom('o', 6);
    expect(wrongs(judged({ rows: without(last) }))).toEqual({ lost: 1 });
    expect(wrongs(judged({ rows: without(last), others: rows }))).toEqual({ lost: 1 });
  });

  test('a whole start of which nothing came', () => {
    const none = without(({ text }) => text.startsWith(`torture ${RUN} 0 2 `));
    expect(wrongs(judged({ rows: none, others: rows }))).toEqual({ lost: 11 });
    // Nobody tells how many there were: one at least.
    expect(wrongs(judged({ rows: none }))).toEqual({ lost: 1 });
  });

  test('a doubled line, beside the other and far from it', () => {
    const at = place(isFrom('o', 2));
    expect(wrongs(judged({ rows: rows.toSpliced(at, 0, rows[at]) }))).toEqual({ duplicated: 1 });
    expect(wrongs(judged({ rows: [...rows, rows[at]] }))).toEqual({ duplicated: 1 });
  });

  test('a split line: its halves are none, and it is missing', () => {
    const at = place(isFrom('o', 2));
    const { text, ...where } = rows[at];
    const halves = [text.slice(0, 9), text.slice(9)].map((half) => ({ text: half, ...where }));
    const verdict = judged({ rows: rows.toSpliced(at, 1, ...halves) });
    expect(wrongs(verdict)).toEqual({ lost: 1, split: 2 });
  });

  test.each([
    ['its end', (text: string) => text.slice(0, -1)],
    ['its payload', (text: string) => text.replace(' x ', ' y ')],
    ['its number at one end', (text: string) => text.replace(/2$/, '3')],
    ['another run', (text: string) => text.replace(RUN, 'r2')],
    ['two lines in one', (text: string) => `${text}${text}`],
  ])('a damaged line: %s', (_what, damage) => {
    const at = place(isFrom('e', 2));
    const verdict = judged({ rows: rows.with(at, { ...rows[at], text: damage(rows[at].text) }) });
    expect(wrongs(verdict)).toEqual({ lost: 1, split: 1 });
  });

  test('two lines of an output that were swapped', () => {
    const [a, b] = [place(isFrom('o', 2)), place(isFrom('o', 3))];
    expect(wrongs(judged({ rows: rows.with(a, rows[b]).with(b, rows[a]) }))).toEqual({ reordered: 1 });
  });

  test('what the agent told to come late is told apart, and nothing else', () => {
    const [a, b] = [place(isFrom('o', 2)), place(isFrom('o', 3))];
    const swapped = rows.with(a, rows[b]).with(b, rows[a]);
    const { timeMs } = rows[a];
    const told = { id: 'id0', from: timeMs, to: timeMs };
    const verdict = judged({ rows: swapped, late: [told] });
    expect([wrongs(verdict), verdict.late]).toEqual([{}, 1]);
    for (const other of [{ id: 'id1' }, { from: timeMs + 1 }, { to: timeMs - 1 }])
      expect(wrongs(judged({ rows: swapped, late: [{ ...told, ...other }] }))).toEqual({ reordered: 1 });
  });

  test('a line of a start before behind one of the next, but not the order of stdout and stderr', () => {
    const late = isFrom('e', 5);
    expect(wrongs(judged({ rows: [...without(late), rows[place(late)]] }))).toEqual({ reordered: 1 });
    const [a, b] = [place(isFrom('o', 2)), place(isFrom('e', 2))];
    expect(wrongs(judged({ rows: rows.with(a, rows[b]).with(b, rows[a]) }))).toEqual({});
  });

  test('a line under the name of another container, or another output', () => {
    const at = place(isFrom('o', 2));
    expect(wrongs(judged({ rows: rows.with(at, { ...rows[at], container: 'c1' }) }))).toEqual({ foreign: 1 });
    const swapped = judged({ rows: rows.with(at, { ...rows[at], output: 'stderr' }) });
    expect(wrongs(swapped)).toEqual({ foreign: 1, lost: 1 });
  });

  test('each of any lines that were left out or put in again, and no other', () => {
    const subset = fc.subarray(rows.map((_, i) => i));
    fc.assert(
      fc.property(subset, subset, (left, again) => {
        const kept = rows.filter((_, i) => !left.includes(i));
        const doubled = again.filter((i) => !left.includes(i)).map((i) => rows[i]);
        const { missing, damage } = judged({ rows: [...kept, ...doubled], others: rows });
        expect([missing.lost, damage.duplicated]).toEqual([left.length, doubled.length]);
      }),
    );
  });
});

test('a line that the receiver had dropped may come again behind later ones, and no other', () => {
  const [first, second, third] = [1, 2, 3].map((number) => rows[place(isFrom('o', number))]);
  const again = [...without((one) => one === first || one === second), first, second];
  expect(wrongs(judged({ rows: again, dropped: [first, second] }))).toEqual({});
  expect(wrongs(judged({ rows: again, dropped: [first] }))).toEqual({ reordered: 1 });
  expect(wrongs(judged({ rows: again, dropped: [first, third] }))).toEqual({ reordered: 1 });
  const other = rows[place(isFrom('e', 2))];
  expect(wrongs(judged({ rows: again, dropped: [first, other] }))).toEqual({ reordered: 1 });
  const others = [...without((one) => one === other), other];
  expect(wrongs(judged({ rows: others, dropped: [other] }))).toEqual({});
  expect(wrongs(judged({ rows: others, dropped: [second] }))).toEqual({ reordered: 1 });
});

describe('on whose account a missing line is', () => {
  const hole = isFrom('e', 3);
  const [before, line, after] = [2, 3, 4].map((number) => rows[place(isFrom('e', number))]);
  const gap = (over: Partial<ToldGap> = {}): ToldGap => ({
    container: 'c0',
    from: before.timeMs,
    to: after.timeMs,
    why: 'rotated',
    ...over,
  });

  test.each(['rotated', 'skipped', 'removed', 'blind'])(
    "the engine's, within a gap that is told: %s",
    (why) => {
      expect(wrongs(judged({ rows: without(hole), gaps: [gap({ why })] }))).toEqual({ engine: 1 });
    },
  );

  test.each([
    ['for a reason of the agent', gap({ why: 'cap' })],
    ['for a reason that nobody is to blame for here', gap({ why: 'truncated' })],
    ['of another container', gap({ container: 'c1' })],
    ['that ends before', gap({ from: undefined, to: before.timeMs - 1 })],
    ['that begins behind', gap({ from: after.timeMs + 1, to: undefined })],
  ])('lost, where the gap is one %s', (_what, told) => {
    expect(wrongs(judged({ rows: without(hole), gaps: [told] }))).toEqual({ lost: 1 });
  });

  test('lost, where another place has it: then the engine had served it', () => {
    expect(wrongs(judged({ rows: without(hole), others: rows, gaps: [gap()] }))).toEqual({ lost: 1 });
  });

  test('a gap covers the whole hole that it lies in, and no other', () => {
    const far = without((one) => hole(one) || isFrom('e', 4)(one) || isFrom('e', 1, 2)(one));
    expect(wrongs(judged({ rows: far, gaps: [gap({ from: line.timeMs, to: line.timeMs })] }))).toEqual({
      engine: 2,
      lost: 1,
    });
  });

  test('of two holes in one output each is looked at by itself', () => {
    const two = without((one) => isFrom('o', 2)(one) || isFrom('o', 4)(one) || isFrom('o', 5)(one));
    const [first, second] = [2, 4].map((number) => rows[place(isFrom('o', number))].timeMs);
    const at = (ms: number): ToldGap => gap({ from: ms, to: ms });
    expect(wrongs(judged({ rows: two, gaps: [at(first)] }))).toEqual({ engine: 1, lost: 2 });
    expect(wrongs(judged({ rows: two, gaps: [at(second)] }))).toEqual({ engine: 2, lost: 1 });
  });

  test("the receiver's, where it dropped the line, and the dead letters'", () => {
    expect(wrongs(judged({ rows: without(hole), others: rows, dropped: [line] }))).toEqual({ dropped: 1 });
    expect(wrongs(judged({ rows: without(hole), others: rows, rejected: [line] }))).toEqual({ rejected: 1 });
    // What was sent again and is there is on nobody's account.
    expect(wrongs(judged({ rows, dropped: [line] }))).toEqual({});
  });

  test('a last line that was dropped tells all the same how many there were', () => {
    const tail = (one: Row): boolean => isFrom('o', 6)(one) || isFrom('o', 5)(one);
    const dropped = [rows[place(isFrom('o', 6))]];
    expect(wrongs(judged({ rows: without(tail), dropped }))).toEqual({ dropped: 1, lost: 1 });
  });
});

describe('how many lines there were', () => {
  test('of a start that was killed: as many as anybody has', () => {
    const { roster } = written();
    for (const { lives } of roster.list) for (const life of lives) life.isKilled = true;
    const tail = (one: Row): boolean => isFrom('o', 6)(one) || isFrom('o', 5)(one);
    expect(wrongs(judged({ rows: without(tail), roster }))).toEqual({});
    expect(wrongs(judged({ rows: without(tail), others: rows, roster }))).toEqual({ lost: 2 });
  });

  test('where it was settled before and not one came: all of them', () => {
    const { roster } = written();
    roster.add('short', { o: 21, e: 20 });
    roster.started(2);
    roster.ended(2, 'ended');
    expect(wrongs(judged({ rows, roster }))).toEqual({ lost: 41 });
  });

  test('a renamed container may have either name', () => {
    const { roster } = written();
    roster.renamed(0, 'other');
    const renamed = rows.map((one, i) =>
      i > 10 && one.container === 'c0' ? { ...one, container: 'other', sequence: 'other' } : one,
    );
    expect(wrongs(judged({ rows: renamed, roster }))).toEqual({});
  });
});

test("the agent's own notes are no lines", () => {
  const note = { ...rows[0], text: 'log-capturer: lines from … are missing', output: '' };
  expect(wrongs(judged({ rows: [note, ...rows] }))).toEqual({});
  expect(sightings([note, note, { ...note, container: 'c1' }]).gapNotes.size).toBe(2);
});
