/** Processors that are exchanged while lines wait in some of them: whatever is exchanged, no line passes one of its stream. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Batch } from './batch.js';
import { Chain } from './chain.js';
import type { LineAccount, Processor, Stage } from './contract.js';
import { Draft } from './draft.js';
import { labelText, StreamTable } from './streams.js';
import { entryOf } from './testing/stage-kit.js';

const FIGURES = { lines: 0, failed: new Map(), done: new Map() };

/** Keeps the last line of each stream until the next one comes. */
function keeper(name: string): Processor {
  const begin = (): Stage => {
    const kept = new Map<number, string>();
    return {
      get dueMs() {
        return kept.size > 0 ? 1e9 : undefined;
      },
      process(draft, account) {
        const lines = rowsOf(draft);
        draft.length = 0;
        for (const [stream, text] of lines) {
          const before = kept.get(stream);
          if (before !== undefined) {
            draft.addLine(Buffer.from(before), stream, TIME);
            account.held(-1);
          }
          kept.set(stream, text);
          account.held(1);
        }
      },
      flush(draft, _nowMs, account) {
        for (const [stream, text] of kept) draft.addLine(Buffer.from(text), stream, TIME);
        account.held(-kept.size);
        kept.clear();
      },
    };
  };
  return { name, figures: FIGURES, begin };
}

/** Gives its lines another stream. */
function labeller(name: string): Processor {
  return {
    name,
    figures: FIGURES,
    begin: ({ streams }) => ({
      process(draft) {
        for (let row = 0; row < draft.length; row++) {
          const { labels } = streams.get(draft.stream[row]) ?? { labels: {} };
          draft.stream[row] = streams.acquire({ ...labels, [name]: 'x' }).id;
        }
      },
    }),
  };
}

const TIME = { seconds: 1, nanos: 0, flags: 0 };
const PROCESSORS = [keeper('keeper'), labeller('tier'), keeper('keeper-2'), labeller('env')];

function rowsOf(draft: Draft): [stream: number, text: string][] {
  return Array.from({ length: draft.length }, (_, row) => [draft.stream[row], draft.text(row)]);
}

const order = fc.shuffledSubarray([0, 1, 2, 3]);
const deed = fc.oneof(fc.constantFrom('out', 'err'), order);

test('every line comes out once, and in the order of its stream', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
      const streams = new StreamTable();
      let held = 0;
      const account: LineAccount = {
        generated() {},
        filtered() {},
        merged() {},
        held: (lines) => {
          held += lines;
        },
      };
      const chain = new Chain('test/key', streams, () => 0);
      const out: [stream: string, number: number][] = [];
      const take = (draft: Draft): void => {
        for (const [stream, text] of rowsOf(draft))
          out.push([labelText(streams.get(stream)?.labels ?? {}), Number(text)]);
      };
      let number = 0;
      for (const deed of deeds) {
        const draft = new Draft();
        if (typeof deed === 'string') {
          const bytes = Buffer.from(String(++number));
          const batch = new Batch(bytes, 1);
          batch.add(0, bytes.length, streams.acquire({ stream: deed }).id, 1, 0, 0);
          draft.load(batch);
          chain.process(draft, account);
          take(draft);
        } else {
          const end = chain.rebuild(
            deed.map((i) => entryOf(PROCESSORS[i])),
            draft,
            account,
          );
          take(draft);
          end();
        }
      }
      const draft = new Draft();
      chain.flush(draft, Number.POSITIVE_INFINITY, account);
      take(draft);

      expect(held).toBe(0);
      expect(out.map(([, n]) => n).sort((a, b) => a - b)).toEqual(
        Array.from({ length: number }, (_, i) => i + 1),
      );
      const last = new Map<string, number>();
      for (const [stream, n] of out) {
        expect(n).toBeGreaterThan(last.get(stream) ?? 0);
        last.set(stream, n);
      }
    }),
    { numRuns: 300 },
  );
});
