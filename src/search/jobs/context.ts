/** A line and what stands around it in its container, both outputs: JSON `{"lines":[…],"found":n,"place":n}`. */
import type { Labels } from '../../pipeline/streams.js';
import type { LineFilter } from '../../query/index.js';
import { SHOWN_BYTES, streamFacts } from '../../query/shown-line.js';
import type { Job, JobContext } from '../job-context.js';
import { lineFields } from '../line-text.js';
import { compareTimes, type Direction, type TimeRange } from '../order.js';
import { type ContextRequest, MAX_LINE_BYTES } from '../requests.js';
import { type FoundLine, Scan } from '../scan.js';

const BEGINNING = { seconds: 0, nanos: 0 };
/** Lines of the very time that may stand before the one that is looked for. */
const TIES = 100;
const END = { seconds: 2 ** 32, nanos: 0 };

export async function* context(worker: JobContext, request: ContextRequest): Job {
  const { files, container, time, stream, before, after, full } = request;
  const filter = everyLineOf(container);
  const maxLineBytes = full ? MAX_LINE_BYTES : SHOWN_BYTES;
  const earlier: FoundLine[] = [];
  const later: FoundLine[] = [];
  const read = async function* (
    range: TimeRange,
    direction: Direction,
    limit: number,
    into: FoundLine[],
  ): AsyncGenerator<undefined> {
    if (limit === 0) return;
    const scan = new Scan(worker, { files, range, direction, limit, filter, maxLineBytes });
    for await (const lines of scan.lines()) {
      into.push(...lines);
      yield undefined;
    }
  };
  yield* read({ from: BEGINNING, to: time }, 'backward', before, earlier);
  yield* read({ from: time, to: END }, 'forward', after + 1 + TIES, later);
  const isOf = (line: FoundLine): boolean =>
    compareTimes(line, time) === 0 && (stream === undefined || line.stream.stream === stream);
  const at = later.findIndex(isOf);
  const place = Math.min(before, earlier.length);
  const lines = [...earlier.slice(0, before).reverse(), ...later.slice(0, Math.max(at + 1, 0) + after)];
  yield JSON.stringify({
    lines: lines.map((line) => ({ ...lineFields(line), labels: line.stream.labels })),
    found: at < 0 ? -1 : place + at,
    place: place + Math.max(0, at),
  });
}

function everyLineOf(container: string): LineFilter {
  return {
    wantsStream: (labels: Labels) => streamFacts(labels, '').container === container,
    begin: () => {},
    mayHold: () => true,
    test: () => true,
    unjudged: 0,
  };
}
