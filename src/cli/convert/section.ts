/**
 * Mappings of a YAML document that remember what was asked for. So what nobody asked for can be told, with its line: nothing of a
 * configuration is left out in silence.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { AgentError } from '../../runtime/errors.js';

/** Where something stands: `clients[0].url`, line 12. */
export interface Place {
  readonly path: string;
  readonly line: number;
}

/** A key whose value is a text. */
export interface Entry extends Place {
  readonly name: string;
  readonly value: string;
}

const MAX_ALIASES = 100;

/** All mappings that were opened, in the order in which they were. */
export class Source {
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  readonly #opened: Section[] = [];
  readonly root: Section;

  /** Throws CONFIG_INVALID where `text` is no YAML mapping. `name` is what messages call the file. */
  constructor(text: string, name: string) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, merge: true, prettyErrors: false });
    const [error] = this.#document.errors;
    if (error) {
      const { line, col } = this.#lines.linePos(error.pos[0]);
      throw invalid(`${name}:${line}:${col} is not YAML (${error.code}).`);
    }
    try {
      this.#document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch {
      throw invalid(`${name} refers to its own parts too often.`);
    }
    const root = this.resolve(this.#document.contents);
    if (!isMap(root)) throw invalid(`${name} has no sections of keys.`);
    this.root = this.open(root, '', 1);
  }

  /** What stands in a place, behind the alias that may stand there. */
  resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  lineOf(node: unknown, otherwise: number): number {
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    return range ? this.#lines.linePos(range[0]).line : otherwise;
  }

  open(map: YAMLMap, path: string, line: number): Section {
    const section = new Section(this, map, { path, line });
    this.#opened.push(section);
    return section;
  }

  /** Keys that nobody took, of all mappings that were opened. A key of a mapping that was opened twice is there once. */
  rest(): Place[] {
    const taken = new Set(this.#opened.flatMap((section) => [...section.taken]));
    const rest = new Map(
      this.#opened
        .flatMap((section) => section.places())
        .filter(({ path }) => !taken.has(path))
        .map((place) => [place.path, place]),
    );
    return [...rest.values()].sort((a, b) => a.line - b.line);
  }
}

export class Section implements Place {
  readonly path: string;
  readonly line: number;
  /** Paths of keys. */
  readonly taken = new Set<string>();
  readonly #source: Source;
  readonly #pairs: ReadonlyMap<string, Pair>;

  constructor(source: Source, map: YAMLMap, { path, line }: Place) {
    this.#source = source;
    this.path = path;
    this.line = line;
    this.#pairs = pairsOf(map, source);
  }

  has(key: string): boolean {
    return this.#pairs.has(key);
  }

  /** The keys, in their order. Nothing is taken by that. */
  places(): (Place & { readonly name: string })[] {
    return [...this.#pairs.keys()].map((name) => ({ ...this.place(name), name }));
  }

  /** Takes a text, number or truth value; one without a value is empty. Anything else stays. */
  text(key: string): string | undefined {
    const text = this.has(key) ? textOf(this.#node(key)) : undefined;
    if (text !== undefined) this.#take(key);
    return text;
  }

  /** Takes a list of texts, or one text. */
  texts(key: string): string[] {
    const node = this.#node(key);
    if (!isSeq(node)) return [this.text(key)].flatMap((text) => (text ? [text] : []));
    this.#take(key);
    return node.items.flatMap((item) => textOf(this.#source.resolve(item)) ?? []);
  }

  /** Takes a mapping. One without a value is empty, as `docker:` in a list of stages. */
  section(key: string): Section | undefined {
    const node = this.#node(key);
    if (!this.has(key) || (!isMap(node) && textOf(node) !== '')) return undefined;
    this.#take(key);
    return this.#open(node, this.place(key));
  }

  /** Takes a list of mappings; other items are left out. */
  sections(key: string): Section[] {
    const node = this.#node(key);
    if (!isSeq(node)) return [];
    this.#take(key);
    const { path, line } = this.place(key);
    return node.items.flatMap((item, i) => {
      const map = this.#source.resolve(item);
      const place = { path: `${path}[${i}]`, line: this.#source.lineOf(item, line) };
      if (isMap(map)) return [this.#open(map, place)];
      // A stage without anything to say, as `- cri`.
      const name = textOf(map);
      return name ? [this.#open(this.#document(name), place)] : [];
    });
  }

  /** Takes a mapping of names to texts. */
  entries(key: string): Entry[] {
    const section = this.section(key);
    return (section?.places() ?? []).flatMap(({ name, ...place }) => {
      const value = section?.text(name);
      return value === undefined ? [] : [{ ...place, name, value }];
    });
  }

  place(key: string): Place {
    const pair = this.#pairs.get(key);
    return {
      path: this.path === '' ? key : `${this.path}.${key}`,
      line: this.#source.lineOf(pair?.key, this.line),
    };
  }

  /** Whatever it is, it is dealt with. */
  pass(...keys: readonly string[]): void {
    for (const key of keys) this.#take(key);
  }

  #take(key: string): void {
    this.taken.add(this.place(key).path);
  }

  #node(key: string): unknown {
    return this.#source.resolve(this.#pairs.get(key)?.value);
  }

  #open(node: unknown, place: Place): Section {
    return this.#source.open(isMap(node) ? node : this.#document(), place.path, place.line);
  }

  #document(...names: readonly string[]): YAMLMap {
    return parseDocument(`{${names.map((name) => JSON.stringify(name)).join(',')}}`).contents as YAMLMap;
  }
}

function pairsOf(map: YAMLMap, source: Source, pairs = new Map<string, Pair>()): ReadonlyMap<string, Pair> {
  for (const pair of map.items) {
    const name = textOf(pair.key) ?? '';
    const value = source.resolve(pair.value);
    if (name !== '<<') pairs.set(name, pair);
    else if (isMap(value))
      for (const [key, of] of pairsOf(value, source)) if (!pairs.has(key)) pairs.set(key, of);
  }
  return pairs;
}

/** As it is written; undefined for lists and mappings. */
function textOf(node: unknown): string | undefined {
  if (node === null || node === undefined) return '';
  if (!isScalar(node)) return undefined;
  const { value, source } = node;
  if (typeof value === 'string') return value;
  return value === null ? '' : (source ?? JSON.stringify(value));
}

function invalid(message: string): AgentError {
  return new AgentError('CONFIG_INVALID', message, { remedy: 'Name a configuration of Promtail.' });
}
