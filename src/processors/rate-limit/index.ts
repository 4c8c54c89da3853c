/**
 * `rate_limit`: at most so many lines a second of each stream, and so many more at once (a bucket of tokens, by the monotonic
 * clock). What goes is told in the stream itself, by one line every TELL_MS at most.
 */
import type { RateLimitProcessorConfig } from '../../config/processor-types.js';
import type { Processor, StageContext } from '../../pipeline/contract.js';
import { type Owed, OwedLines } from '../owed-lines.js';
import { PerStream } from '../per-stream.js';
import { Tally } from '../tally.js';

const TELL_MS = 10_000;

export function createRateLimitProcessor(
  name: string,
  { linesPerSecond, burst = Math.max(1, linesPerSecond) }: RateLimitProcessorConfig,
): Processor {
  const tally = new Tally(name);
  const text = ({ count, sinceMs }: Owed, nowMs: number): string => {
    const span =
      sinceMs === undefined ? '' : ` in the last ${Math.max(1, Math.round((nowMs - sinceMs) / 1000))} s`;
    return `${count} ${count === 1 ? 'line' : 'lines'} dropped by ${name}${span}`;
  };
  return {
    name,
    figures: tally,
    begin(context: StageContext) {
      const { selects, streams, now } = context;
      const buckets = new PerStream(streams, () => ({ tokens: burst, atMs: now() }));
      const owed = new OwedLines(context, { name, waitMs: TELL_MS, text });
      return owed.stage((draft, account) => {
        const nowMs = now();
        const gone = draft.filter((row) => {
          const id = draft.stream[row];
          if (!selects(id)) return true;
          tally.lines++;
          const bucket = buckets.of(id);
          if (nowMs > bucket.atMs) {
            const earned = ((nowMs - bucket.atMs) * linesPerSecond) / 1000;
            bucket.tokens = Math.min(burst, bucket.tokens + earned);
            bucket.atMs = nowMs;
          }
          if (bucket.tokens < 1) {
            owed.count(draft, row, nowMs);
            return false;
          }
          bucket.tokens--;
          owed.passed(draft, row);
          return true;
        });
        if (gone > 0) account.filtered(name, gone);
      });
    },
  };
}
