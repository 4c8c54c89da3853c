/**
 * What Promtail's stages have come to: processors for the streams of one selector, and the fields that Promtail calls "extracted".
 * A field has the name that its key has here; stages behind it may call it otherwise.
 */
import type { Comparison } from '../../../pipeline/match.js';
import type { Draft, Tree } from '../draft.js';
import type { Section } from '../section.js';

interface Field {
  readonly name: string;
  /** What takes it out of the line. */
  readonly by: Tree | undefined;
  /** It was made a label, and is no field any more. */
  readonly isLabel?: boolean;
}

/** Why a stage that needs a field is not carried over. */
export function notFound(extracted: string): string {
  return `no field is known for "${extracted}": no stage before it that was carried over finds it, or it is a label by then.`;
}

export class Pipeline {
  readonly draft: Draft;
  readonly selector: readonly Comparison[];
  readonly #fields: Map<string, Field>;
  /** The last processor that works on the line: where one changes it, what it reads is not what was there. */
  #reader: Tree | undefined;

  constructor(draft: Draft, selector: readonly Comparison[], fields = new Map<string, Field>()) {
    this.draft = draft;
    this.selector = selector;
    this.#fields = fields;
  }

  /** The same lines, fewer streams. What is extracted there stays there. */
  within(selector: readonly Comparison[]): Pipeline {
    return new Pipeline(this.draft, [...this.selector, ...selector], new Map(this.#fields));
  }

  add(type: string, keys: Tree): Tree {
    return this.draft.process(type, this.selector, keys);
  }

  /** A processor that works on the text of the line. */
  addReader(type: string, keys: Tree): Tree {
    this.#reader = this.add(type, keys);
    return this.#reader;
  }

  /** `fields`: the names that Promtail has for them, and ours. */
  addParser(stage: Section, keys: Tree, fields: ReadonlyMap<string, string>): void {
    const by = this.addReader('parse', keys);
    for (const [extracted, name] of fields) {
      if (this.#fields.has(extracted))
        this.draft.different(
          stage,
          `"${extracted}" was found before; where a line has both the first one counts.`,
        );
      this.#fields.set(extracted, { name, by });
    }
  }

  /** Fields that lines of the source have by themselves. */
  know(...names: readonly string[]): void {
    for (const name of names) this.#fields.set(name, { name, by: undefined });
  }

  /** What it is called in queries: a field, or a label. */
  name(extracted: string): string | undefined {
    return this.#fields.get(extracted)?.name;
  }

  /** Undefined for what is a label by now, too. */
  field(extracted: string): string | undefined {
    const field = this.#fields.get(extracted);
    return field?.isLabel ? undefined : field?.name;
  }

  /** The field is a label from here on. */
  becomesLabel(field: string, label: string): void {
    for (const [extracted, { name, isLabel }] of this.#fields)
      if (name === field && !isLabel)
        this.#fields.set(extracted, { name: label, by: undefined, isLabel: true });
  }

  /** The line becomes this field. False where what takes the field out is not the last to have worked on the line. */
  becomeLine(extracted: string): boolean {
    const field = this.#fields.get(extracted);
    if (!field?.by || field.by !== this.#reader) return false;
    field.by['message_field'] = field.name;
    return true;
  }
}
