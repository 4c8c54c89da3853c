/**
 * A query compiled to a test of lines as they lie in an arena or a block: bytes, no string where a text is looked for.
 */
import { compileComparisons } from '../pipeline/match.js';
import type { Labels } from '../pipeline/streams.js';
import { levelOf } from './level.js';
import { LEVELS, type Level } from './level-names.js';
import { compileLineTest } from './line-test.js';
import type { Query } from './query.js';

export interface LineFilter {
  /** May lines of a stream with these labels pass at all? */
  wantsStream(labels: Labels): boolean;
  /** To be called before the lines of each arena or block: their bytes change. What lies behind its end is never looked at. */
  begin(data: Buffer): void;
  /** After `begin`: may there be a line in it that passes? Quick, and true where in doubt. */
  mayHold(): boolean;
  /** Does the line data[start .. end) pass? Lines are best asked for in the order in which they lie there. */
  test(start: number, end: number): boolean;
}

export function compileQuery({ labels, lines, levels }: Query): LineFilter {
  const wantsStream = compileComparisons(labels);
  const tests = lines.map(compileLineTest);
  const isLevel = compileComparisons(levels.map((test) => ({ name: 'level', ...test })));
  const wanted = new Set<Level>(LEVELS.filter((level) => isLevel({ level })));
  let bytes: Buffer = Buffer.alloc(0);
  return {
    wantsStream,
    begin(data) {
      bytes = data;
      for (const test of tests) test.begin(data);
    },
    mayHold: () => wanted.size > 0 && tests.every((test) => test.mayHold()),
    test(start, end) {
      for (const test of tests) if (!test.holds(start, end)) return false;
      return wanted.size === LEVELS.length || wanted.has(levelOf(bytes, start, end));
    },
  };
}
