/**
 * A query compiled to a test of lines as they lie in an arena or a block: bytes, no string where a text is looked for.
 */
import { compileComparisons } from '../pipeline/match.js';
import type { Labels } from '../pipeline/streams.js';
import { Budget } from '../regex/index.js';
import { compileFieldTest } from './field-test.js';
import { LEVELS, type Level } from './level-names.js';
import { compileLineTest } from './line-test.js';
import type { Query } from './query.js';
import { levelOfLabels, levelOfLine } from './told-level.js';

export interface LineFilter {
  /** May lines of a stream with these labels pass at all? */
  wantsStream(labels: Labels): boolean;
  /**
   * To be called before the lines of each arena or block: their bytes change. What lies behind its end is never looked at.
   * `pairs` has the lines' fields where they lie elsewhere.
   */
  begin(data: Buffer, pairs?: Buffer): void;
  /** After `begin` with a block: may there be a line in it that passes? Quick, and true where in doubt. */
  mayHold(): boolean;
  /**
   * Does the line data[start .. end) pass, with the fields pairs[from .. to), encoded, of a stream with these labels? Lines
   * are best asked for in the order in which they lie there.
   */
  test(start: number, end: number, from: number, to: number, labels: Labels): boolean;
  /** Lines so far that did not pass only because to judge them would have taken too long. */
  readonly unjudged: number;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** `shared` is a budget of several queries: whoever gives it renews it before each line. */
export function compileQuery({ labels, lines, levels, fields }: Query, shared?: Budget): LineFilter {
  const wantsStream = compileComparisons(labels);
  const budget = shared ?? new Budget();
  const tests = lines.map((test) => compileLineTest(test, budget));
  const fieldTests = fields.map((test) => compileFieldTest(test, budget));
  const isLevel = compileComparisons(levels.map((test) => ({ name: 'level', ...test })));
  const wanted = new Set<Level>(LEVELS.filter((level) => isLevel({ level })));
  let bytes = NOTHING;
  let pairs = NOTHING;
  let unjudged = 0;
  return {
    wantsStream,
    begin(data, ofFields = data) {
      bytes = data;
      pairs = ofFields;
      for (const test of tests) test.begin(data);
    },
    mayHold() {
      if (!shared) budget.renew();
      return (
        wanted.size > 0 &&
        tests.every((test) => test.mayHold()) &&
        fieldTests.every((test) => test.mayHold(bytes))
      );
    },
    test(start, end, from, to, own) {
      if (!shared) budget.renew();
      for (const test of tests) {
        const holds = test.holds(start, end);
        if (holds) continue;
        if (holds === undefined) unjudged++;
        return false;
      }
      for (const test of fieldTests) {
        const holds = test.holds(pairs, from, to, own);
        if (holds) continue;
        if (holds === undefined) unjudged++;
        return false;
      }
      return (
        wanted.size === LEVELS.length ||
        wanted.has(levelOfLine(bytes, start, end, pairs, from, to, levelOfLabels(own)))
      );
    },
    get unjudged() {
      return unjudged;
    },
  };
}
