/** What a stage knows of each stream. Ids are never used again, so what is known of streams that are gone goes by and by. */
import type { Stream, StreamTable } from '../pipeline/streams.js';

const MIN_LIMIT = 256;

export class PerStream<State> {
  readonly #streams: StreamTable;
  readonly #make: (stream: Stream) => State;
  readonly #end: (state: State) => void;
  readonly #states = new Map<number, State>();
  #limit = MIN_LIMIT;
  #lastId = 0;
  #last: State | undefined;

  /** `end` is called of states that go. */
  constructor(streams: StreamTable, make: (stream: Stream) => State, end: (state: State) => void = () => {}) {
    this.#streams = streams;
    this.#make = make;
    this.#end = end;
  }

  /** Of a stream that is in the table, as those of all rows are. */
  of(id: number): State {
    if (id === this.#lastId && this.#last !== undefined) return this.#last;
    let state = this.#states.get(id);
    if (state === undefined) {
      const stream = this.#streams.get(id);
      if (!stream) throw new Error(`stream ${id} is not in the table`);
      if (this.#states.size >= this.#limit) this.#purge();
      state = this.#make(stream);
      this.#states.set(id, state);
    }
    this.#lastId = id;
    this.#last = state;
    return state;
  }

  clear(): void {
    for (const state of this.#states.values()) this.#end(state);
    this.#states.clear();
    this.#last = undefined;
  }

  #purge(): void {
    for (const [id, state] of this.#states) {
      if (this.#streams.get(id)) continue;
      this.#end(state);
      this.#states.delete(id);
    }
    this.#last = undefined;
    this.#limit = Math.max(MIN_LIMIT, this.#states.size * 2);
  }
}
