/**
 * The keys of JSON objects and of logfmt, met once and known again by their bytes: a line of a program has mostly the keys of the line before
 * it, in their order, so what follows a key is guessed before it is looked for. No string is made of a key that is known.
 */

import { type FieldSet, fitName, type Slot } from '../../pipeline/fields.js';
import { standsAt } from './bytes.js';

const MAX_NAMES = 2048;
/** Longer keys are no fields. */
const MAX_NAME_BYTES = 256;

export interface KeyName {
  /** As it stands between the quotes, escapes and all. */
  readonly raw: Buffer;
  readonly parent: KeyName | undefined;
  /** The keys of the objects around it and its own, joined with `_`. */
  readonly path: string;
  /** Undefined: too long to be a field. */
  readonly slot: Slot | undefined;
  /** Key of the same object that came behind it last. */
  next: KeyName | undefined;
  /** First key of the object that was its value last. */
  first: KeyName | undefined;
  /** Another one with the same hash. */
  readonly other: KeyName | undefined;
}

export class KeyNames {
  root: KeyName = rootName();
  readonly #fields: FieldSet;
  readonly #textOf: (raw: Buffer) => string;
  #byHash = new Map<number, KeyName>();
  #count = 0;
  #generation = 0;

  /** `textOf` decodes a key. */
  constructor(fields: FieldSet, textOf: (raw: Buffer) => string) {
    this.#fields = fields;
    this.#textOf = textOf;
  }

  /** Begins a line. */
  begin(): void {
    const { generation } = this.#fields;
    if (generation === this.#generation && this.#count < MAX_NAMES) return;
    this.#generation = generation;
    this.root = rootName();
    this.#byHash = new Map();
    this.#count = 0;
  }

  /** The key data[from .. to), escapes and all, of the object that is the value of `parent`. */
  find(parent: KeyName, data: Buffer, from: number, to: number): KeyName {
    let hash = parent.path.length;
    for (let i = from; i < to; i++) hash = (Math.imul(hash, 33) + data[i]) & 0x3fffffff;
    const other = this.#byHash.get(hash);
    for (let known = other; known; known = known.other)
      if (known.parent === parent && known.raw.length === to - from && standsAt(known.raw, data, from, to))
        return known;
    this.#count++;
    const raw = Buffer.from(data.subarray(from, to));
    const isRoot = parent === this.root;
    const isShort = raw.length <= MAX_NAME_BYTES && (isRoot || parent.slot !== undefined);
    const key = isShort ? fitName(this.#textOf(raw)) : '';
    const path = isRoot ? key : `${parent.path}_${key}`;
    const slot = isShort && path.length <= MAX_NAME_BYTES ? this.#fields.slot(path) : undefined;
    const name = { raw, parent, path: slot ? path : '', slot, next: undefined, first: undefined, other };
    this.#byHash.set(hash, name);
    return name;
  }
}

function rootName(): KeyName {
  const raw = Buffer.alloc(0);
  return {
    raw,
    parent: undefined,
    path: '',
    slot: undefined,
    next: undefined,
    first: undefined,
    other: undefined,
  };
}
