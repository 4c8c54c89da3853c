/**
 * How many lines of each level a query finds in each of equal spans of time, as server-sent events: counts, end. Every
 * line of the range is looked at, the newest blocks first; the counts of each event hold all so far.
 */
import { compileQuery, LEVELS, type Level, levelOf, parseQuery } from '../../query/index.js';
import { BlockReader } from '../block-reader.js';
import type { Job, JobContext } from '../job-context.js';
import { event, timeOrNull } from '../line-text.js';
import { Losses } from '../losses.js';
import { compareTimes } from '../order.js';
import { Plan } from '../plan.js';
import type { HistogramRequest } from '../requests.js';

const COUNTS_MS = 200;

export async function* histogram(context: JobContext, request: HistogramRequest): Job {
  const { files, query, range, buckets } = request;
  const { archive, onSpan } = context;
  const begun = performance.now();
  const filter = compileQuery(parseQuery(query));
  const { wantsStream } = filter;
  const losses = new Losses();
  const plan = new Plan({ archive, files, range, direction: 'backward', wantsStream, losses, onSpan });
  const reader = new BlockReader(archive, filter);
  const { from, to } = range;
  const rangeMs = (to.seconds - from.seconds) * 1000 + (to.nanos - from.nanos) / 1e6;
  const stepMs = Math.max(1, Math.ceil(rangeMs / buckets));
  const levels = new Map<Level, number[]>();
  let found = 0;
  const counts = (complete: boolean): string =>
    event('counts', {
      from: timeOrNull(from),
      to: timeOrNull(to),
      stepMs,
      levels: Object.fromEntries(LEVELS.flatMap((level) => countsOf(levels, level))),
      complete,
      scannedBytes: plan.scannedBytes,
      totalBytes: plan.totalBytes,
    });
  let told = begun;
  for (;;) {
    const block = await plan.next();
    if (!block || context.isStopping()) break;
    if (block !== 'later') {
      const opened = reader.open(block);
      if (opened === 'damaged') losses.damaged(block.file.base + block.index.offset[block.row]);
      if (opened === 'removed') losses.removed(block.file);
      if (opened === 'open') countLines();
    }
    if (performance.now() - told >= COUNTS_MS) {
      yield counts(false);
      told = performance.now();
    }
    yield undefined;
  }
  const isStopping = context.isStopping();
  yield counts(!isStopping);
  yield event('end', {
    reason: isStopping ? 'stopping' : 'complete',
    found,
    scannedBytes: plan.scannedBytes,
    elapsedMs: Math.round(performance.now() - begun),
    damagedBlocks: losses.damagedBlocks,
    removedSegments: losses.removedSegments,
  });

  function countLines(): void {
    const { lines, streams } = reader;
    for (let row = 0; row < lines.length; row++) {
      const time = { seconds: lines.seconds[row], nanos: lines.nanos[row] };
      if (!streams[lines.stream[row]].isWanted || compareTimes(time, from) < 0 || compareTimes(time, to) >= 0)
        continue;
      if (!filter.test(lines.start[row], lines.end[row])) continue;
      const level = levelOf(lines.data, lines.start[row], lines.end[row]);
      const ms = (time.seconds - from.seconds) * 1000 + (time.nanos - from.nanos) / 1e6;
      let row_ = levels.get(level);
      if (!row_) levels.set(level, (row_ = Array<number>(buckets).fill(0)));
      row_[Math.min(buckets - 1, Math.floor(ms / stepMs))]++;
      found++;
    }
  }
}

function countsOf(levels: ReadonlyMap<Level, number[]>, level: Level): [Level, number[]][] {
  const counts = levels.get(level);
  return counts ? [[level, counts]] : [];
}
