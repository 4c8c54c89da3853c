/**
 * A pattern as a program of a few instructions, to be run over all its threads at once, a character at a time.
 *
 * Characters that no instruction tells apart are one class, so that tables by class are small. One class more than there
 * are stands for the end of the text.
 */
import { type CharSet, LAST_CHAR, NEWLINE } from './chars.js';
import { type Assertion, type Node, PatternError, WORDS } from './syntax.js';

type Instruction =
  /** Takes one character of the set, and goes on at the next instruction. */
  | { readonly op: 'char'; readonly set: CharSet }
  | { readonly op: 'assert'; readonly what: Assertion }
  | { readonly op: 'match' }
  /** Remembers the place as the begin (2i) or end (2i + 1) of group i. */
  | { readonly op: 'save'; readonly slot: number }
  /** Goes on at each of `to`, the first one being liked best. */
  | { readonly op: 'split'; readonly to: number[] };

export const CHAR = 0;
export const SPLIT = 1;
export const ASSERT = 2;
export const MATCH = 3;
export const SAVE = 4;

/** Instructions in columns: nothing of it is an object where a text is run. */
export interface Program {
  readonly length: number;
  /** CHAR, SPLIT, ASSERT, MATCH or SAVE of each instruction. */
  readonly ops: Uint8Array;
  /** Of each CHAR, class by class: 1 where it takes the class. Row i begins at i times the number of classes. */
  readonly takes: Uint8Array;
  /** Of each SPLIT: where it goes on. */
  readonly targets: readonly (readonly number[])[];
  /** Of each ASSERT. */
  readonly assertions: readonly (Assertion | undefined)[];
  /** Of each SAVE. */
  readonly slots: Int32Array;
  /** The first character of each class, ascending. */
  readonly bounds: Uint32Array;
  /** Classes of the characters of ASCII. */
  readonly ascii: Uint8Array;
}

const MAX_CLASSES = 2_000;

/** Throws a PatternError where the program would have more than `maxInstructions`. Groups are remembered only where `saves`. */
export function compileProgram(node: Node, maxInstructions: number, saves = false): Program {
  const instructions: Instruction[] = [];
  emitNode(
    node,
    (instruction) => {
      if (instruction.op === 'save' && !saves) return instructions.length;
      if (instructions.length >= maxInstructions)
        throw new PatternError('it is too large: repetitions multiply', 0);
      return instructions.push(instruction) - 1;
    },
    instructions,
  );
  instructions.push({ op: 'match' });
  const bounds = classBounds(instructions);
  if (bounds.length > MAX_CLASSES) throw new PatternError('it names too many different characters', 0);
  const takes = new Uint8Array(instructions.length * bounds.length);
  for (const [i, instruction] of instructions.entries())
    if (instruction.op === 'char') markClasses(instruction.set, bounds, takes.subarray(i * bounds.length));
  return {
    length: instructions.length,
    ops: Uint8Array.from(instructions, ({ op }) => OPS[op]),
    takes,
    targets: instructions.map((instruction) => (instruction.op === 'split' ? instruction.to : [])),
    assertions: instructions.map((instruction) =>
      instruction.op === 'assert' ? instruction.what : undefined,
    ),
    slots: Int32Array.from(instructions, (instruction) =>
      instruction.op === 'save' ? instruction.slot : -1,
    ),
    bounds,
    ascii: Uint8Array.from({ length: 128 }, (_, char) => classOf(bounds, char)),
  };
}

const OPS = { char: CHAR, split: SPLIT, assert: ASSERT, match: MATCH, save: SAVE };

export function classOf(bounds: Uint32Array, char: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[middle] <= char) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

type Emit = (instruction: Instruction) => number;

function emitNode(node: Node, emit: Emit, program: Instruction[]): void {
  switch (node.kind) {
    case 'char':
      emit({ op: 'char', set: node.set });
      break;
    case 'assert':
      emit({ op: 'assert', what: node.what });
      break;
    case 'sequence':
      for (const part of node.parts) emitNode(part, emit, program);
      break;
    case 'choice':
      emitChoice(node.parts, emit, program);
      break;
    case 'group':
      emit({ op: 'save', slot: node.number * 2 });
      emitNode(node.part, emit, program);
      emit({ op: 'save', slot: node.number * 2 + 1 });
      break;
    case 'repeat':
      emitRepeat(node, emit, program);
  }
}

function emitChoice(parts: readonly Node[], emit: Emit, program: Instruction[]): void {
  const to: number[] = [];
  emit({ op: 'split', to });
  const ends: number[][] = [];
  for (const part of parts) {
    to.push(program.length);
    emitNode(part, emit, program);
    const end: number[] = [];
    emit({ op: 'split', to: end });
    ends.push(end);
  }
  for (const end of ends) end.push(program.length);
}

function emitRepeat(
  { part, min, max, isLazy }: Extract<Node, { kind: 'repeat' }>,
  emit: Emit,
  program: Instruction[],
): void {
  const split = (): number[] => {
    const to: number[] = [];
    emit({ op: 'split', to });
    return to;
  };
  const link = (to: number[], into: number): void => {
    to.push(...(isLazy ? [program.length, into] : [into, program.length]));
  };
  const isEndless = max === Number.POSITIVE_INFINITY;
  // What is of no length need not be there more than once.
  const copies = isEndless ? min - 1 : min;
  for (let i = 0, before = -1; i < copies && program.length > before; i++) {
    before = program.length;
    emitNode(part, emit, program);
  }
  if (isEndless) {
    // x{2,} is xx+. What may be of no length is gone through once even then, for its groups: x* is (x+)?
    const isPlus = min > 0 || isNullable(part);
    const loop = program.length;
    const enter = min === 0 ? split() : undefined;
    const into = program.length;
    emitNode(part, emit, program);
    if (isPlus) link(split(), into);
    else emit({ op: 'split', to: [loop] });
    if (enter) link(enter, into);
    return;
  }
  const skips: [number[], number][] = [];
  for (let i = min; i < max; i++) {
    const to = split();
    skips.push([to, program.length]);
    emitNode(part, emit, program);
  }
  for (const [to, into] of skips) link(to, into);
}

function isNullable(node: Node): boolean {
  switch (node.kind) {
    case 'char':
      return false;
    case 'assert':
      return true;
    case 'sequence':
      return node.parts.every(isNullable);
    case 'choice':
      return node.parts.some(isNullable);
    case 'group':
      return isNullable(node.part);
    default:
      return node.min === 0 || isNullable(node.part);
  }
}

function classBounds(instructions: readonly Instruction[]): Uint32Array {
  const bounds = new Set([0]);
  const add = (set: CharSet): void => {
    for (const [first, last] of set) {
      bounds.add(first);
      if (last < LAST_CHAR) bounds.add(last + 1);
    }
  };
  for (const instruction of instructions) {
    if (instruction.op === 'char') add(instruction.set);
    else if (instruction.op === 'assert') add([[NEWLINE, NEWLINE], ...WORDS]);
  }
  return Uint32Array.from([...bounds].sort((a, b) => a - b));
}

/** Writes 1 for each class that is in the set. */
function markClasses(set: CharSet, bounds: Uint32Array, row: Uint8Array): void {
  for (const [first, last] of set) {
    for (let i = classOf(bounds, first); i < bounds.length && bounds[i] <= last; i++) row[i] = 1;
  }
}
