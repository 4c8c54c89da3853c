/**
 * Lines as the tail sends them. One server-sent event a line:
 *
 *   data: {"time":"2026-11-21T21:40:00.123456789Z","container":"web","stream":"stdout","line":"…","committed":true}
 *
 * `committed` is false for a line that came faster than its commit: it is seen, not yet durable. A line of the agent's own,
 * which stands where lines are missing, has no stream, and `"gap"` with the reason.
 */
import { timeText } from '../pipeline/line-time.js';
import { containerOf, GAP_LABEL, type Labels, outputOf } from '../pipeline/streams.js';

/** Longer lines are cut for display. */
const MAX_SHOWN_BYTES = 16 * 1024;

/** What a line's stream says of it. */
export interface StreamFacts {
  readonly container: string;
  readonly stream: string;
  /** The line says that lines are missing here, for this reason. */
  readonly gap?: string | undefined;
}

export function streamFacts(labels: Labels, text: string): StreamFacts {
  return {
    container: containerOf(labels) ?? labels['filename'] ?? text,
    stream: outputOf(labels) ?? '',
    gap: labels[GAP_LABEL],
  };
}

export function lineEvent(
  facts: StreamFacts,
  data: Buffer,
  start: number,
  end: number,
  seconds: number,
  nanos: number,
  committed: boolean,
): string {
  const { container, stream, gap } = facts;
  const line = shownText(data, start, end);
  return `data: ${JSON.stringify({ time: timeText(seconds, nanos), container, stream, gap, line, committed })}\n\n`;
}

/** Invalid UTF-8 becomes U+FFFD; what is cut off is said. */
function shownText(data: Buffer, start: number, end: number): string {
  if (end - start <= MAX_SHOWN_BYTES) return data.toString('utf8', start, end);
  let cut = start + MAX_SHOWN_BYTES;
  // Not in the middle of a character, which has at most three bytes 10xxxxxx.
  for (let i = 0; i < 3 && (data[cut] & 0xc0) === 0x80; i++) cut--;
  return `${data.toString('utf8', start, cut)} [${end - cut} bytes more]`;
}
