/** Writes queries. No Node.js: the page does so too. */
import type { Comparison } from '../pipeline/match.js';
import type { FieldTest, Query } from './query.js';

const SPECIAL = /[\\^$.*+?()[\]{}|]/g;

/** Inverse of `parseQuery`: what it makes of the text is this query again. */
export function queryText({ labels, lines, levels, fields }: Query): string {
  const selector = labels.map(({ name, ...test }) => `${name}${comparisonText(test)}`).join(', ');
  return [
    ...(labels.length > 0 ? [`{${selector}}`] : []),
    ...lines.map(({ operator, value }) => `${operator} ${quote(value)}`),
    ...levels.map((test) => `| level${comparisonText(test)}`),
    ...fields.map((test) => `| ${test.name}${comparisonText(test)}`),
  ].join(' ');
}

/** A query for a text, whatever the case of its letters. */
export function textQuery(text: string): Query {
  return { labels: [], lines: [{ operator: '|~', value: textPattern(text) }], levels: [], fields: [] };
}

/** A regular expression for a text, whatever the case of its letters. */
export function textPattern(text: string): string {
  return `(?i)${escaped(text)}`;
}

/** A regular expression for a text as it is. */
export function escaped(text: string): string {
  return text.replace(SPECIAL, '\\$&');
}

/** In double quotes, or in backquotes where that spares backslashes. */
export function quote(value: string): string {
  return /[\\"]/.test(value) && !/[`\n]/.test(value) ? `\`${value}\`` : JSON.stringify(value);
}

function comparisonText({ operator, value }: Omit<Comparison, 'name'> | Omit<FieldTest, 'name'>): string {
  return `${operator}${typeof value === 'string' ? quote(value) : String(value)}`;
}
