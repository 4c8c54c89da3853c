/** What a conversion has come to so far, and what it has to say. */
import type { Comparison } from '../../pipeline/match.js';
import { queryText } from '../../query/index.js';
import type { Place } from './section.js';

/** Part of a configuration, in the form of the file. */
export type Tree = { [key: string]: unknown };

/** `missing`: not carried over. `different`: carried over, and yet not the same; or not needed. */
export interface Note extends Place {
  readonly kind: 'missing' | 'different';
  /** Why, and what to do. */
  readonly text: string;
}

export class Draft {
  /** Keys at the top of the file, in their order there. */
  readonly top: Tree = {};
  readonly sources: { [name: string]: Tree } = {};
  readonly processors: Tree[] = [];
  readonly sinks: { [name: string]: Tree } = {};
  readonly notes: Note[] = [];
  /** Fields of lines are meant to be seen in Loki. */
  sendsFields = false;

  missing({ path, line }: Place, text: string): void {
    this.notes.push({ kind: 'missing', path, line, text });
  }

  different({ path, line }: Place, text: string): void {
    this.notes.push({ kind: 'different', path, line, text });
  }

  /** A processor for the streams of `selector`. */
  process(type: string, selector: readonly Comparison[], keys: Tree): Tree {
    const match = selector.length === 0 ? {} : { match: selectorText(selector) };
    const entry = { type, ...match, ...keys };
    this.processors.push(entry);
    return entry;
  }
}

function selectorText(labels: readonly Comparison[]): string {
  return queryText({ labels, lines: [], levels: [], fields: [] });
}

/** A name of a component that `taken` does not have. */
export function componentName(wanted: string, taken: Readonly<Record<string, unknown>>): string {
  const plain = wanted.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  const base = plain.slice(0, 60) || 'source';
  for (let i = 1; ; i++) {
    const name = i === 1 ? base : `${base}-${i}`;
    if (!Object.hasOwn(taken, name)) return name;
  }
}

/** Only what is there: keys without a value are left out. */
export function given(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree).filter(([, value]) => value !== undefined && !isEmpty(value)),
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
