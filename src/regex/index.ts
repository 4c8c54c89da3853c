/** Regular expressions of people: RE2's syntax (syntax.ts), in linear time (machine.ts). Knows nothing of logs. */
import { Budget } from './budget.js';
import { Finder } from './captures.js';
import { type Literal, requiredLiteral } from './literal.js';
import { Machine } from './machine.js';
import { compileProgram } from './program.js';
import { type Node, parsePattern } from './syntax.js';

export { Budget } from './budget.js';
export type { Finder } from './captures.js';
export type { Literal } from './literal.js';
export { PatternError } from './syntax.js';

/** Of texts that are as short as a label's value, and of lines: what one character can cost at most grows with it. */
const MAX_WHOLE = 2_000;
const MAX_SEARCH = 500;

/** A test of whole texts, a dot being a newline too; for what people configured, not for lines: it has no budget. Throws a PatternError. */
export function compilePattern(pattern: string): (text: string) => boolean {
  const machine = new Machine(
    compileProgram(parsePattern(pattern, true), MAX_WHOLE),
    true,
    new Budget(Number.POSITIVE_INFINITY),
  );
  return (text) => {
    const data = Buffer.from(text);
    return machine.test(data, 0, data.length) === true;
  };
}

export interface Search {
  /** Does the pattern match somewhere in data[start .. end)? Undefined where the budget is spent before that is known. */
  readonly test: (data: Uint8Array, start: number, end: number) => boolean | undefined;
  /** What a match must hold, where that can be told. */
  readonly literal: Literal | undefined;
}

/** `budget` is shared by whatever looks at the same line; whoever gives it renews it before each. Throws a PatternError. */
export function compileSearch(pattern: string, budget: Budget): Search {
  const node = parsePattern(pattern);
  const machine = new Machine(compileProgram(node, MAX_SEARCH), false, budget);
  return { test: (data, start, end) => machine.test(data, start, end), literal: requiredLiteral(node) };
}

/** As `compileSearch`, for who wants to know where the match is, and what its groups hold. */
export function compileFinder(pattern: string, budget: Budget): Finder {
  const node = parsePattern(pattern);
  const machine = new Machine(compileProgram(node, MAX_SEARCH), false, budget);
  const names: (string | undefined)[] = [undefined];
  nameGroups(node, names);
  return new Finder(compileProgram(node, MAX_SEARCH * 2, true), machine, names, budget);
}

function nameGroups(node: Node, names: (string | undefined)[]): void {
  if (node.kind === 'group') names[node.number] = node.name;
  if ('part' in node) nameGroups(node.part, names);
  else if ('parts' in node) for (const part of node.parts) nameGroups(part, names);
}
