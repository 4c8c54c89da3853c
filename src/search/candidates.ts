/**
 * Lines that were found and whose turn has not come yet, because blocks that are not opened yet may have lines before them.
 *
 * Bounded: with more than there is room for, or than can ever be wanted, those whose turn would come last are dropped.
 * `horizon` is the first of these: whatever is not before it is not taken any more, so that nothing is ever given out of
 * its turn; a caller that comes to the horizon has to begin anew behind what it was given last.
 */

import type { LineTime } from '../pipeline/line-time.js';
import { Heap } from './heap.js';
import { comparePlaces, compareTimes, type Direction, type Place } from './order.js';

export interface Candidate extends Place {
  /** Bytes that it holds. */
  readonly size: number;
}

export interface Room {
  readonly lines: number;
  readonly bytes: number;
}

export class Candidates<T extends Candidate> {
  readonly #sign: 1 | -1;
  readonly #heap: Heap<T>;
  readonly #room: Room;
  #bytes = 0;
  /** The first one that was dropped. */
  horizon: Place | undefined;

  constructor(direction: Direction, room: Room) {
    this.#sign = direction === 'forward' ? 1 : -1;
    this.#room = room;
    this.#heap = new Heap((a, b) => this.#sign * comparePlaces(a, b) < 0);
  }

  /** Would a line at this place be taken? */
  takes(place: Place): boolean {
    return this.horizon === undefined || this.#sign * comparePlaces(place, this.horizon) < 0;
  }

  /** For one that `takes` says yes to. `wanted`: how many more there can ever be any use for. */
  add(candidate: T, wanted: number): void {
    this.#heap.push(candidate);
    this.#bytes += candidate.size;
    const most = Math.min(wanted, this.#room.lines);
    // Not for each one beyond: sorting them costs more than keeping twice as many.
    if (this.#heap.size > 2 * most + 1_000 || this.#bytes > this.#room.bytes) this.#cut(most);
  }

  get isEmpty(): boolean {
    return this.#heap.size === 0;
  }

  /** The one whose turn comes next, where that is before `edge`, or where there is none. */
  first(edge: LineTime | undefined): T | undefined {
    const { first } = this.#heap;
    return first && (!edge || this.#sign * compareTimes(first, edge) < 0) ? first : undefined;
  }

  takeFirst(): void {
    this.#bytes -= this.#heap.pop()?.size ?? 0;
  }

  /** Keeps the first `most`, and no more than half of the bytes; one at least. */
  #cut(most: number): void {
    const all = this.#heap.drain();
    let bytes = 0;
    let kept = 0;
    for (const candidate of all) {
      if (kept > 0 && (kept >= most || bytes + candidate.size > this.#room.bytes / 2)) break;
      bytes += candidate.size;
      kept++;
    }
    if (kept < all.length) this.horizon = placeOf(all[kept]);
    for (const candidate of all.slice(0, kept)) this.#heap.push(candidate);
    this.#bytes = bytes;
  }
}

function placeOf({ seconds, nanos, lsn, row }: Place): Place {
  return { seconds, nanos, lsn, row };
}
