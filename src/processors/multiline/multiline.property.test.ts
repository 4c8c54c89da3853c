import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InLine, processorOf, StageKit } from '../../pipeline/testing/stage-kit.js';
import { fixtures } from './testing/fixtures.js';
import { joined, kitOf, processor, STDERR, STDOUT } from './testing/multiline-kit.js';

const FIXTURES = fixtures();

describe('any lines in any batches', () => {
  /** Ordinary lines between, so that events of one fixture do not go on in the next one. */
  const sequence = fc
    .shuffledSubarray(FIXTURES, { minLength: 1, maxLength: 3 })
    .map((chosen) => chosen.flatMap(({ events }) => [...events, ['INFO next']]));

  interface Row extends InLine {
    readonly text: string;
    readonly labels: Readonly<Record<string, string>>;
  }

  /** The lines of both streams in one order, each stream's own kept. */
  function interleave(out: readonly string[], err: readonly string[], turns: readonly number[]): Row[] {
    const rows: Row[] = [];
    const left = { out: [...out], err: [...err] };
    for (let i = 0; left.out.length + left.err.length > 0; i++) {
      const labels = i % 2 === 0 ? STDOUT : STDERR;
      const from = i % 2 === 0 ? left.out : left.err;
      for (const text of from.splice(0, turns[i % turns.length])) rows.push({ text, labels });
    }
    return rows;
  }

  const of = (kit: StageKit, stream: string): string[] =>
    kit.out.flatMap(({ stream: labels, text }) => (labels.includes(stream) ? [text] : []));

  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });

  it('eight languages on two streams, with kills between', () => {
    fc.assert(
      fc.property(
        sequence,
        sequence,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
        sizes,
        fc.nat({ max: 6 }),
        (out, err, turns, batches, killEvery) => {
          const kit = kitOf();
          const rows = interleave(out.flat(), err.flat(), turns);
          for (let at = 0, i = 0; at < rows.length; i++) {
            const size = batches[i % batches.length];
            kit.push(rows.slice(at, at + size));
            at += size;
            if (killEvery > 0 && i % killEvery === 0) kit.kill();
          }
          kit.flush();
          expect(of(kit, 'stdout')).toEqual(out.map((lines) => lines.join('\n')));
          expect(of(kit, 'stderr')).toEqual(err.map((lines) => lines.join('\n')));
        },
      ),
      { numRuns: 25 },
    );
  });

  it('whatever the lines are: nothing goes, nothing moves, and batches and kills make no difference', () => {
    const known = FIXTURES.flatMap(({ events }) => events);
    const some = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...known) },
      { weight: 3, arbitrary: fc.constantFrom(...known.flat()).map((line) => [line]) },
      { weight: 1, arbitrary: fc.string({ maxLength: 12 }).map((line) => [line]) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom('', ' ', '}', 'Error', 'a.B: ', 'Stack trace:', '\tat x', '  at', ':1:in `')
          .map((line) => [line]),
      },
    );
    const limits = fc.record({
      maxLines: fc.integer({ min: 2, max: 12 }),
      maxBytes: fc.integer({ min: 60, max: 2000 }),
    });
    fc.assert(
      fc.property(
        fc.array(some, { maxLength: 12 }),
        sizes,
        limits,
        fc.boolean(),
        (lines, batches, limit, kills) => {
          const texts = lines.flat().map((text) => text.replaceAll('\n', ' '));
          const whole = joined(texts, limit);
          expect(whole.join('\n')).toBe(texts.join('\n'));
          const kit = kitOf(limit);
          for (let at = 0, i = 0; at < texts.length; i++) {
            const size = batches[i % batches.length];
            kit.push(texts.slice(at, at + size).map((text) => ({ text })));
            at += size;
            if (kills) kit.kill();
          }
          expect(kit.flush().texts()).toEqual(whole);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('a line that is long makes no difference to what is found in the others', () => {
    const long = 'x'.repeat(20_000);
    for (const { events } of FIXTURES) {
      const kit = kitOf().push([...events.flat(), 'INFO', `Error: ${long}`, long].map((text) => ({ text })));
      const expected = events.map((lines) => lines.join('\n'));
      expect(kit.flush().texts()).toEqual([...expected, 'INFO', `Error: ${long}`, long]);
    }
    expect(kitOf().push([{ text: `${long} Error: x` }]).out).toHaveLength(1);
  });

  it('rows that another processor has moved about in the arena are read all the same', () => {
    // Every second line is written anew, behind all others.
    const rewrite = processorOf((draft) => {
      for (let row = 0; row < draft.length; row += 2) {
        const from = draft.append(draft.arena, draft.start[row], draft.end[row]);
        draft.setLine(row, from, draft.tail);
      }
    });
    for (const { events } of FIXTURES) {
      for (const long of [[], ['x'.repeat(20_000)]]) {
        const kit = new StageKit(() => [rewrite, processor()]);
        kit.push([...long, ...events.flat()].map((text) => ({ text }))).flush();
        expect(kit.texts()).toEqual([...long, ...events.map((lines) => lines.join('\n'))]);
      }
    }
  });
});
