/**
 * Queries changed by a click: text in, text out. What of a query is not understood is dropped, because nobody could say
 * what it would mean beside what the click adds.
 */
import type { FieldTest, Query } from '../../../src/query/query.js';
import { escaped, queryText, textPattern } from '../../../src/query/text.js';
import { alternatives, type Part, readQuery } from './read.js';

/** The values of a label that a query asks for by `name="…"` or `name=~"a|b"`; none where it asks otherwise or not at all. */
export function labelsOf(query: string, name: string): string[] {
  return chosen(readQuery(query).parts.filter((part) => part.kind === 'label' && part.name === name));
}

/** Only streams with one of these values; with none of them the label does not matter. Exclusions of these values go. */
export function withLabels(query: string, name: string, values: readonly string[]): string {
  const others = readQuery(query).parts.filter(
    (part) => !(isLabel(part, name) && (!isExclusion(part) || values.includes(part.value))),
  );
  return written([...others, ...choice('label', name, values)]);
}

/** Without streams of this value: it is taken out of the choice, and excluded where there is none. */
export function withoutValue(query: string, name: string, value: string): string {
  const others = labelsOf(query, name).filter((one) => one !== value);
  const rest = withLabels(query, name, others);
  if (others.length > 0 || excluded(rest, name).includes(value)) return rest;
  return written([...readQuery(rest).parts, { kind: 'label', name, operator: '!=', value }]);
}

/** The values of a label that a query leaves out by `name!="…"`. */
export function excluded(query: string, name: string): string[] {
  return readQuery(query)
    .parts.filter((part) => isLabel(part, name) && isExclusion(part))
    .map(({ value }) => value);
}

/** The query without that exclusion. */
export function withoutExclusion(query: string, name: string, value: string): string {
  return written(
    readQuery(query).parts.filter(
      (part) => !(isLabel(part, name) && isExclusion(part) && part.value === value),
    ),
  );
}

export function levelsOf(query: string): string[] {
  return chosen(readQuery(query).parts.filter(({ kind }) => kind === 'level'));
}

/** Only lines of these levels; with none of them the level does not matter. */
export function withLevels(query: string, levels: readonly string[]): string {
  return written([
    ...readQuery(query).parts.filter(({ kind }) => kind !== 'level'),
    ...choice('level', '', levels),
  ]);
}

/** Only lines that hold this text. */
export function withText(query: string, text: string): string {
  const { parts } = readQuery(query);
  const part: Part = { kind: 'line', name: '', operator: '|=', value: text };
  const isThere = parts.some(
    ({ kind, operator, value }) => kind === 'line' && operator === '|=' && value === text,
  );
  return written(isThere ? parts : [...parts, part]);
}

/** Only lines of which the field has this value. */
export function withField(query: string, name: string, value: string): string {
  const { parts } = readQuery(query);
  const part: Part = { kind: 'field', name, operator: '=', value };
  const isThere = parts.some(
    (one) => one.kind === 'field' && one.name === name && one.operator === '=' && one.value === value,
  );
  return written(isThere ? parts : [...parts, part]);
}

function isLabel({ kind, name }: Part, wanted: string): boolean {
  return kind === 'label' && name === wanted;
}

function isExclusion({ operator }: Part): boolean {
  return operator === '!=';
}

function chosen(parts: readonly Part[]): string[] {
  return parts.flatMap(({ operator, value }) => {
    if (operator === '=') return [value];
    return operator === '=~' ? (alternatives(value) ?? []) : [];
  });
}

function choice(kind: 'label' | 'level', name: string, values: readonly string[]): Part[] {
  if (values.length === 0) return [];
  const isOne = values.length === 1;
  return [
    { kind, name, operator: isOne ? '=' : '=~', value: isOne ? values[0] : values.map(escaped).join('|') },
  ];
}

const IGNORING_CASE = textPattern('');

function written(parts: readonly Part[]): string {
  const [first] = parts;
  if (parts.length === 1) {
    const plain = first.kind === 'text' ? first.value : plainText(first);
    if (plain !== null) return plain;
  }
  const of = (wanted: Part['kind']): readonly Part[] => parts.filter(({ kind }) => kind === wanted);
  const texts = of('text').map(({ value }) => ({ operator: '|~', value: textPattern(value) }));
  const lines = [...of('line'), ...texts];
  const fields = parts.flatMap(fieldTest);
  return queryText({ labels: of('label'), lines, levels: of('level'), fields } as Query);
}

function fieldTest({ kind, name, operator, value }: Part): FieldTest[] {
  if (kind === 'number') return [{ name, operator, value: Number(value) + 0 } as FieldTest];
  return kind === 'field' ? [{ name, operator, value } as FieldTest] : [];
}

/** What became a pattern only because it stood beside something else is a text again when it stands alone. */
function plainText({ kind, operator, value }: Part): string | null {
  if (kind !== 'line' || operator !== '|~' || !value.startsWith(IGNORING_CASE)) return null;
  const texts = alternatives(value.slice(IGNORING_CASE.length));
  const isText =
    texts?.length === 1 && texts[0] !== '' && texts[0] === texts[0].trim() && !/^[{|!]/.test(texts[0]);
  return isText ? texts[0] : null;
}
