/**
 * What the journal remembers beside lines: the sources' positions, the readers' cursors, how much was journaled, and the
 * totals that others count with their lines and cursors.
 *
 * Meta of a SNAPSHOT, JSON: the whole state as the last commit left it.
 *   { sequence, lanes: [lines of each lane], created, since, keys: [[key, position], …], totals: [[name, lines], …],
 *     cursors: { name: [delivered, retained?] }, tallies: [[base, [lines of each lane]], …] of the segments before }
 * Meta of a COMMIT, JSON: what its group changed, and where in the journal the group begins.
 *   { sequence, lanes, begin, define: [[number, key], …], set: [[number, position], …], forget: [number, …],
 *     totals: [[number, lines], …], cursors }
 * `lanes` are the lines of each lane since the journal's beginning, this group's included. Totals are whole, not what was
 * added; one that is 0 is forgotten.
 *
 * Source keys and names of totals are long and come again in every commit, so each has a number within a segment: its
 * place in the snapshot's `keys` and then `totals`, or as `define` says, where names of totals have a `=` before them.
 * `created` and `since`, of the snapshot and of the totals, are in milliseconds since 1970. A reader that never comes back
 * keeps its hundred bytes of cursor.
 *
 * Older builds wrote `lines`, the sum, in place of `lanes`, and no totals: these then begin when the journal is opened.
 */
import type { Cursor, Position, SourceKey } from '../pipeline/contract.js';
import { LANES } from '../pipeline/streams.js';
import type { Span } from './span.js';

const TOTAL = '=';

/** [delivered, retained]; without the second, both are the same. */
export type StoredCursor = readonly [Cursor, Cursor?];

/** What one group commit changes; an undefined position is one to be forgotten. */
export interface Changes {
  readonly positions: ReadonlyMap<SourceKey, Position | undefined>;
  readonly cursors: ReadonlyMap<string, StoredCursor>;
  readonly totals: ReadonlyMap<string, number>;
}

/** What a group adds: its changes, and its lines of each lane. */
export interface Addition extends Changes {
  readonly lanes: readonly number[];
}

interface SnapshotBody {
  readonly sequence: number;
  readonly lines?: number;
  readonly lanes?: readonly number[];
  readonly created: number;
  readonly since?: number;
  readonly keys: readonly (readonly [SourceKey, Position])[];
  readonly totals?: readonly (readonly [string, number])[];
  readonly cursors: Readonly<Record<string, StoredCursor>>;
  readonly tallies?: Tallies;
}

/** Of a segment: lsn of the first byte, lines of each lane, and where these are in time, where that is known. */
export type Tally = readonly [base: number, lines: readonly number[], span?: Span];
export type Tallies = readonly Tally[];

export function tallyOf(base: number, lines: readonly number[], span: Span | undefined): Tally {
  return span ? [base, lines, span] : [base, lines];
}

interface CommitBody {
  readonly sequence: number;
  readonly lanes?: readonly number[];
  readonly begin: number;
  readonly define: readonly (readonly [number, SourceKey])[];
  readonly set: readonly (readonly [number, Position])[];
  readonly forget: readonly number[];
  readonly totals?: readonly (readonly [number, number])[];
  readonly cursors: Readonly<Record<string, StoredCursor>>;
}

export interface Commit extends Changes {
  readonly sequence: number;
  /** Of its group. */
  readonly lines: number;
  /** Of each lane since the journal's beginning; undefined in journals of older builds. */
  readonly lanes: readonly number[] | undefined;
  readonly begin: number;
}

/** The numbers that the writer gives to source keys and names of totals within one segment. */
export class KeyNumbers {
  readonly #numbers = new Map<string, number>();
  #fresh: [number, string][] = [];

  number(key: string): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(key, number);
    this.#fresh.push([number, key]);
    return number;
  }

  /** Keys numbered since the last call: what is written next must define them. */
  takeFresh(): readonly (readonly [number, string])[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}

/** The same numbers as a reader of the segment learns them. */
export type KnownKeys = Map<number, string>;

