/**
 * Lines as the tail sends them. One server-sent event a line:
 *
 *   data: {"time":"2026-11-21T21:40:00.123456789Z","container":"web","stream":"stdout","level":"info","line":"…",
 *          "fields":{"status":"200"},"committed":true}
 *
 * `committed` is false for a line that came faster than its commit: it is seen, not yet durable. A line of the agent's own,
 * which stands where lines are missing, has no stream, and `"gap"` with the reason. `"cut"` counts the bytes that a long line
 * has more than are shown; `"fields"` are there where the line has any. Invalid UTF-8 becomes U+FFFD.
 */
import type { Batch } from '../../pipeline/batch.js';
import { timeText } from '../../pipeline/line-time.js';
import { fieldsIn } from '../../pipeline/metadata.js';
import type { Stream } from '../../pipeline/streams.js';
import { levelOfLine } from '../../query/index.js';
import { SHOWN_BYTES, type StreamFacts, shownEnd, streamFacts } from '../../query/shown-line.js';

/** A line where it lies: data[start .. end), its encoded fields pairs[from .. to). */
export interface LineBytes {
  readonly data: Buffer;
  readonly start: number;
  readonly end: number;
  readonly pairs: Buffer;
  readonly from: number;
  readonly to: number;
  readonly seconds: number;
  readonly nanos: number;
}

export function lineEvent(facts: StreamFacts, line: LineBytes, committed: boolean): string {
  const { data, start, end, pairs, from, to, seconds, nanos } = line;
  const shown = shownEnd(data, start, end, SHOWN_BYTES);
  const event = {
    time: timeText(seconds, nanos),
    container: facts.container,
    stream: facts.stream,
    level: levelOfLine(data, start, end, pairs, from, to, facts.level),
    gap: facts.gap,
    line: data.toString('utf8', start, shown),
    fields: fieldsIn(pairs, from, to),
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
      const { arena, start, end, seconds, nanos, stream, metadata } = this.#batch;
      const line = {
        data: arena,
        start: start[row],
        end: end[row],
        pairs: metadata?.bytes ?? arena,
        from: metadata?.start[row] ?? 0,
        to: metadata?.end[row] ?? 0,
        seconds: seconds[row],
        nanos: nanos[row],
      };
      event = lineEvent(this.#factsOf(stream[row]), line, false);
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
