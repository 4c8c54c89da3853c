/** The lines that a query finds, as server-sent events: labels, lines, progress, end. */
import { compileQuery, parseQuery } from '../../query/index.js';
import { SHOWN_BYTES } from '../../query/shown-line.js';
import type { FoundStream } from '../block-reader.js';
import type { Job, JobContext } from '../job-context.js';
import { event, lineFields, timeOrNull } from '../line-text.js';
import { justAfter } from '../order.js';
import { MAX_LINE_BYTES, type SearchRequest } from '../requests.js';
import { type FoundLine, Scan } from '../scan.js';

const PROGRESS_MS = 200;
const LINES_MS = 50;
const LINES_CHARS = 48 * 1024;

export async function* search(context: JobContext, request: SearchRequest): Job {
  const { query, range, limit, direction, full, files } = request;
  const begun = performance.now();
  const filter = compileQuery(parseQuery(query));
  const maxLineBytes = full ? MAX_LINE_BYTES : SHOWN_BYTES;
  const scan = new Scan(context, { files, range, direction, limit, filter, maxLineBytes });
  const lines = new LineEvents();
  const progress = (): string =>
    event('progress', {
      from: timeOrNull(range.from),
      to: timeOrNull(range.to),
      scannedBytes: scan.scannedBytes,
      totalBytes: scan.totalBytes,
      reachedTime: timeOrNull(scan.reached),
      found: scan.found,
    });
  yield progress();
  let told = performance.now();
  let sent = 0;
  for await (const found of scan.lines()) {
    for (const line of found) {
      lines.add(line);
      if (lines.chars >= LINES_CHARS) yield lines.take();
    }
    if (context.isStopping()) break;
    const now = performance.now();
    // The very first ones at once.
    if (lines.chars > 0 && (sent === 0 || now - sent >= LINES_MS)) {
      yield lines.take();
      sent = now;
    }
    if (now - told >= PROGRESS_MS) {
      yield progress();
      told = now;
    }
    yield undefined;
  }
  if (lines.chars > 0) yield lines.take();
  yield progress();
  const { last, losses } = scan;
  const isStopping = context.isStopping();
  yield event('end', {
    reason: isStopping ? 'stopping' : scan.isCut ? 'limit' : 'complete',
    found: scan.found,
    scannedBytes: scan.scannedBytes,
    elapsedMs: Math.round(performance.now() - begun),
    damagedBlocks: losses.damagedBlocks,
    removedSegments: losses.removedSegments,
    ...(scan.unjudgedLines > 0 && { unjudgedLines: scan.unjudgedLines }),
    ...(last && scan.isCut && { continueAt: timeOrNull(direction === 'forward' ? justAfter(last) : last) }),
  });
}

/** Lines on their way into an event, and before them the labels that nobody was told yet. */
class LineEvents {
  readonly #numbers = new Map<FoundStream, number>();
  #labels: Record<string, unknown> = {};
  #lines: string[] = [];
  chars = 0;

  add(line: FoundLine): void {
    let number = this.#numbers.get(line.stream);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(line.stream, number);
      this.#labels[number] = line.stream.labels;
    }
    const text = JSON.stringify({ ...lineFields(line), labels: number });
    this.#lines.push(text);
    this.chars += text.length;
  }

  take(): string {
    const labels = Object.keys(this.#labels).length > 0 ? event('labels', this.#labels) : '';
    const lines = `event: lines\ndata: {"lines":[${this.#lines.join(',')}]}\n\n`;
    this.#labels = {};
    this.#lines = [];
    this.chars = 0;
    return labels + lines;
  }
}
