/** One comparison of a line's fields, compiled. A line without the field has that label of its stream, or an empty one. */
import { FieldFinder, fieldName } from '../pipeline/metadata.js';
import type { Labels } from '../pipeline/streams.js';
import { Budget, compileSearch } from '../regex/index.js';
import type { FieldTest, NumberOperator } from './query.js';

export interface CompiledFieldTest {
  /** False where no line of a block can pass, which is `data` with its labels, lines and fields. */
  mayHold(data: Buffer): boolean;
  /** Of a line with the fields pairs[from .. to), encoded, and these labels. Undefined where the budget is spent before that is known. */
  holds(pairs: Buffer, from: number, to: number, labels: Labels): boolean | undefined;
}

type ValueTest = (data: Buffer, start: number, end: number) => boolean | undefined;

const COMPARES: Readonly<Record<NumberOperator, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};
const NOTHING: Buffer = Buffer.alloc(0);

/** The budget is that of the line, for all its tests. */
export function compileFieldTest(test: FieldTest, budget: Budget): CompiledFieldTest {
  const { name } = test;
  const finder = new FieldFinder();
  const encoded = fieldName(name);
  const isValue = valueTest(test, budget);
  return {
    // Whatever tells it, the name stands before it: in a pair, or in the labels.
    mayHold: (data) =>
      data.includes(encoded) || data.includes(`${name}="`) || isValue(NOTHING, 0, 0) !== false,
    holds(pairs, from, to, labels) {
      if (finder.find(pairs, from, to, encoded)) return isValue(pairs, finder.start, finder.end);
      if (!Object.hasOwn(labels, name)) return isValue(NOTHING, 0, 0);
      const value = Buffer.from(labels[name]);
      return isValue(value, 0, value.length);
    },
  };
}

function valueTest({ operator, value }: FieldTest, budget: Budget): ValueTest {
  if (typeof value === 'number') return numberTest(COMPARES[operator as NumberOperator], value);
  const holds = operator.endsWith('~') ? patternTest(value, budget) : textTest(value);
  const isNegated = operator.startsWith('!');
  return (data, start, end) => {
    const isIt = holds(data, start, end);
    return isIt === undefined ? undefined : isIt !== isNegated;
  };
}

/** What is no number is neither more nor less, nor another one. */
function numberTest(compare: (a: number, b: number) => boolean, value: number): ValueTest {
  return (data, start, end) => {
    const text = data.toString('latin1', start, end).trim();
    const own = text === '' ? Number.NaN : Number(text);
    return !Number.isNaN(own) && compare(own, value);
  };
}

function textTest(value: string): ValueTest {
  const bytes = Buffer.from(value);
  return (data, start, end) =>
    end - start === bytes.length && data.compare(bytes, 0, bytes.length, start, end) === 0;
}

/** Judges the pattern of a field. Throws a PatternError. */
export function judgeFieldPattern(pattern: string): void {
  const budget = new Budget();
  // Alone first: places in errors are those of the pattern.
  compileSearch(pattern, budget);
  patternTest(pattern, budget);
}

/** Of the whole value, a dot being a newline too. */
function patternTest(pattern: string, budget: Budget): ValueTest {
  const search = compileSearch(`(?s)\\A(?:${pattern})\\z`, budget);
  return (data, start, end) => search.test(data, start, end);
}
