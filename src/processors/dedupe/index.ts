/**
 * `dedupe`: of equal lines of a stream, one behind the other within a window, the first one stays; the others are told in one
 * line behind it as soon as another line comes, or the window ends. The window begins with the line that stays.
 */
import type { DedupeProcessorConfig } from '../../config/processor-types.js';
import type { Processor, StageContext } from '../../pipeline/contract.js';
import type { Draft } from '../../pipeline/draft.js';
import { OwedLines } from '../owed-lines.js';
import { PerStream } from '../per-stream.js';
import { Tally } from '../tally.js';

/** The line of a stream that stayed last: in the draft's arena while a batch is worked on, then in bytes of its own. */
class LastLine {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = -1;
  isInArena = false;
  untilMs = 0;

  isEqual({ arena }: Draft, start: number, end: number): boolean {
    const bytes = this.isInArena ? arena : this.bytes;
    return (
      this.end - this.start === end - start && arena.compare(bytes, this.start, this.end, start, end) === 0
    );
  }

  keep({ arena }: Draft): void {
    const length = this.end - this.start;
    const isTooLong = this.bytes.length > length * 4 + 4096;
    if (this.bytes.length < length || isTooLong) this.bytes = Buffer.allocUnsafeSlow(length);
    arena.copy(this.bytes, 0, this.start, this.end);
    this.start = 0;
    this.end = length;
    this.isInArena = false;
  }
}

export function createDedupeProcessor(name: string, { windowMs }: DedupeProcessorConfig): Processor {
  const tally = new Tally(name);
  const text = ({ count }: { count: number }): string =>
    `last line repeated ${count} ${count === 1 ? 'time' : 'times'}`;
  return {
    name,
    figures: tally,
    begin(context: StageContext) {
      const { selects, streams, now } = context;
      const lines = new PerStream(streams, () => new LastLine());
      const owed = new OwedLines(context, { name, waitMs: windowMs, text });
      const inArena: LastLine[] = [];
      return owed.stage((draft, account) => {
        const nowMs = now();
        // Room for what may be told: lines that were taken out of this batch leave room of their own.
        const first = owed.size;
        if (first > 0) draft.insertFront(first);
        let to = 0;
        let told = 0;
        let gone = 0;
        for (let row = first; row < draft.length; row++) {
          const id = draft.stream[row];
          if (!selects(id)) {
            draft.moveRow(row, to++);
            continue;
          }
          tally.lines++;
          const last = lines.of(id);
          const start = draft.start[row];
          const end = draft.end[row];
          if (nowMs < last.untilMs && last.isEqual(draft, start, end)) {
            owed.count(draft, row, last.untilMs - windowMs);
            gone++;
            continue;
          }
          if (owed.pay(id, draft, to, nowMs)) {
            to++;
            told++;
          }
          draft.moveRow(row, to++);
          last.start = start;
          last.end = end;
          last.untilMs = nowMs + windowMs;
          if (!last.isInArena) inArena.push(last);
          last.isInArena = true;
        }
        draft.length = to;
        for (const last of inArena) last.keep(draft);
        inArena.length = 0;
        if (gone > 0) account.filtered(name, gone);
        if (told > 0) account.generated(told);
      });
    },
  };
}
