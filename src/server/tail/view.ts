/**
 * What clients with the same wish see of the lines that pass: each line is looked at once for all of them. A line of a
 * stream that nobody wants, and one of a wanted stream that can be shown to nobody, costs a comparison where the wish is
 * about streams only; what must be in a line is looked for in every one, so that those not shown are counted.
 */
import type { Batch } from '../../pipeline/batch.js';
import type { Labels, Stream } from '../../pipeline/streams.js';
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
  /** Labels of the streams that are wanted; undefined of others. */
  readonly #known = new Map<number, Labels | undefined>();
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
    let room = 0;
    for (const client of this.clients) room = Math.max(room, client.room());
    const rows: number[] = [];
    const found = this.#selection.wantsAllLines
      ? this.#takeStreams(batch, streams, room, rows)
      : this.#takeLines(batch, streams, room, rows);
    if (found === 0) return;
    for (const client of this.clients) client.onLines(rows, found, events, seen);
  }

  /** Adds the first `room` rows that are wanted to `rows`; answers how many are wanted. */
  #takeStreams(
    { stream, length }: Batch,
    streams: (id: number) => Stream | undefined,
    room: number,
    rows: number[],
  ): number {
    let found = 0;
    for (let row = 0; row < length; ) {
      const id = stream[row];
      let next = row + 1;
      while (next < length && stream[next] === id) next++;
      if (this.#labelsOf(id, streams)) {
        for (let i = row; i < next && rows.length < room; i++) rows.push(i);
        found += next - row;
      }
      row = next;
    }
    return found;
  }

  /** As above, for lines in which something must be. */
  #takeLines(
    batch: Batch,
    streams: (id: number) => Stream | undefined,
    room: number,
    rows: number[],
  ): number {
    const wanted: number[] = [];
    this.#takeStreams(batch, streams, batch.length, wanted);
    if (wanted.length === 0) return 0;
    const { start, end, stream, metadata, arena } = batch;
    let last = 0;
    for (const row of wanted) if (end[row] > last) last = end[row];
    const began = this.#now();
    this.#selection.begin(arena.subarray(0, last), metadata?.bytes);
    let found = 0;
    const { unjudged } = this.#selection;
    for (const row of wanted) {
      const from = metadata?.start[row] ?? 0;
      const to = metadata?.end[row] ?? 0;
      const labels = this.#labelsOf(stream[row], streams) ?? {};
      if (!this.#selection.wants(start[row], end[row], from, to, labels)) continue;
      if (found++ < room) rows.push(row);
    }
    // They may be wanted: to the clients they are skipped.
    found += this.#selection.unjudged - unjudged;
    if (!this.#share.add(began, this.#now())) for (const client of this.clients) client.refuse();
    return found;
  }

  #labelsOf(id: number, streams: (id: number) => Stream | undefined): Labels | undefined {
    const known = this.#known.get(id);
    if (known !== undefined || this.#known.has(id)) return known;
    const stream = streams(id);
    const isWanted =
      stream &&
      this.#selection.wantsStream(
        stream.lane,
        streamFacts(stream.labels, stream.text).container,
        stream.labels,
      );
    const labels = isWanted ? stream.labels : undefined;
    if (this.#known.size >= MAX_KNOWN_STREAMS) this.#known.clear();
    this.#known.set(id, labels);
    return labels;
  }
}
