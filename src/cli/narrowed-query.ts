/** A query, and what options say beside it. */
import { parseQuery, queryText } from '../query/index.js';
import { escaped } from '../query/text.js';

export interface Narrowing {
  readonly container?: readonly string[];
  readonly level?: readonly string[];
}

/** Lines that the query wants, of these containers and levels. Throws a QueryError. */
export function narrowedQuery(text: string, { container = [], level = [] }: Narrowing): string {
  const query = parseQuery(text);
  return queryText({
    labels: [...query.labels, ...(container.length > 0 ? [{ name: 'container', ...oneOf(container) }] : [])],
    lines: query.lines,
    levels: [...query.levels, ...(level.length > 0 ? [oneOf(level)] : [])],
    fields: query.fields,
  });
}

function oneOf(values: readonly string[]): { operator: '=~'; value: string } {
  return { operator: '=~', value: values.map(escaped).join('|') };
}
