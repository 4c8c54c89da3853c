/**
 * What clients with the same wish see of the lines that pass: each line is looked at once for all of them. Costs nothing
 * but a look at the stream where no line is of one that is wanted.
 */
import type { Batch } from '../../pipeline/batch.js';
import type { Stream } from '../../pipeline/streams.js';
import { FairShare } from '../../query/fair-share.js';
import { streamFacts } from '../../query/shown-line.js';
import type { TailClient } from './client.js';
import type { BatchEvents } from './line.js';
import type { Selection } from './selection.js';

const MAX_KNOWN_STREAMS = 10_000;

export class TailView {
  readonly clients = new Set<TailClient>();
  readonly #selection: Selection;
  readonly #now: () => number;
  readonly #known = new Map<number, boolean>();
  #rows: number[] = [];
  readonly #share = new FairShare();

  constructor(selection: Selection, now: () => number = () => performance.now()) {
    this.#selection = selection;
    this.#now = now;
  }

  /** `seen`: lines that passed before this batch. */
  onBatch(
    batch: Batch,
    streams: (id: number) => Stream | undefined,
    events: BatchEvents,
    seen: number,
  ): void {
    this.#choose(batch, streams);
    if (this.#rows.length === 0) return;
    for (const client of this.clients) client.onLines(this.#rows, events, seen);
  }

  #choose(batch: Batch, streams: (id: number) => Stream | undefined): void {
    const rows: number[] = [];
    this.#rows = rows;
    let last = 0;
    for (let row = 0; row < batch.length; row++) {
      if (!this.#wantsStream(batch.stream[row], streams)) continue;
      rows.push(row);
      if (batch.end[row] > last) last = batch.end[row];
    }
    if (rows.length === 0) return;
    const began = this.#now();
    this.#selection.begin(batch.arena.subarray(0, last));
    this.#rows = rows.filter((row) => this.#selection.wants(batch.start[row], batch.end[row]));
    if (!this.#share.add(began, this.#now())) for (const client of this.clients) client.refuse();
  }

  #wantsStream(id: number, streams: (id: number) => Stream | undefined): boolean {
    let wanted = this.#known.get(id);
    if (wanted === undefined) {
      const stream = streams(id);
      wanted =
        stream !== undefined &&
        this.#selection.wantsStream(
          stream.lane,
          streamFacts(stream.labels, stream.text).container,
          stream.labels,
        );
      if (this.#known.size >= MAX_KNOWN_STREAMS) this.#known.clear();
      this.#known.set(id, wanted);
    }
    return wanted;
  }
}
