import { describe, expect, it } from 'vitest';
import { StageKit } from '../../pipeline/testing/stage-kit.js';
import { randomOf } from '../../regex/testing/hostile.js';
import { type Given, joined, kitOf, processor, TRACE } from './testing/multiline-kit.js';

describe('limits', () => {
  const frames = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `\tat a.B.c(B.java:${i})`);

  it('of lines: what is longer becomes several', () => {
    const lines = [TRACE[0], ...frames(7)];
    const made = processor({ maxLines: 3 });
    const kit = new StageKit(() => [made]);
    kit.push([...lines, 'behind'].map((text) => ({ text })));
    expect(kit.texts()).toEqual(
      [lines.slice(0, 3), lines.slice(3, 6), lines.slice(6)].map((part) => part.join('\n')).concat('behind'),
    );
    expect(Object.fromEntries(made.figures.done)).toEqual({ joined: 3, limited: 2 });
  });

  it('of bytes: a joined line is as long as that, and no longer', () => {
    const lines = [TRACE[0], ...frames(100)];
    const maxBytes = Buffer.byteLength(lines.slice(0, 41).join('\n'));
    const out = joined(lines, { maxBytes });
    expect(out[0]).toBe(lines.slice(0, 41).join('\n'));
    expect(Math.max(...out.map((line) => line.length))).toBe(maxBytes);
    expect(out.join('\n')).toBe(lines.join('\n'));
    expect(joined(lines, { maxBytes: maxBytes - 1 })[0]).toBe(lines.slice(0, 40).join('\n'));
  });

  it('of bytes: a longer line passes alone', () => {
    const long = `Error: ${'x'.repeat(2000)}`;
    expect(
      kitOf({ maxBytes: 1024 })
        .push([{ text: long }])
        .texts(),
    ).toEqual([long]);
  });

  it('of bytes: lines that may be more of a message count', () => {
    const lines = ['Error: x', 'm'.repeat(600), 'n'.repeat(600), '    at y'];
    expect(joined(lines, { maxBytes: 1024 })).toEqual(lines);
    expect(joined(lines, { maxBytes: 2048 })).toEqual([lines.join('\n')]);
  });

  it('of time, since the last line came', () => {
    const kit = kitOf();
    for (const text of [TRACE[0], 'more', ...TRACE.slice(1)]) {
      kit.push([{ text }]);
      expect(kit.dueMs).toBe(kit.nowMs + 1000);
      kit.nowMs += 999;
      expect(kit.flush(kit.nowMs).texts()).toEqual([]);
    }
    kit.nowMs += 1;
    expect(kit.flush(kit.nowMs).texts()).toEqual([[TRACE[0], 'more', TRACE[1], TRACE[2]].join('\n')]);
    expect([kit.dueMs, kit.told.held]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it('of time: what waited for more of a message goes too, and what it begins does not wait again', () => {
    const kit = kitOf().pushTexts('/app/shop.js:1', 'panic: y');
    kit.nowMs += 1000;
    expect(kit.flush(kit.nowMs).texts()).toEqual(['/app/shop.js:1', 'panic: y']);
  });

  it('of time: after a start the source has longer to go on', () => {
    const kit = kitOf().pushTexts(TRACE[0], TRACE[1]).kill();
    kit.nowMs += 9_999;
    expect(kit.flush(kit.nowMs).texts()).toEqual([]);
    kit.pushTexts(TRACE[2]);
    kit.nowMs += 1000;
    expect(kit.flush(kit.nowMs).texts()).toEqual([TRACE.join('\n')]);
  });
});

describe('patterns', () => {
  const LINES = ['> a', 'b', '', '> c', '| d', 'e', '> f'];

  it.each<[string, Given, string[]]>([
    ['start', { start: '^>' }, ['> a\nb\n', '> c\n| d\ne', '> f']],
    ['continue', { continues: '^\\|' }, ['> a', 'b', '', '> c\n| d', 'e', '> f']],
    ['start and continue', { start: '^>', continues: '^\\||^b' }, ['> a\nb', '', '> c\n| d', 'e', '> f']],
    ['start where all lines begin one', { start: '' }, LINES],
    ['start at empty lines', { start: '^$' }, ['> a', 'b', '\n> c\n| d\ne\n> f']],
    ['start where none does', { start: '^nothing$' }, LINES],
  ])('%s', (_, config, expected) => {
    expect(joined(LINES, config)).toEqual(expected);
    expect(
      kitOf(config)
        .pushTexts(...LINES)
        .flush()
        .texts(),
    ).toEqual(expected);
  });

  it('leave stack traces to a second processor', () => {
    expect(joined(TRACE, { start: '^>' })).toEqual(TRACE);
  });

  it('may cost as much for each line, and more for many', () => {
    const random = randomOf(2);
    const line = () => Array.from({ length: 3000 }, () => (random() < 0.5 ? 'a' : 'b')).join('');
    const made = processor({ start: 'a.{150}[cd]$' });
    const lines = [`a${'.'.repeat(150)}c`, ...Array.from({ length: 40 }, line)];
    const kit = new StageKit(() => [made]).push(lines.map((text) => ({ text }))).flush();
    expect([kit.texts(), made.figures.failed.size]).toEqual([[lines.join('\n')], 0]);
  });

  it('that cost too much for a line leave it as it is, marked and counted', () => {
    const made = processor({ start: 'a.{150}[cd]$' });
    const kit = new StageKit(() => [made]);
    const random = randomOf(1);
    const line = Array.from({ length: 64 * 1024 }, () => (random() < 0.5 ? 'a' : 'b')).join('');
    const first = `a${'.'.repeat(150)}c`;
    kit.push([first, 'more', line, 'x'].map((text) => ({ text }))).flush();
    expect(kit.texts()).toEqual([`${first}\nmore`, line, 'x']);
    expect(kit.out[1].fields).toEqual({ processing_error: 'multiline: too_costly' });
    expect(Object.fromEntries(made.figures.failed)).toEqual({ too_costly: 1 });
  });
});
