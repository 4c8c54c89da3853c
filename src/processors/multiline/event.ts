/** Lines that are one event so far, and lines that are part of it if a later one is. */
import type { HeldLine, Position } from '../../pipeline/contract.js';
import type { Stream } from '../../pipeline/streams.js';

/** A line with what it carries. */
export interface Piece {
  /** The line is data[start .. end). */
  readonly data: Buffer;
  readonly start: number;
  readonly end: number;
  readonly stream: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly flags: number;
  /** Encoded pairs. */
  readonly metadata: Uint8Array;
  readonly namesError: boolean;
}

export const NO_METADATA = new Uint8Array(0);

const NEWLINE = 0x0a;
const ROOM = 512;

/** A copy that owns its bytes. */
export function keep(piece: Piece): Piece {
  const data = Buffer.from(piece.data.subarray(piece.start, piece.end));
  return { ...piece, data, start: 0, end: data.length, metadata: Buffer.from(piece.metadata) };
}

export class Event {
  readonly stream: number;
  /** Of each grammar; END: it is none of its events. */
  readonly states: Uint8Array;
  /** Of the first line. */
  readonly seconds: number;
  readonly nanos: number;
  readonly metadata: Uint8Array;
  /** Of all lines. */
  flags: number;
  /** Lines that are joined. */
  lines = 1;
  /** Those behind them, which are not yet. */
  waiting: Piece[] = [];
  waitingBytes = 0;
  /** Monotonic, milliseconds: it ends then if nothing comes. */
  dueMs: number;
  #data: Buffer;
  #length: number;

  constructor(first: Piece, states: Uint8Array, dueMs: number) {
    const length = first.end - first.start;
    this.#data = Buffer.allocUnsafe(length + ROOM);
    first.data.copy(this.#data, 0, first.start, first.end);
    this.#length = length;
    this.stream = first.stream;
    this.states = states.slice();
    this.seconds = first.seconds;
    this.nanos = first.nanos;
    this.flags = first.flags;
    this.metadata = first.metadata.length > 0 ? Buffer.from(first.metadata) : NO_METADATA;
    this.dueMs = dueMs;
  }

  /** The joined lines; good until the next one. */
  get bytes(): Buffer {
    return this.#data.subarray(0, this.#length);
  }

  /** Of the joined lines. */
  get length(): number {
    return this.#length;
  }

  join({ data, start, end, flags }: Piece): void {
    const length = this.#length + 1 + end - start;
    if (length > this.#data.length) {
      const larger = Buffer.allocUnsafe(length * 2);
      this.#data.copy(larger, 0, 0, this.#length);
      this.#data = larger;
    }
    this.#data[this.#length] = NEWLINE;
    data.copy(this.#data, this.#length + 1, start, end);
    this.#length = length;
    this.flags |= flags;
    this.lines++;
  }

  wait(piece: Piece): void {
    this.waiting.push(keep(piece));
    this.waitingBytes += piece.end - piece.start;
  }

  /** What must survive a kill: the event, then the lines that wait. `names` of the grammars, as `states` has them. */
  held(stream: Stream, names: readonly string[]): HeldLine[] {
    const states = names.flatMap((name, i) => (this.states[i] > 0 ? [[name, this.states[i]]] : []));
    const { seconds, nanos, flags, metadata } = this;
    return [
      { stream, bytes: this.bytes, metadata, seconds, nanos, flags, state: [this.lines, states] },
      ...this.waiting.map(({ data, namesError, ...line }) => ({
        stream,
        bytes: data,
        metadata: line.metadata,
        seconds: line.seconds,
        nanos: line.nanos,
        flags: line.flags,
        state: namesError,
      })),
    ];
  }
}

/** What `held` answered, in its order. Lines that wait have a state of true or false: whether they name an error. */
export function takeBack(
  held: readonly HeldLine[],
  names: readonly string[],
  dueMs: number,
): Map<number, Event> {
  const events = new Map<number, Event>();
  for (const { stream, bytes, metadata, seconds, nanos, flags, state } of held) {
    const data = Buffer.from(bytes);
    const piece: Piece = {
      data,
      start: 0,
      end: data.length,
      stream: stream.id,
      seconds,
      nanos,
      flags,
      metadata,
      namesError: state === true,
    };
    const event = events.get(stream.id);
    if (event && typeof state === 'boolean') event.wait(piece);
    else {
      const { lines, states } = readState(state, names);
      const began = new Event(piece, states, dueMs);
      began.lines = lines;
      events.set(stream.id, began);
    }
  }
  return events;
}

/** Grammars that are not there any more are left out: the next line ends such an event. */
function readState(state: Position, names: readonly string[]): { lines: number; states: Uint8Array } {
  const [lines, saved] = state as readonly [number, readonly (readonly [string, number])[]];
  const byName = new Map(saved);
  return { lines, states: Uint8Array.from(names, (name) => byName.get(name) ?? 0) };
}
