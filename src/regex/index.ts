/** Regular expressions of people: RE2's syntax (syntax.ts), in linear time (machine.ts). Knows nothing of logs. */
import { type Literal, requiredLiteral } from './literal.js';
import { Machine } from './machine.js';
import { compileProgram } from './program.js';
import { parsePattern } from './syntax.js';

export type { Literal } from './literal.js';
export { PatternError } from './syntax.js';

/** Of texts that are as short as a label's value, and of lines: what one character can cost at most grows with it. */
const MAX_WHOLE = 2_000;
const MAX_SEARCH = 500;

/** A test of whole texts, a dot being a newline too. Throws a PatternError. */
export function compilePattern(pattern: string): (text: string) => boolean {
  const machine = new Machine(compileProgram(parsePattern(pattern, true), MAX_WHOLE), true);
  return (text) => {
    const data = Buffer.from(text);
    return machine.test(data, 0, data.length);
  };
}

export interface Search {
  /** Does the pattern match somewhere in data[start .. end)? */
  test(data: Uint8Array, start: number, end: number): boolean;
  /** What a match must hold, where that can be told. */
  readonly literal: Literal | undefined;
}

/** Throws a PatternError. */
export function compileSearch(pattern: string): Search {
  const node = parsePattern(pattern);
  const machine = new Machine(compileProgram(node, MAX_SEARCH), false);
  return { test: (data, start, end) => machine.test(data, start, end), literal: requiredLiteral(node) };
}
