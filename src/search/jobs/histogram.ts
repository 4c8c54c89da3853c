/**
 * How many lines of each level a query finds in each of equal spans of time, as server-sent events: counts, end. Every
 * line of the range is looked at, the newest blocks first; the counts of each event hold all so far.
 */
import type { LineTime } from '../../pipeline/line-time.js';
import { compileQuery, type Level, type LineFilter, levelOfLine, parseQuery } from '../../query/index.js';
import { BlockReader } from '../block-reader.js';
import type { Job, JobContext } from '../job-context.js';
import { event, timeOrNull } from '../line-text.js';
import { Losses } from '../losses.js';
import { compareTimes, type TimeRange } from '../order.js';
import { Plan } from '../plan.js';
import type { HistogramRequest } from '../requests.js';

const COUNTS_MS = 200;

export async function* histogram(context: JobContext, request: HistogramRequest): Job {
  const { files, query, range, buckets } = request;
  const { archive, onSpan } = context;
  const begun = performance.now();
  const filter = compileQuery(parseQuery(query));
  const losses = new Losses();
  const plan = new Plan({ archive, files, range, direction: 'backward', filter, losses, onSpan });
  const reader = new BlockReader(archive, filter);
  const counts = new Counts(range, buckets);
  const told = (complete: boolean): string =>
    event('counts', {
      from: timeOrNull(range.from),
      to: timeOrNull(range.to),
      stepMs: counts.stepMs,
      levels: counts.levels,
      complete,
      scannedBytes: plan.scannedBytes,
      totalBytes: plan.totalBytes,
    });
  let toldMs = begun;
  for (;;) {
    const block = await plan.next();
    if (!block || context.isStopping()) break;
    if (block !== 'later') {
      const opened = reader.open(block);
      if (opened === 'damaged') losses.damaged(block.file.base + block.index.offset[block.row]);
      if (opened === 'removed') losses.removed(block.file);
      if (opened === 'open') counts.addAll(reader, filter);
    }
    if (performance.now() - toldMs >= COUNTS_MS) {
      yield told(false);
      toldMs = performance.now();
    }
    yield undefined;
  }
  const isStopping = context.isStopping();
  yield told(!isStopping);
  yield event('end', {
    reason: isStopping ? 'stopping' : 'complete',
    found: counts.found,
    scannedBytes: plan.scannedBytes,
    elapsedMs: Math.round(performance.now() - begun),
    damagedBlocks: losses.damagedBlocks,
    removedSegments: losses.removedSegments,
  });
}

class Counts {
  readonly #range: TimeRange;
  readonly #buckets: number;
  /** Of each bucket, by level; levels that no line has are not there. */
  readonly levels: Partial<Record<Level, number[]>> = {};
  readonly stepMs: number;
  found = 0;

  constructor(range: TimeRange, buckets: number) {
    this.#range = range;
    this.#buckets = buckets;
    this.stepMs = Math.max(1, Math.ceil(millisecondsBetween(range.from, range.to) / buckets));
  }

  /** Those of the block opened last that fit. */
  addAll({ lines, streams }: BlockReader, filter: LineFilter): void {
    const { from, to } = this.#range;
    for (let row = 0; row < lines.length; row++) {
      const stream = streams[lines.stream[row]];
      if (!stream.isWanted) continue;
      const time = { seconds: lines.seconds[row], nanos: lines.nanos[row] };
      if (compareTimes(time, from) < 0 || compareTimes(time, to) >= 0) continue;
      const start = lines.start[row];
      const end = lines.end[row];
      const pairs = lines.metadataStart[row];
      const pairsEnd = lines.metadataEnd[row];
      if (!filter.test(start, end, pairs, pairsEnd, stream.labels)) continue;
      this.#add(levelOfLine(lines.data, start, end, lines.data, pairs, pairsEnd, stream.level), time);
    }
  }

  #add(level: Level, time: LineTime): void {
    const bucket = Math.floor(millisecondsBetween(this.#range.from, time) / this.stepMs);
    const counts = (this.levels[level] ??= Array<number>(this.#buckets).fill(0));
    counts[Math.min(this.#buckets - 1, bucket)]++;
    this.found++;
  }
}

function millisecondsBetween(from: LineTime, to: LineTime): number {
  return (to.seconds - from.seconds) * 1000 + (to.nanos - from.nanos) / 1e6;
}
