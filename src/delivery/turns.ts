/**
 * Whose turn it is: live lanes in rotation, and every fourth delivery for a catch-up lane while both have data. So a line
 * written now waits for at most one delivery of old ones, and a backlog is never starved. A lane has one turn at a time.
 */
import { LANES, LIVE_LANES } from '../pipeline/streams.js';

const LIVE_IN_A_ROW = 3;

export class Turns {
  readonly #taken = new Set<number>();
  readonly #last = { live: LIVE_LANES - 1, catchUp: LANES - 1 };
  #liveInARow = 0;

  /** The lane to serve now, of those that are free and `ready`; undefined when there is none. */
  take(ready: (lane: number) => boolean): number | undefined {
    const catchUpFirst = this.#liveInARow >= LIVE_IN_A_ROW;
    const lane = catchUpFirst
      ? (this.#find('catchUp', ready) ?? this.#find('live', ready))
      : (this.#find('live', ready) ?? this.#find('catchUp', ready));
    if (lane !== undefined) this.#taken.add(lane);
    return lane;
  }

  isTaken(lane: number): boolean {
    return this.#taken.has(lane);
  }

  /** Ends the turn of `lane`; only one that delivered something counts for the rotation between live and old. */
  release(lane: number, delivered: boolean): void {
    this.#taken.delete(lane);
    if (delivered) this.#liveInARow = lane < LIVE_LANES ? this.#liveInARow + 1 : 0;
  }

  #find(kind: 'live' | 'catchUp', ready: (lane: number) => boolean): number | undefined {
    const first = kind === 'live' ? 0 : LIVE_LANES;
    const count = kind === 'live' ? LIVE_LANES : LANES - LIVE_LANES;
    for (let step = 1; step <= count; step++) {
      const lane = first + ((this.#last[kind] - first + step) % count);
      if (this.#taken.has(lane) || !ready(lane)) continue;
      this.#last[kind] = lane;
      return lane;
    }
    return undefined;
  }
}
