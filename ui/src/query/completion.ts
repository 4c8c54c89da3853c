/** What could come next where somebody types a query. Pure: text and place in, suggestions out. */
import { escaped } from '../../../src/query/text.js';
import { LEVELS } from './levels.js';
import { MAX_QUERY_CHARS } from './read.js';

export interface Suggestion {
  /** What stands in the list. */
  readonly label: string;
  /** What it is, in a word or two. */
  readonly hint: string;
  /** Takes the place of what is between `from` and `to`. */
  readonly insert: string;
}

export interface Completion {
  readonly from: number;
  readonly to: number;
  readonly suggestions: readonly Suggestion[];
}

/** Values by name of a label, newest first. */
export type KnownLabels = Readonly<Record<string, readonly string[]>>;

const MOST = 50;
const STAGES: readonly Suggestion[] = [
  { label: '|= "…"', hint: 'holds this text', insert: '|= "' },
  { label: '!= "…"', hint: 'does not hold it', insert: '!= "' },
  { label: '|~ "…"', hint: 'matches the pattern', insert: '|~ "' },
  { label: '!~ "…"', hint: 'does not match it', insert: '!~ "' },
  { label: '| level="…"', hint: 'lines of a level', insert: '| level="' },
  { label: '| field="…"', hint: 'a field has this value', insert: '| ' },
];
const VALUE = /^(?<before>.*?[{,]\s*(?<name>[a-zA-Z_]\w*)\s*(?<operator>=~|!~|!=|=)\s*)"(?<typed>[^"]*)$/s;
const LEVEL_VALUE = /^(?<before>.*\|\s*(?:detected_)?level\s*(?<operator>=~|!~|!=|=)\s*)"(?<typed>[^"]*)$/s;
const NAME = /^(?<before>.*[{,]\s*)(?<typed>[a-zA-Z_]?\w*)$/s;
const STAGE = /^(?<before>.*?[}"`])\s*(?<typed>[|!][=~]?\s?l?e?v?e?l?|)$/s;

/** Null where nothing is known to suggest. */
export function complete(text: string, cursor: number, known: KnownLabels): Completion | null {
  if (text.length > MAX_QUERY_CHARS) return null;
  // Values that are closed already hold neither braces nor quotes of the language.
  const typed = text
    .slice(0, cursor)
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|`[^`]*`/g, (value) => `"${'x'.repeat(value.length - 2)}"`);
  if (typed.trim() === '') return beginning(text, cursor, known);
  if (!/^\s*[{|!]/.test(typed)) return null;
  const isInSelector = typed.trimStart().startsWith('{') && !typed.includes('}');
  return isInSelector
    ? (labelValue(typed, text, known) ?? labelName(typed, cursor, known))
    : (levelValue(typed, text) ?? stage(typed, cursor));
}

/** An empty query: what one may begin with. */
function beginning(text: string, cursor: number, known: KnownLabels): Completion | null {
  if (text.trim() !== '') return null;
  const labels = Object.keys(known).map((name) => ({
    label: `{${name}="…"}`,
    hint: `by ${name}`,
    insert: `{${name}="`,
  }));
  return { from: 0, to: cursor, suggestions: [...labels, ...STAGES] };
}

function labelName(typed: string, cursor: number, known: KnownLabels): Completion | null {
  const found = NAME.exec(typed)?.groups;
  if (!found) return null;
  const names = matching(Object.keys(known), found['typed']);
  const suggestions = names.map((name) => ({
    label: name,
    hint: examples(known[name]),
    insert: `${name}="`,
  }));
  return some(found['before'].length, cursor, suggestions);
}

function labelValue(typed: string, text: string, known: KnownLabels): Completion | null {
  const found = VALUE.exec(typed)?.groups;
  return found ? values(found, text, Object.hasOwn(known, found['name']) ? known[found['name']] : []) : null;
}

function levelValue(typed: string, text: string): Completion | null {
  const found = LEVEL_VALUE.exec(typed)?.groups;
  return found ? values(found, text, LEVELS) : null;
}

/** The whole value is replaced, also what of it stands behind the cursor. */
function values(found: Record<string, string>, text: string, known: readonly string[]): Completion | null {
  const from = found['before'].length;
  const rest = /^(?:[^"\\\n,}]|\\.)*"?/.exec(text.slice(from + 1 + found['typed'].length))?.[0] ?? '';
  const isPattern = found['operator'].endsWith('~');
  const suggestions = matching(known, found['typed']).map((value) => ({
    label: value,
    hint: '',
    insert: JSON.stringify(isPattern ? escaped(value) : value),
  }));
  return some(from, from + 1 + found['typed'].length + rest.length, suggestions);
}

function stage(typed: string, cursor: number): Completion | null {
  const found = STAGE.exec(typed)?.groups;
  if (!found) return null;
  const wanted = found['typed'].replaceAll(/\s/g, '');
  const gap = found['typed'] === '' && !/\s$/.test(typed) ? ' ' : '';
  const suggestions = STAGES.filter(({ insert }) => insert.replaceAll(' ', '').startsWith(wanted));
  return some(
    cursor - found['typed'].length,
    cursor,
    suggestions.map((one) => ({ ...one, insert: `${gap}${one.insert}` })),
  );
}

function some(from: number, to: number, suggestions: readonly Suggestion[]): Completion | null {
  return suggestions.length > 0 ? { from, to, suggestions } : null;
}

/** Those that hold what was typed; those that begin with it come first. */
function matching(all: readonly string[], typed: string): string[] {
  const wanted = typed.toLowerCase();
  const holding = all.filter((one) => one.toLowerCase().includes(wanted));
  const begins = (one: string): boolean => one.toLowerCase().startsWith(wanted);
  return [...holding.filter(begins), ...holding.filter((one) => !begins(one))].slice(0, MOST);
}

function examples(values: readonly string[]): string {
  return values.length > 2 ? `${values.slice(0, 2).join(', ')}, …` : values.join(', ');
}
