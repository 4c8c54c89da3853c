/** JSON in lines. Values are hostile as lines are: `__proto__` is a name as any other, and nothing here recurses. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const LONGEST = 4 * 1024 * 1024;

/** The object or list that a line is, or that stands at its end behind other words; undefined where there is none. */
export function jsonIn(line: string): Json | undefined {
  const text = line.trimEnd();
  if (!/[}\]]$/.test(text) || text.length > LONGEST) return undefined;
  const begin = text.search(/[{[]/);
  for (let at = begin, tries = 0; at !== -1 && tries < 3; at = nextBegin(text, at), tries++) {
    try {
      const value = JSON.parse(text.slice(at)) as Json;
      if (isTree(value) && entriesOf(value).length > 0) return value;
    } catch {
      // It begins elsewhere, or is none.
    }
  }
  return undefined;
}

function nextBegin(text: string, at: number): number {
  const next = text.slice(at + 1).search(/[{[]/);
  return next === -1 ? -1 : at + 1 + next;
}

export function isTree(value: Json): value is readonly Json[] | { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null;
}

/** Names and values of an object; numbers and values of a list. */
export function entriesOf(value: Json): readonly (readonly [string, Json])[] {
  return isTree(value) ? Object.entries(value) : [];
}

/** What stands for an object or a list that is folded: `{ 3 }`, `[ 12 ]`. */
export function summaryOf(value: Json): string {
  const { length } = entriesOf(value);
  return Array.isArray(value) ? `[ ${length} ]` : `{ ${length} }`;
}
