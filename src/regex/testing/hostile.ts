/** Patterns and lines that are as bad for an engine of regular expressions as people and programs can make them; by seed. */

export interface Hostile {
  readonly pattern: string;
  readonly line: Buffer;
}

/** Numbers from 0 to below 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;

function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)];
}

function upTo(random: Random, most: number): number {
  return 1 + Math.floor(random() * most);
}

const ATOMS = [
  'a',
  'b',
  '.',
  '\\w',
  '\\d',
  '[ab]',
  '[^b]',
  '\\S',
  '[a-z0-9]',
  '[α-ωa]',
  '[^\\x{4e00}-\\x{9fff}]',
  ' ',
];

/** Each of another kind of trouble. */
const SHAPES: readonly ((random: Random) => string)[] = [
  // Nested repetitions: what backtracks tries exponentially many ways.
  (random) => `(${pick(random, ATOMS)}${pick(random, ['+', '*', '{1,}'])})${pick(random, ['+', '*'])}$`,
  (random) => `((${pick(random, ATOMS)}*)*)*${pick(random, ['c', '$', '\\b!'])}`,
  (random) =>
    `(${pick(random, ATOMS)}|${pick(random, ATOMS)}|${pick(random, ATOMS)}${pick(random, ATOMS)})*x$`,
  // Counted repetitions: sets of threads are as many as there are ways to have counted, so none is seen twice.
  (random) =>
    `${pick(random, ['a', '[ab]', '\\w'])}.{${upTo(random, 240)}}${pick(random, ['b', 'c$', '\\d'])}`,
  (random) => `(${pick(random, ATOMS)}{${upTo(random, 9)}}){${upTo(random, 9)}}${pick(random, ATOMS)}`,
  (random) => `${pick(random, ATOMS)}{0,${upTo(random, 120)}}${pick(random, ATOMS)}{${upTo(random, 40)}}z`,
  (random) => `${'a?'.repeat(upTo(random, 80))}${'a'.repeat(upTo(random, 80))}b`,
  (random) => `(.*){${upTo(random, 40)}}${pick(random, ['z', '\\bq\\b'])}`,
  (random) => `(?:.*${pick(random, ['a', 'b', ' '])}){${upTo(random, 60)}}!`,
  // Many alternatives, some of them prefixes of others.
  (random) =>
    Array.from(
      { length: upTo(random, 30) },
      () => `${'a'.repeat(upTo(random, 8))}${pick(random, ATOMS)}`,
    ).join('|'),
  (random) =>
    `(${Array.from({ length: upTo(random, 12) }, () => pick(random, ATOMS)).join('|')}){${upTo(random, 20)}}\\z`,
  // Words, lines and ends: threads that have to be asked again at each character.
  (random) => `(\\b\\w+\\b\\W*){${upTo(random, 30)}}${pick(random, ['$', '\\Bx', '(?m)^q'])}`,
  (random) => `(?m)(^|\\b|\\B|${pick(random, ATOMS)})*${pick(random, ATOMS)}{${upTo(random, 60)}}!$`,
  // Without case, and far from ASCII.
  (random) =>
    `(?i)(${pick(random, ['kelvin', 'straße', 'ſs', 'ﬀ'])}|${pick(random, ATOMS)})*[^a-zα-ω]{${upTo(random, 80)}}`,
  (random) =>
    `[${Array.from({ length: 40 }, (_, i) => `\\x{${(0x400 + i * 37 + upTo(random, 30)).toString(16)}}`).join('')}]+.{${upTo(random, 100)}}x`,
  // Texts that a native search has its trouble with.
  (random) => `${'a'.repeat(upTo(random, 300))}b`,
  (random) => `(?i)${'ab'.repeat(upTo(random, 150))}c`,
];

const FILLS: readonly ((random: Random) => () => string)[] = [
  () => () => 'a',
  () => () => 'ab',
  (random) => () => pick(random, ['a', 'b']),
  (random) => () => pick(random, ['a', 'b', ' ', '1', 'z']),
  (random) => () => pick(random, ['а', 'б', '中', 'α', 'ω', '😀', 'a', 'K', 'ſ']),
  () => () => 'a b ',
  (random) => () => pick(random, ['aaaaaaaa', 'aaaaaaab', '\\', '"', '\t']),
];

/** Bytes that are no UTF-8 among those that are. */
function broken(random: Random, line: Buffer): Buffer {
  for (let i = 0; i < line.length; i += upTo(random, 40))
    line[i] = pick(random, [0xff, 0xc3, 0xe2, 0xf0, 0x80]);
  return line;
}

export function hostilePattern(random: Random): string {
  return pick(random, SHAPES)(random);
}

/** Of at most `bytes`; most are much shorter, some are as long as that. */
export function hostileLine(random: Random, bytes: number): Buffer {
  const length = Math.ceil(bytes * 2 ** -Math.floor(random() * 12));
  const next = pick(random, FILLS)(random);
  // A part is made by chance, and then said again, so that a test makes megabytes in no time.
  let part = '';
  while (part.length < Math.min(length, 4096)) part += next();
  const line = Buffer.alloc(length, part);
  return random() < 0.15 ? broken(random, line) : line;
}
