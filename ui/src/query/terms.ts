/**
 * Where in a line stands what a query looks for, to mark it there.
 *
 * The browser's own engine backtracks. A pattern is therefore tried on so few characters only that its repetitions,
 * optional parts and alternatives cannot multiply to more than STEPS; what multiplies without end (a repeated group) is not tried
 * at all. The agent finds such lines all the same; only the marks are missing.
 */
import { escaped } from '../../../src/query/text.js';
import { type Part, readQuery } from './read.js';

export interface Term {
  readonly expression: RegExp;
  /** It may be tried on this many characters of a line. */
  readonly reach: number;
}

/** Start and end of what is marked. */
export type Mark = readonly [start: number, end: number];

const STEPS = 4_000_000;
const FARTHEST = 16_384;
const MAX_MARKS = 200;

/** What a query looks for; not what it leaves out. */
export function termsOf(query: string): Term[] {
  return readQuery(query)
    .parts.map(term)
    .filter((term) => term !== null);
}

/** In order, apart from each other, at most 200. */
export function marksIn(text: string, terms: readonly Term[]): Mark[] {
  const found: Mark[] = [];
  for (const { expression, reach } of terms) {
    for (const match of text.slice(0, reach).matchAll(expression)) {
      if (match[0] !== '') found.push([match.index, match.index + match[0].length]);
      if (found.length >= MAX_MARKS) break;
    }
  }
  return joined(found.sort(([one], [other]) => one - other));
}

function joined(marks: readonly Mark[]): Mark[] {
  const apart: Mark[] = [];
  for (const [start, end] of marks) {
    const last = apart.at(-1);
    if (last && start <= last[1]) apart[apart.length - 1] = [last[0], Math.max(last[1], end)];
    else apart.push([start, end]);
  }
  return apart;
}

function term({ kind, operator, value }: Part): Term | null {
  if (value === '') return null;
  if (kind === 'text') return { expression: new RegExp(escaped(value), 'gi'), reach: FARTHEST };
  if (kind !== 'line') return null;
  if (operator === '|=') return { expression: new RegExp(escaped(value), 'g'), reach: FARTHEST };
  return operator === '|~' ? pattern(value) : null;
}

const FLAGS = /^\(\?([is]{1,2})\)/;
/** What means the same to the agent and to the browser. No character can be read in two ways, so this cannot backtrack. */
const COMMON =
  /^(?:[^\\()[\]{}*+?|]|\\[dDwWsSb\\^$.*+?()[\]{}|/-]|\[(?:[^\\[\]]|\\[dDwWsS\\^$.*+?()[\]{}|/-])+\]|\((?:\?:|(?!\?))|[)|*+?]|\{\d{1,3}(?:,\d{0,3})?\})*$/;
const LONGEST = 300;

function pattern(value: string): Term | null {
  const flags = FLAGS.exec(value)?.[0] ?? '';
  const body = value.slice(flags.length);
  if (body.length > LONGEST || !COMMON.test(body)) return null;
  const reach = reachOf(body);
  if (reach === 0) return null;
  try {
    return { expression: new RegExp(body, `g${flags.replaceAll(/[^is]/g, '')}`), reach };
  } catch {
    return null;
  }
}

/** From each place of a text every way through the pattern may be tried: their number times the places must stay bounded. */
function reachOf(body: string): number {
  // Neither escaped characters nor those of a class repeat anything.
  const bare = body
    .replaceAll(/\\./g, 'x')
    .replaceAll(/\[[^\]]*\]/g, 'x')
    .replaceAll('(?:', '(');
  if (/\)[*+{]/.test(bare)) return 0;
  let ways = 1;
  let endless = 0;
  for (const [repeat] of bare.matchAll(/[*+?|]|\{[\d,]+\}/g)) {
    if (repeat === '?' || repeat === '|') ways *= 2;
    else if (repeat.startsWith('{') && !repeat.endsWith(',}'))
      ways *= Math.max(...repeat.slice(1, -1).split(',').map(Number), 1);
    else endless++;
  }
  const reach = Math.floor((STEPS / ways) ** (1 / (endless + 1)));
  return reach < 32 ? 0 : Math.min(reach, FARTHEST);
}
