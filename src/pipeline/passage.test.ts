import { expect, test } from 'vitest';
import type { HeldLine, LineAccount, Processor } from './contract.js';
import type { Draft } from './draft.js';
import { passageOf } from './passage.js';
import { processorOf, StageKit } from './testing/stage-kit.js';

/** Keeps the last line of each push until the next one; takes back what a process before it kept. */
function keeper(): Processor {
  let kept: HeldLine[] = [];
  const putBack = (draft: Draft, account: LineAccount): void => {
    for (const line of kept) draft.addLine(line.bytes, line.stream.id, line);
    if (kept.length > 0) account.held(-kept.length);
    kept = [];
  };
  return {
    name: 'keeper',
    figures: { lines: 0, failed: new Map(), done: new Map() },
    begin: ({ streams }) => ({
      get dueMs() {
        return kept.length > 0 ? 5_000 : undefined;
      },
      process(draft, account) {
        putBack(draft, account);
        const row = draft.length - 1;
        const stream = streams.get(draft.stream[row]);
        if (!stream) return;
        const bytes = Buffer.from(draft.arena.subarray(draft.start[row], draft.end[row]));
        const [seconds, nanos, flags] = [draft.seconds[row], draft.nanos[row], draft.flags[row]];
        kept = [{ stream, bytes, metadata: Buffer.alloc(0), seconds, nanos, flags, state: null }];
        draft.length--;
        account.held(1);
      },
      flush: (draft, _, account) => putBack(draft, account),
      held: () => kept,
      takeBack(lines) {
        kept = [...lines];
      },
    }),
  };
}

test('what comes to each processor and what became of it is counted, and told to the account all the same', () => {
  const odd = processorOf((draft, account) => {
    const gone = draft.filter((row) => Number(draft.text(row)) % 2 === 0);
    if (gone > 0) account.filtered('odd', gone);
  }, 'odd');
  const pairs = processorOf((draft, account) => {
    const rows = draft.length;
    draft.length = Math.ceil(rows / 2);
    account.merged(rows - draft.length);
    draft.addLine(Buffer.from('100'), draft.stream[0], { seconds: 1, nanos: 0, flags: 0 });
    account.generated(1);
  }, 'pairs');
  const last = keeper();
  const kit = new StageKit(() => [odd, pairs, last]);
  const numbers = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ text: String(from + i) }));
  kit.push(numbers(0, 10)).push(numbers(10, 7));
  const none = { in: 0, out: 0, generated: 0, merged: 0, held: 0, filtered: new Map() };
  expect(passageOf(odd).counts).toEqual({ ...none, in: 17, out: 9, filtered: new Map([['odd', 8]]) });
  expect(passageOf(pairs).counts).toEqual({ ...none, in: 9, out: 7, merged: 4, generated: 2 });
  expect(passageOf(last).counts).toEqual({ ...none, in: 7, out: 6, held: 1 });
  expect(kit.told).toEqual({ generated: 2, merged: 4, held: 1, filtered: { odd: 8 } });
  expect(kit.out).toHaveLength(6);
  // What is taken back is held, and comes out at the end. The counts are those of the process before, too: here they outlive it.
  kit.kill().flush();
  expect(passageOf(last).counts).toEqual({ ...none, in: 7, out: 7, held: 1 });
});
