/** Sets of characters (code points), as ascending ranges that do not touch. */

export type CharSet = readonly (readonly [first: number, last: number])[];

export const LAST_CHAR = 0x10ffff;
export const NEWLINE = 10;
export const ANY: CharSet = [[0, LAST_CHAR]];

export function complement(set: CharSet): CharSet {
  const rest: [number, number][] = [];
  let from = 0;
  for (const [first, last] of set) {
    if (first > from) rest.push([from, first - 1]);
    from = last + 1;
  }
  if (from <= LAST_CHAR) rest.push([from, LAST_CHAR]);
  return rest;
}

export function union(ranges: CharSet): CharSet {
  const merged: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = merged.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export function includes(set: CharSet, char: number): boolean {
  return set.some(([first, last]) => first <= char && char <= last);
}

/** The set, and what differs from its members in upper and lower case only. */
export function folded(set: CharSet): CharSet {
  const more: [number, number][] = [];
  for (const orbit of orbits()) {
    if (!orbit.some((char) => includes(set, char))) continue;
    for (const char of orbit) more.push([char, char]);
  }
  return union([...set, ...more]);
}

/** Where letters with two cases are. */
const CASED: CharSet = [
  [0x41, 0x24ff],
  [0x2c00, 0x2dff],
  [0xa640, 0xabff],
  [0xff20, 0xff5f],
  [0x10400, 0x105ff],
  [0x10c80, 0x10d8f],
  [0x118a0, 0x118ff],
  [0x16e40, 0x16e9f],
  [0x16ea0, 0x16edf],
  [0x1e900, 0x1e95f],
];
/** The dotless i: its capital is I, but it is no i. */
const DOTLESS_I = 0x131;
let known: number[][] | undefined;

/** Characters that are one where case does not matter, two or more each: k, K and the sign for Kelvin. */
function orbits(): number[][] {
  if (known) return known;
  const byFold = new Map<number, number[]>();
  for (const [first, last] of CASED) {
    for (let char = first; char <= last; char++) {
      if (char === DOTLESS_I) continue;
      const fold = single(single(char, 'toUpperCase'), 'toLowerCase');
      const orbit = byFold.get(fold);
      if (orbit) orbit.push(char);
      else byFold.set(fold, [char]);
    }
  }
  known = [...byFold.values()].filter(({ length }) => length > 1);
  return known;
}

/** The character in another case, itself where that is more than one. */
function single(char: number, change: 'toUpperCase' | 'toLowerCase'): number {
  const text = String.fromCodePoint(char)[change]();
  const other = text.codePointAt(0) ?? char;
  return String.fromCodePoint(other) === text ? other : char;
}
