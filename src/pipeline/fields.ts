/**
 * The fields of one line while a format takes it apart. Nothing is written before the format has seen all of the line:
 * one that turns out to be something else leaves no half of it behind.
 *
 * - A field that comes twice counts once: the first one stays, as between processors.
 * - What is empty is no field, as in Loki; an empty message is an empty line.
 * - Bounds: FIELDS of a line by one processor, ROW_FIELDS and ROW_BYTES with what the line had before, VALUE_BYTES of a value
 *   (a longer one is cut between two characters). What has no room is left out and counted.
 */
import { isUtf8 } from 'node:buffer';
import type { Draft } from './draft.js';
import { type FieldName, fieldName, type Metadata } from './metadata.js';

const FIELDS = 32;
const ROW_FIELDS = 64;
const ROW_BYTES = 16 * 1024;
const VALUE_BYTES = 4 * 1024;
/** Tags and lengths around a name and a value, at most. */
const PAIR_BYTES = 12;
const MAX_SLOTS = 2048;

/** A name that a field of a line may have. */
export interface Slot {
  readonly name: FieldName;
  readonly isWanted: boolean;
  /** Its value becomes the line. */
  readonly isMessage: boolean;
  /** Which line it was last seen in. */
  line: number;
}

export interface FieldsWanted {
  /** Undefined: all. */
  readonly fields?: readonly string[];
  /** Becomes the line. */
  readonly messageField?: string;
}

export class FieldSet {
  /** How many were left out for want of room, since it was asked last. */
  dropped = 0;
  /** With another number, slots that were asked for behind the first line are to be asked for again. */
  generation = 0;
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #messageField: string | undefined;
  #slots = new Map<string, Slot>();
  /** Those that formats have from the beginning. */
  #fixed = new Map<string, Slot>();
  #line = 0;
  #count = 0;
  readonly #taken: Slot[] = [];
  readonly #from = new Uint32Array(FIELDS);
  readonly #to = new Uint32Array(FIELDS);
  /** 1: in #decoded instead of the line's arena. */
  readonly #isDecoded = new Uint8Array(FIELDS);
  /** 1: nothing but ASCII. */
  readonly #isAscii = new Uint8Array(FIELDS);
  /** Values that do not stand in the line as they are. */
  #decoded = Buffer.allocUnsafe(16 * 1024);
  #decodedTail = 0;

  constructor({ fields, messageField }: FieldsWanted) {
    this.#wanted = fields && new Set(fields);
    this.#messageField = messageField;
  }

  /** Begins a line. */
  begin(): void {
    if (this.#line++ === 0) this.#fixed = new Map(this.#slots);
    this.#count = 0;
    this.#decodedTail = 0;
    if (this.#slots.size < MAX_SLOTS) return;
    this.#slots = new Map(this.#fixed);
    this.generation++;
  }

  /** The slot of a name, which is made fit for one. */
  slot(text: string): Slot {
    const name = fitName(text);
    let slot = this.#slots.get(name);
    if (!slot) {
      const isMessage = name === this.#messageField;
      const isWanted = isMessage || (this.#wanted?.has(name) ?? true);
      slot = { name: fieldName(name), isWanted, isMessage, line: 0 };
      this.#slots.set(name, slot);
    }
    return slot;
  }

  /** For what repeats the line's text: a slot that is not wanted unless it is asked for by name. */
  slotOnRequest(name: string): Slot {
    const slot = this.slot(name);
    return slot.isMessage || this.#wanted?.has(name) ? slot : { ...slot, isWanted: false };
  }

  /** Takes data[from .. to) of the line's arena as the value, unless the line has the field already. */
  put(slot: Slot, from: number, to: number, isAscii = false): void {
    if (!slot.isWanted || (to <= from && !slot.isMessage) || slot.line === this.#line) return;
    const at = this.#take(slot);
    if (at < 0) return;
    this.#from[at] = from;
    this.#to[at] = to;
    this.#isDecoded[at] = 0;
    this.#isAscii[at] = isAscii ? 1 : 0;
  }

  /** Takes as the value what `decode` writes into the buffer from `at` on, at most `room` bytes; it answers where that ends. */
  putDecoded(slot: Slot, room: number, decode: (into: Buffer, at: number) => number): void {
    if (!slot.isWanted || slot.line === this.#line) return;
    if (this.#decodedTail + room > this.#decoded.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#decodedTail + room, this.#decoded.length * 2));
      this.#decoded.copy(larger, 0, 0, this.#decodedTail);
      this.#decoded = larger;
    }
    const from = this.#decodedTail;
    const to = decode(this.#decoded, from);
    if (to === from && !slot.isMessage) return;
    const at = this.#take(slot);
    if (at < 0) return;
    this.#decodedTail = to;
    this.#from[at] = from;
    this.#to[at] = to;
    this.#isDecoded[at] = 1;
    this.#isAscii[at] = 0;
  }

  putText(slot: Slot, text: string): void {
    this.putDecoded(slot, text.length * 3, (into, at) => at + into.write(text, at));
  }

  /** Writes what was taken to the row. */
  commit(draft: Draft, row: number): void {
    if (this.#count === 0) return;
    const fields = draft.fields();
    const hadFields = fields.has(row);
    let room = ROW_BYTES - (fields.end[row] - fields.start[row]);
    let places = hadFields ? ROW_FIELDS - fields.pairs(row).length : ROW_FIELDS;
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#taken[i];
      const source = this.#isDecoded[i] === 1 ? this.#decoded : draft.arena;
      const from = this.#from[i];
      let to = this.#to[i];
      if (slot.isMessage) {
        if (this.#isDecoded[i] === 0) draft.setLine(row, from, to);
        else {
          const start = draft.append(source, from, to);
          draft.setLine(row, start, draft.tail);
        }
        continue;
      }
      if (hadFields && fields.find(row, slot.name)) continue;
      if (to - from > VALUE_BYTES) to = characterBorder(source, from, from + VALUE_BYTES);
      room -= slot.name.length + to - from + PAIR_BYTES;
      if (room < 0 || --places < 0) this.dropped++;
      else if (this.#isAscii[i] === 1) fields.add(row, slot.name, source, from, to);
      else addUtf8(fields, row, slot.name, source, from, to);
    }
  }

  #take(slot: Slot): number {
    slot.line = this.#line;
    if (this.#count === FIELDS) {
      this.dropped++;
      return -1;
    }
    this.#taken[this.#count] = slot;
    return this.#count++;
  }
}

/** `trace.id` → `trace_id`; field names are letters, digits and `_`, and do not begin with a digit. */
export function fitName(text: string): string {
  const name = text.replace(/[^a-zA-Z0-9_]/gu, '_');
  return /^[a-zA-Z_]/.test(name) ? name : `_${name}`;
}

function addUtf8(
  fields: Metadata,
  row: number,
  name: FieldName,
  source: Buffer,
  from: number,
  to: number,
): void {
  let at = from;
  while (at < to && source[at] < 0x80) at++;
  if (at === to || isUtf8(source.subarray(at, to))) fields.add(row, name, source, from, to);
  else fields.addText(row, name, source.toString('utf8', from, to));
}

/** The last place at or before `to` that is not inside a character. */
function characterBorder(data: Buffer, from: number, to: number): number {
  let at = to;
  while (at > from && at > to - 4 && (data[at] & 0xc0) === 0x80) at--;
  return at;
}
