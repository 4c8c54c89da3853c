/** One test of a query's lines, compiled: by native search where that will do, else by the pattern where the search hits. */
import { type Budget, compileSearch } from '../regex/index.js';
import { CaselessFinder, ExactFinder } from './finder.js';
import type { LineTest } from './query.js';

export interface CompiledTest {
  begin(data: Buffer): void;
  /** False where no line of the data can pass. */
  mayHold(): boolean;
  /** Undefined where the budget is spent before that is known. */
  holds(start: number, end: number): boolean | undefined;
}

interface Sought {
  begin(data: Buffer): void;
  /** True where it may be in data[start .. end) as far as a quick search tells. */
  mayBeIn(start: number, end: number): boolean;
  isIn(start: number, end: number): boolean | undefined;
}

/** The budget is that of the line, for all its tests. */
export function compileLineTest({ operator, value }: LineTest, budget: Budget): CompiledTest {
  const sought = operator.endsWith('~') ? soughtPattern(value, budget) : soughtText(value);
  const isNegated = operator.startsWith('!');
  let length = 0;
  return {
    begin(data) {
      length = data.length;
      sought.begin(data);
    },
    mayHold: () => isNegated || sought.mayBeIn(0, length),
    holds(start, end) {
      const isIn = sought.isIn(start, end);
      return isIn === undefined ? undefined : isIn !== isNegated;
    },
  };
}

function soughtText(text: string): Sought {
  const finder = new ExactFinder(text);
  const isIn = (start: number, end: number): boolean => finder.isIn(start, end);
  return { begin: (data) => finder.begin(data), mayBeIn: isIn, isIn };
}

function soughtPattern(pattern: string, budget: Budget): Sought {
  const search = compileSearch(pattern, budget);
  const { literal } = search;
  const caseless = literal?.foldsCase ? new CaselessFinder(literal.text) : undefined;
  const finder = caseless ?? (literal && new ExactFinder(literal.text));
  const mayBeIn = (start: number, end: number): boolean => finder?.isIn(start, end) ?? true;
  let bytes: Buffer = Buffer.alloc(0);
  return {
    begin(data) {
      bytes = data;
      finder?.begin(data);
    },
    mayBeIn,
    isIn: (start, end) =>
      mayBeIn(start, end) &&
      ((literal?.isAll && (caseless?.isSure ?? true)) || search.test(bytes, start, end)),
  };
}
