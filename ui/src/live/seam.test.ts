import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Line } from '../lines/line.js';
import { Seam } from './seam.js';

function lineAt(second: number, text: string): Line {
  const time = `2026-11-22T10:00:${String(second).padStart(2, '0')}.000000000Z`;
  return { time, container: 'web', stream: 'stdout', level: 'info', line: text };
}

it('what is sent again is shown once, wherever the stream broke off, and equal lines as often as they were written', () => {
  const texts = fc.array(fc.constantFrom('a', 'b'), { maxLength: 40 });
  fc.assert(
    fc.property(texts, fc.nat(40), fc.nat(40), fc.integer({ min: 1, max: 60 }), (all, first, again, n) => {
      const breakAt = Math.min(first, all.length);
      const reopenAt = Math.min(breakAt + again, all.length);
      // Of equal lines of which only some are sent again, nobody could say which were seen.
      const second = (at: number): number => (n >= reopenAt ? Math.floor(at / 3) : at);
      const written = all.map((text, at) => lineAt(second(at), text));
      const seam = new Seam();
      const shown = [...seam.take(written.slice(0, breakAt)).lines];
      seam.reopened();
      const sent = written.slice(Math.max(0, reopenAt - n));
      const { lines, hasHole } = seam.take(sent.slice(0, 3));
      shown.push(...lines, ...seam.take(sent.slice(3)).lines);
      const isWhole = reopenAt - n <= breakAt;
      if (isWhole) expect(shown).toEqual(written);
      // Lines that were not sent are told, but for those at the very time of the last one.
      const missing = written.slice(breakAt, Math.max(breakAt, reopenAt - n));
      const isLater = breakAt > 0 && sent.length > 0 && sent[0].time > written[breakAt - 1].time;
      expect(hasHole).toBe(isLater);
      if (missing.some(({ time }) => time > written[breakAt - 1]?.time)) expect(hasHole).toBe(true);
    }),
  );
});

it('a first stream has no hole, nor has one that was opened again before any line', () => {
  const seam = new Seam();
  expect(seam.take([lineAt(5, 'a')]).hasHole).toBe(false);
  const empty = new Seam();
  empty.reopened();
  expect(empty.take([lineAt(5, 'a')])).toEqual({ lines: [lineAt(5, 'a')], hasHole: false });
});

it('what was written twice and seen once is shown once more', () => {
  const seam = new Seam();
  const [a, b] = [lineAt(1, 'a'), lineAt(1, 'b')];
  seam.take([a, b]);
  seam.reopened();
  expect(seam.take([lineAt(0, 'before'), a, a, b, b]).lines).toEqual([lineAt(0, 'before'), a, b]);
});

it('lines that are new follow on thousands that were seen', () => {
  const seam = new Seam();
  const many = Array.from({ length: 9_000 }, (_none, at) => lineAt(Math.floor(at / 200), `line ${at}`));
  seam.take(many.slice(0, 8_000));
  seam.reopened();
  expect(seam.take(many.slice(7_000)).lines).toEqual(many.slice(8_000));
});
