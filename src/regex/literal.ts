/** What every match of a pattern must hold, for a quick search of it to go first. */
import { type CharSet, folded } from './chars.js';
import type { Node } from './syntax.js';

export interface Literal {
  /** In lower case and of ASCII where `foldsCase`. */
  readonly text: string;
  /** Upper and lower case are one. */
  readonly foldsCase: boolean;
  /** Does a text match wherever it holds this? */
  readonly isAll: boolean;
}

interface Char {
  readonly text: string;
  readonly foldsCase: boolean;
}

/** What stands for bytes that are no character, so cannot be looked for. */
const REPLACEMENT = 0xfffd;

/** The longest that is found; undefined where there is none. */
export function requiredLiteral(node: Node): Literal | undefined {
  const places = placesOf(node);
  const runs: Char[][] = [[]];
  for (const set of places) {
    const char = set && charOf(set);
    const run = runs.at(-1) ?? [];
    if (!char) runs.push([]);
    else if (canJoin(run, char)) run.push(char);
    else runs.push([char]);
  }
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best));
  if (longest.length === 0) return undefined;
  const foldsCase = longest.some((char) => char.foldsCase);
  const text = longest.map((char) => char.text).join('');
  const isExact = !foldsCase || longest.every((char) => char.foldsCase || !/[a-z]/i.test(char.text));
  return {
    text: foldsCase ? text.toLowerCase() : text,
    foldsCase,
    isAll: isExact && longest.length === places.length,
  };
}

/** Of each place in a sequence the characters that may stand there; undefined stands for anything. */
function placesOf(node: Node): (CharSet | undefined)[] {
  if (node.kind === 'char') return [node.set];
  if (node.kind === 'group') return placesOf(node.part);
  if (node.kind === 'sequence') return node.parts.flatMap(placesOf);
  if (node.kind === 'repeat' && node.min > 0) return [undefined, ...placesOf(node.part), undefined];
  return [undefined];
}

/** One search either tells cases apart, or does not and is of ASCII alone. */
function canJoin(run: readonly Char[], char: Char): boolean {
  const all = [...run, char];
  return !all.some(({ foldsCase }) => foldsCase) || all.every(({ text }) => isAscii(text));
}

function charOf(set: CharSet): Char | undefined {
  const [first, last] = set[0] ?? [1, 0];
  if (set.length === 1 && first === last) {
    const text = String.fromCodePoint(first);
    return first === REPLACEMENT || !text.isWellFormed() ? undefined : { text, foldsCase: false };
  }
  const lower = set.find(([char]) => char >= 0x61 && char <= 0x7a)?.[0];
  if (lower === undefined || !isSame(set, folded([[lower, lower]]))) return undefined;
  return { text: String.fromCodePoint(lower), foldsCase: true };
}

function isSame(a: CharSet, b: CharSet): boolean {
  return a.length === b.length && a.every(([first, last], i) => first === b[i][0] && last === b[i][1]);
}

function isAscii(text: string): boolean {
  return text.charCodeAt(0) < 0x80;
}
