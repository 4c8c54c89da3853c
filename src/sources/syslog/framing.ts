/**
 * Messages on a TCP connection (RFC 6587), both ways of it, chosen for each message by its first bytes:
 *
 *   octet counting   LENGTH SP MESSAGE        where a number of up to nine digits and a space begin it
 *   newlines         MESSAGE LF               elsewhere; a CR or NUL before the LF is not the message's
 *
 * Of a message at most `maxBytes` are kept, so that is what a connection holds at most; `bytes` says how long it was.
 * Messages of no bytes are none. The messages are the same however the bytes are cut into chunks.
 */
import { isDigit } from '../../query/ascii.js';

const [LF, CR, NUL, SPACE, ZERO] = Buffer.from('\n\r\0 0');
const MAX_DIGITS = 9;
const FIRST_BYTES = 1024;

/** Takes the message data[from .. to); it was `bytes` long, of which those are the first. The data is the framer's. */
export type OnMessage = (data: Buffer, from: number, to: number, bytes: number) => void;

type State = 'first' | 'count' | 'counted' | 'line';

export class Framer {
  readonly #maxBytes: number;
  readonly #onMessage: OnMessage;
  #state: State = 'first';
  /** Of the message at hand: what earlier chunks brought of it. While it is counted: its digits. */
  #held = Buffer.allocUnsafe(0);
  #heldBytes = 0;
  /** How much of it there was, kept or not. */
  #bytes = 0;
  /** Still to come of a counted one. */
  #missing = 0;

  constructor(maxBytes: number, onMessage: OnMessage) {
    this.#maxBytes = maxBytes;
    this.#onMessage = onMessage;
  }

  /** Of the message that was begun. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'first') this.#state = isDigitButZero(chunk[at]) ? 'count' : 'line';
      if (this.#state === 'count') at = this.#count(chunk, at);
      else if (this.#state === 'counted') at = this.#counted(chunk, at);
      else at = this.#line(chunk, at);
    }
  }

  /** The connection is over: what stands behind the last newline is a message, a counted one as far as it came. */
  end(): void {
    if (this.#state === 'count' || this.#state === 'line') this.#lineEnds(this.#held, 0, this.#heldBytes);
    else if (this.#state === 'counted') this.#tell(this.#held, 0, this.#heldBytes, this.#bytes);
    this.#begin();
  }

  #count(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.#heldBytes + at - from < MAX_DIGITS && isDigit(chunk[at])) at++;
    this.#keep(chunk, from, at);
    if (at === chunk.length) return at;
    if (chunk[at] !== SPACE) {
      // The number belongs to a line.
      this.#state = 'line';
      return at;
    }
    this.#missing = Number(this.#held.toString('latin1', 0, this.#heldBytes));
    this.#heldBytes = 0;
    this.#bytes = 0;
    this.#state = 'counted';
    return at + 1;
  }

  #counted(chunk: Buffer, from: number): number {
    const to = Math.min(chunk.length, from + this.#missing);
    this.#missing -= to - from;
    if (this.#missing > 0) this.#keep(chunk, from, to);
    else {
      if (this.#bytes === 0) this.#tell(chunk, from, to, to - from);
      else {
        this.#keep(chunk, from, to);
        this.#tell(this.#held, 0, this.#heldBytes, this.#bytes);
      }
      this.#begin();
    }
    return to;
  }

  #line(chunk: Buffer, from: number): number {
    const newline = chunk.indexOf(LF, from);
    if (newline < 0) {
      this.#keep(chunk, from, chunk.length);
      return chunk.length;
    }
    if (this.#bytes === 0) this.#lineEnds(chunk, from, newline);
    else {
      this.#keep(chunk, from, newline);
      this.#lineEnds(this.#held, 0, this.#heldBytes);
    }
    this.#begin();
    return newline + 1;
  }

  /** A line's bytes are data[from .. to) and what was not kept. */
  #lineEnds(data: Buffer, from: number, to: number): void {
    const bytes = Math.max(this.#bytes, to - from);
    let end = to;
    if (bytes === to - from && bytes <= this.#maxBytes)
      while (end > from && (data[end - 1] === CR || data[end - 1] === NUL)) end--;
    this.#tell(data, from, end, bytes - (to - end));
  }

  #tell(data: Buffer, from: number, to: number, bytes: number): void {
    if (bytes > 0) this.#onMessage(data, from, Math.min(to, from + this.#maxBytes), bytes);
  }

  #begin(): void {
    this.#state = 'first';
    this.#heldBytes = 0;
    this.#bytes = 0;
    // A long message is rare: what it needed is not kept for the next one.
    if (this.#held.length > FIRST_BYTES) this.#held = Buffer.allocUnsafe(0);
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    this.#bytes += to - from;
    const more = Math.min(to - from, this.#maxBytes - this.#heldBytes);
    if (more <= 0) return;
    const room = this.#heldBytes + more;
    if (room > this.#held.length) {
      const larger = Buffer.allocUnsafe(
        Math.min(this.#maxBytes, Math.max(FIRST_BYTES, room, this.#held.length * 2)),
      );
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldBytes, from, from + more);
    this.#heldBytes = room;
  }
}

function isDigitButZero(byte: number): boolean {
  return byte !== ZERO && isDigit(byte);
}
