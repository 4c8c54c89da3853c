/**
 * Lines as the tail sends them. One server-sent event a line:
 *
 *   data: {"time":"2026-11-21T21:40:00.123456789Z","container":"web","stream":"stdout","level":"info","line":"…","committed":true}
 *
 * `committed` is false for a line that came faster than its commit: it is seen, not yet durable. A line of the agent's own,
 * which stands where lines are missing, has no stream, and `"gap"` with the reason. `"cut"` counts the bytes that a long line
 * has more than are shown. Invalid UTF-8 becomes U+FFFD.
 */
import type { Batch } from '../../pipeline/batch.js';
import { timeText } from '../../pipeline/line-time.js';
import type { Stream } from '../../pipeline/streams.js';
import { levelOf } from '../../query/index.js';
import { SHOWN_BYTES, type StreamFacts, shownEnd, streamFacts } from '../../query/shown-line.js';

export function lineEvent(
  { container, stream, gap }: StreamFacts,
  data: Buffer,
  start: number,
  end: number,
  seconds: number,
  nanos: number,
  committed: boolean,
): string {
  const shown = shownEnd(data, start, end, SHOWN_BYTES);
  const event = {
    time: timeText(seconds, nanos),
    container,
    stream,
    level: levelOf(data, start, end),
    gap,
    line: data.toString('utf8', start, shown),
    cut: shown < end ? end - shown : undefined,
    committed,
  };
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** The events of one batch, each made once for all who want it. */
export class BatchEvents {
  readonly #batch: Batch;
  readonly #streams: (id: number) => Stream | undefined;
  readonly #events = new Map<number, string>();
  readonly #facts = new Map<number, StreamFacts>();

  constructor(batch: Batch, streams: (id: number) => Stream | undefined) {
    this.#batch = batch;
    this.#streams = streams;
  }

  /** Of a line whose stream is known. */
  of(row: number): string {
    let event = this.#events.get(row);
    if (event === undefined) {
      const { arena, start, end, seconds, nanos, stream } = this.#batch;
      const facts = this.#factsOf(stream[row]);
      event = lineEvent(facts, arena, start[row], end[row], seconds[row], nanos[row], false);
      this.#events.set(row, event);
    }
    return event;
  }

  #factsOf(id: number): StreamFacts {
    let facts = this.#facts.get(id);
    if (facts === undefined) {
      const stream = this.#streams(id);
      facts = streamFacts(stream?.labels ?? {}, stream?.text ?? '');
      this.#facts.set(id, facts);
    }
    return facts;
  }
}
