/**
 * YAML text to plain values, with the place of each. Values are null-prototype objects, arrays and scalars; a key
 * without a value (`sinks:`) is there with undefined, which stands for its default.
 */
import {
  type Alias,
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { isDeeper } from './nesting.js';
import { type ConfigPath, type Place, Places, type Problem } from './problems.js';
import { substitute } from './variables.js';

export type Tree = { [key: string]: unknown };

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface ParsedDocument {
  readonly tree: Tree;
  readonly places: Places;
  readonly problems: readonly Problem[];
}

// Aliases may multiply: no configuration that a person wrote has this many values or this much nesting.
const MAX_VALUES = 10_000;
const MAX_DEPTH = 32;
const TOO_MUCH = 'too many or too deeply nested values (aliases count each time)';

/** The parser's sentences for these quote the text, which may be a password. */
const QUOTING: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_DIRECTIVE: 'A line that begins with % must stand in quotes',
  BAD_COLLECTION_TYPE: 'A value that begins with ! must stand in quotes',
  TAG_RESOLVE_FAILED: 'A value that begins with ! must stand in quotes',
  BAD_DQ_ESCAPE: 'This escape is not known: write \\\\ for a backslash, or use single quotes',
  UNEXPECTED_TOKEN: 'YAML does not expect this here; a value with special signs must stand in quotes',
};

/** What the parser says of a selector without quotes. */
const IN_BRACES = /^Missing .* between flow /;
const BRACES = `; text with braces or brackets must stand in quotes, such as match: '{env="prod"}'`;

/** `name` is what problems call the file. Never throws. */
export function parseConfigText(text: string, name: string, env: NodeJS.ProcessEnv): ParsedDocument {
  const { value = {}, root, start, places, problems } = read(text, name, env);
  if (isTree(value)) return { tree: value, places, problems };
  const kind = Array.isArray(value) ? 'a list' : 'a single value';
  const problem = { place: start ?? root, message: `must be sections of keys, not ${kind}` };
  return { tree: {}, places, problems: [...problems, problem] };
}

/** YAML that is the value of a key: `[{ type: multiline }]`. Never throws. */
export function parseValueText(
  text: string,
  name: string,
  env: NodeJS.ProcessEnv,
): Pick<ReadText, 'value' | 'problems'> {
  return read(text, name, env);
}

interface ReadText {
  /** Undefined where there is none, or nothing could be read. */
  readonly value: unknown;
  readonly root: Place;
  /** Where the value begins. */
  readonly start?: Place;
  readonly places: Places;
  readonly problems: readonly Problem[];
}

function read(text: string, name: string, env: NodeJS.ProcessEnv): ReadText {
  const lines = new LineCounter();
  const root: Place = { label: name, line: 0, column: 0 };
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { label: `${name}:${line}:${col}`, line, column: col };
  };
  const places = new Places(root);
  let document: Document.Parsed;
  try {
    // A value's key and its collection are levels of their own there.
    if (isDeeper(text, 2 * MAX_DEPTH))
      return { value: undefined, root, places, problems: [{ place: root, message: TOO_MUCH }] };
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  } catch (error) {
    const message = `is not YAML (${(error as Error).name})`;
    return { value: undefined, root, places, problems: [{ place: root, message }] };
  }
  // A warning means that the parser took something for what its writer hardly meant.
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    place: at(error.pos[0]),
    message: QUOTING[error.code] ?? error.message + (IN_BRACES.test(error.message) ? BRACES : ''),
  }));
  if (problems.length > 0) return { value: undefined, root, places, problems };

  const reader = new TreeReader(document, at, places, env);
  const value = reader.read(document.contents);
  problems.push(...reader.problems);
  return { value, root, start: at(document.contents?.range[0] ?? 0), places, problems };
}

/** What each alias stands for. The parser's own way to one takes as long as the whole document. */
function targetsOf(document: Document.Parsed): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias(_, alias) {
      const target = anchors.get(alias.source);
      if (target) targets.set(alias, target);
    },
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

class TreeReader {
  readonly problems: Problem[] = [];
  readonly #targets: ReadonlyMap<Alias, Node>;
  readonly #at: (offset: number) => Place;
  readonly #places: Places;
  readonly #env: NodeJS.ProcessEnv;
  #values = 0;

  constructor(
    document: Document.Parsed,
    at: (offset: number) => Place,
    places: Places,
    env: NodeJS.ProcessEnv,
  ) {
    this.#targets = targetsOf(document);
    this.#at = at;
    this.#places = places;
    this.#env = env;
  }

  read(node: Node | null, path: ConfigPath = []): unknown {
    const place = this.#at(node?.range?.[0] ?? 0);
    if (++this.#values > MAX_VALUES || path.length > MAX_DEPTH) {
      if (this.#values <= MAX_VALUES + 1) this.problems.push({ place, message: TOO_MUCH });
      this.#values = MAX_VALUES + 1;
      return undefined;
    }
    if (isAlias(node)) {
      const target = this.#targets.get(node);
      if (target) return this.read(target, path);
      const message = 'this alias has no anchor before it; a value that begins with * must stand in quotes';
      this.problems.push({ place, message });
      return undefined;
    }
    if (isSeq(node)) {
      return node.items.map((item, i) => {
        const itemPlace = this.#at((item as Node | null)?.range?.[0] ?? node.range?.[0] ?? 0);
        this.#places.set([...path, i], itemPlace, itemPlace);
        return this.read(item as Node | null, [...path, i]);
      });
    }
    if (isMap(node)) return this.#readMap(node.items, path);
    if (isScalar(node)) return this.#readScalar(node.value, place);
    return undefined;
  }

  #readMap(pairs: readonly { key: unknown; value: unknown }[], path: ConfigPath): Tree {
    const tree = Object.create(null) as Tree;
    for (const { key, value } of pairs) {
      const keyNode = key as Node;
      const keyPlace = this.#at(keyNode.range?.[0] ?? 0);
      const name = isScalar(keyNode) ? String(keyNode.value) : undefined;
      if (name === undefined || name === '__proto__') {
        this.problems.push({ place: keyPlace, message: 'a key must be plain text' });
        continue;
      }
      const below = [...path, name];
      const valueNode = value as Node | null;
      const valuePlace = valueNode?.range ? this.#at(valueNode.range[0]) : keyPlace;
      this.#places.set(below, keyPlace, valuePlace);
      tree[name] = this.read(valueNode, below);
    }
    return tree;
  }

  #readScalar(value: unknown, place: Place): unknown {
    if (value === null) return undefined;
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value !== 'string') {
      this.problems.push({ place, message: 'this kind of YAML value is not accepted' });
      return undefined;
    }
    const { text, problem } = substitute(value, this.#env);
    if (problem !== undefined) this.problems.push({ place, message: problem });
    return text;
  }
}