export class State {
  sequence = 0;
  /** Lines of each lane since the journal's beginning. */
  lanes: readonly number[] = Array<number>(LANES).fill(0);
  /** When the totals began, in milliseconds since 1970; 0 where they have not yet. */
  since = 0;
  readonly totals = new Map<string, number>();
  readonly positions = new Map<SourceKey, Position>();
  readonly cursors = new Map<string, StoredCursor>();
  /** Of the segments before the one whose snapshot this was. */
  tallies: Tallies = [];

  get lines(): number {
    return this.lanes.reduce((sum, lines) => sum + lines, 0);
  }

  apply(changes: Changes): void {
    for (const [name, lines] of changes.totals) {
      if (lines === 0) this.totals.delete(name);
      else this.totals.set(name, lines);
    }
    for (const [key, position] of changes.positions) {
      if (position === undefined) this.positions.delete(key);
      else this.positions.set(key, position);
    }
    for (const [name, cursor] of changes.cursors) this.cursors.set(name, cursor);
  }

  /** The numbers that keys and names have behind a snapshot of this state. */
  number(keys: KnownKeys): void {
    for (const key of this.#numbered()) keys.set(keys.size, key);
  }

  encodeSnapshot(created: number, numbers: KeyNumbers, tallies: Tallies): Buffer {
    for (const key of this.#numbered()) numbers.number(key);
    numbers.takeFresh();
    const body: SnapshotBody = {
      sequence: this.sequence,
      lanes: this.lanes,
      created,
      since: this.since,
      keys: [...this.positions],
      totals: [...this.totals],
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
    state.tallies = body.tallies ?? [];
    state.lanes = body.lanes ?? lanesOf(body.lines ?? 0, state.tallies);
    state.since = body.since ?? 0;
    for (const [key, position] of body.keys) state.positions.set(key, position);
    for (const [name, lines] of body.totals ?? []) state.totals.set(name, lines);
    state.number(keys);
    for (const [name, cursor] of Object.entries(body.cursors)) state.cursors.set(name, cursor);
    return state;
  }

  *#numbered(): Generator<string> {
    yield* this.positions.keys();
    for (const name of this.totals.keys()) yield TOTAL + name;
  }
}

/** Of so many lines those that segments have by lane; the others, whose lane nobody knows, are counted as the first one's. */
export function lanesOf(lines: number, tallies: Tallies): readonly number[] {
  const lanes = tallies.reduce((sum, [, lanes]) => plus(sum, lanes), Array<number>(LANES).fill(0));
  const known = lanes.reduce((sum, lines) => sum + lines, 0);
  return lanes.with(0, lanes[0] + Math.max(0, lines - known));
}

export function plus(a: readonly number[], b: readonly number[]): number[] {
  return a.map((lines, lane) => lines + b[lane]);
}

/** The commit that takes `state` on by `changes`. */
export function encodeCommit(changes: Addition, state: State, begin: number, numbers: KeyNumbers): Buffer {
  const set: [number, Position][] = [];
  const forget: number[] = [];
  for (const [key, position] of changes.positions) {
    if (position === undefined) forget.push(numbers.number(key));
    else set.push([numbers.number(key), position]);
  }
  const totals = [...changes.totals].map(([name, lines]) => [numbers.number(TOTAL + name), lines] as const);
  const body: CommitBody = {
    sequence: state.sequence + 1,
    lanes: plus(state.lanes, changes.lanes),
    begin,
    define: numbers.takeFresh(),
    set,
    forget,
    ...(totals.length > 0 && { totals }),
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
  const totals = new Map<string, number>();
  for (const [number, lines] of body.totals ?? []) {
    const name = keys.get(number);
    if (name !== undefined) totals.set(name.slice(TOTAL.length), lines);
  }
  return {
    sequence: body.sequence,
    lanes: body.lanes,
    begin: body.begin,
    positions,
    totals,
    cursors: new Map(Object.entries(body.cursors)),
    lines,
  };
}
