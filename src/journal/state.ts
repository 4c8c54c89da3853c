/**
 * What the journal remembers beside lines: the sources' positions, the readers' cursors, how much was journaled.
 *
 * Meta of a SNAPSHOT, JSON: the whole state as the last commit left it.
 *   { sequence, lines, created, keys: [[key, position], …], cursors: { name: [delivered, retained?] },
 *     tallies: [[base, [lines of each lane]], …] of the segments before }
 * Meta of a COMMIT, JSON: what its group changed, and where in the journal the group begins.
 *   { sequence, begin, define: [[number, key], …], set: [[number, position], …], forget: [number, …], cursors }
 *
 * Source keys are long and come again in every commit, so each has a number within a segment: its place in the
 * snapshot's `keys`, or as `define` says. `created` is in milliseconds since 1970. A reader that never comes back keeps its
 * hundred bytes of cursor.
 */
import type { Cursor, Position, SourceKey } from '../pipeline/contract.js';

/** [delivered, retained]; without the second, both are the same. */
export type StoredCursor = readonly [Cursor, Cursor?];

/** What one group commit changes; an undefined position is one to be forgotten. */
export interface Changes {
  readonly positions: ReadonlyMap<SourceKey, Position | undefined>;
  readonly cursors: ReadonlyMap<string, StoredCursor>;
  readonly lines: number;
}

interface SnapshotBody {
  readonly sequence: number;
  readonly lines: number;
  readonly created: number;
  readonly keys: readonly (readonly [SourceKey, Position])[];
  readonly cursors: Readonly<Record<string, StoredCursor>>;
  readonly tallies?: Tallies;
}

/** Of segments: lsn of the first byte, lines of each lane. */
export type Tallies = readonly (readonly [number, readonly number[]])[];

interface CommitBody {
  readonly sequence: number;
  readonly begin: number;
  readonly define: readonly (readonly [number, SourceKey])[];
  readonly set: readonly (readonly [number, Position])[];
  readonly forget: readonly number[];
  readonly cursors: Readonly<Record<string, StoredCursor>>;
}

export interface Commit extends Changes {
  readonly sequence: number;
  readonly begin: number;
}

/** The numbers that the writer gives to source keys within one segment. */
export class KeyNumbers {
  readonly #numbers = new Map<SourceKey, number>();
  #fresh: [number, SourceKey][] = [];

  number(key: SourceKey): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(key, number);
    this.#fresh.push([number, key]);
    return number;
  }

  /** Keys numbered since the last call: what is written next must define them. */
  takeFresh(): readonly (readonly [number, SourceKey])[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}

/** The same numbers as a reader of the segment learns them. */
export type KnownKeys = Map<number, SourceKey>;

export class State {
  sequence = 0;
  lines = 0;
  readonly positions = new Map<SourceKey, Position>();
  readonly cursors = new Map<string, StoredCursor>();
  /** Of the segments before the one whose snapshot this was. */
  tallies: Tallies = [];

  apply(changes: Changes): void {
    this.lines += changes.lines;
    for (const [key, position] of changes.positions) {
      if (position === undefined) this.positions.delete(key);
      else this.positions.set(key, position);
    }
    for (const [name, cursor] of changes.cursors) this.cursors.set(name, cursor);
  }

  encodeSnapshot(created: number, numbers: KeyNumbers, tallies: Tallies): Buffer {
    for (const key of this.positions.keys()) numbers.number(key);
    numbers.takeFresh();
    const body: SnapshotBody = {
      sequence: this.sequence,
      lines: this.lines,
      created,
      keys: [...this.positions],
      cursors: Object.fromEntries(this.cursors),
      tallies,
    };
    return Buffer.from(JSON.stringify(body));
  }

  /** Throws on what `encodeSnapshot` did not write. */
  static decodeSnapshot(meta: Buffer, keys: KnownKeys): State {
    const body = JSON.parse(meta.toString()) as SnapshotBody;
    const state = new State();
    state.sequence = body.sequence;
    state.lines = body.lines;
    state.tallies = body.tallies ?? [];
    for (const [key, position] of body.keys) {
      keys.set(keys.size, key);
      state.positions.set(key, position);
    }
    for (const [name, cursor] of Object.entries(body.cursors)) state.cursors.set(name, cursor);
    return state;
  }
}

export function encodeCommit(changes: Changes, sequence: number, begin: number, numbers: KeyNumbers): Buffer {
  const set: [number, Position][] = [];
  const forget: number[] = [];
  for (const [key, position] of changes.positions) {
    if (position === undefined) forget.push(numbers.number(key));
    else set.push([numbers.number(key), position]);
  }
  const body: CommitBody = {
    sequence,
    begin,
    define: numbers.takeFresh(),
    set,
    forget,
    cursors: Object.fromEntries(changes.cursors),
  };
  return Buffer.from(JSON.stringify(body));
}

/**
 * `lines` as the record's header says. A number whose definition was lost to damage is passed over: that source then
 * goes on from an older position. Throws on what `encodeCommit` did not write.
 */
export function decodeCommit(meta: Buffer, lines: number, keys: KnownKeys): Commit {
  const body = JSON.parse(meta.toString()) as CommitBody;
  for (const [number, key] of body.define) keys.set(number, key);
  const positions = new Map<SourceKey, Position | undefined>();
  const put = (number: number, position: Position | undefined): void => {
    const key = keys.get(number);
    if (key !== undefined) positions.set(key, position);
  };
  for (const [number, position] of body.set) put(number, position);
  for (const number of body.forget) put(number, undefined);
  return {
    sequence: body.sequence,
    begin: body.begin,
    positions,
    cursors: new Map(Object.entries(body.cursors)),
    lines,
  };
}
