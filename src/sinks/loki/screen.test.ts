import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockOf } from '../../../test/support/blocks.js';
import { cutLine } from '../cut-line.js';
import { KnownStreams } from './known-streams.js';
import { Screen } from './screen.js';

const NOW = 1_795_000_000;
const LIMITS = { maxLineBytes: 1_000, maxAgeMs: 7 * 86_400_000 };
const A = { container: 'a' };
const B = { container: 'b' };

function screenKnowing(newest: Record<string, number>): Screen {
  const streams = new KnownStreams();
  for (const [container, seconds] of Object.entries(newest))
    streams.acknowledged(`{container="${container}"}`, seconds, NOW * 1000);
  return new Screen(LIMITS, streams);
}

describe('Screen', () => {
  test('hands a usual block on as it is', () => {
    const block = blockOf([
      { labels: A, text: 'a', seconds: NOW },
      { labels: B, text: 'b', seconds: NOW - 100 },
    ]);
    expect(screenKnowing({ a: NOW, b: NOW }).look({ block }, NOW * 1000)).toEqual({
      together: { block },
      alone: [],
      tooOld: [],
      cut: 0,
    });
  });

  test('takes a clock that is set for no pause that a stream made', () => {
    const block = blockOf([{ labels: A, text: 'a', seconds: NOW }]);
    const big = { ...block, streams: [{ ...block.streams[0], bytes: 10 * 1024 * 1024 }] };
    const screen = screenKnowing({ a: NOW });
    expect(screen.look({ block: big }, NOW * 1000).together).toBeDefined();
    expect(screen.look({ block: big }, (NOW + 600) * 1000).together).toBeUndefined();
  });

  test('parts what is unknown or behind from the rest', () => {
    const lines = [
      { labels: A, text: 'a', seconds: NOW },
      { labels: B, text: 'b', seconds: NOW },
      { labels: { container: 'late' }, text: 'l1', seconds: NOW - 3_100 },
      { labels: { container: 'late' }, text: 'l2', seconds: NOW },
    ];
    const { together, alone } = screenKnowing({ a: NOW, late: NOW }).look(
      { block: blockOf(lines) },
      NOW * 1000,
    );
    expect(together?.block.streams.map(({ labels }) => labels)).toEqual(['{container="a"}']);
    expect(alone.map(({ block }) => block.streams.map(({ labels, lines }) => [labels, lines]))).toEqual([
      [['{container="b"}', 1]],
      [['{container="late"}', 2]],
    ]);
  });

  test('takes a stream that goes forward for hours, and doubts one that goes back', () => {
    const forward = [0, 1, 2].map((hours) => ({
      labels: A,
      text: `${hours}`,
      seconds: NOW - 7_200 + hours * 3_600,
    }));
    const block = blockOf(forward);
    const screened = screenKnowing({ a: NOW - 7_300 }).look({ block }, NOW * 1000);
    expect(screened.alone).toEqual([]);
    expect(screened.together?.block).toBe(block);
    expect(screened.together?.newest).toEqual(new Map([['{container="a"}', NOW]]));
    const back = blockOf([...forward].reverse());
    expect(screenKnowing({ a: NOW - 7_300 }).look({ block: back }, NOW * 1000).alone.length).toBe(1);
  });

  test('leaves out exactly the lines that are too old', () => {
    const edge = NOW - 7 * 86_400;
    const lines = [edge - 1, edge, edge + 1].map((seconds) => ({
      labels: A,
      text: `${seconds}`,
      seconds,
      nanos: 5,
    }));
    const { together, alone, tooOld } = screenKnowing({ a: edge }).look(
      { block: blockOf(lines) },
      NOW * 1000,
    );
    expect(tooOld).toEqual([{ row: 0, labels: '{container="a"}' }]);
    expect((together ?? alone[0]).block.lines).toBe(2);
    expect([...((together ?? alone[0]).from?.rows ?? [])]).toEqual([1, 2]);
    const none = screenKnowing({ a: edge }).look({ block: blockOf(lines.slice(0, 1)) }, NOW * 1000);
    expect(none).toMatchObject({
      together: undefined,
      alone: [],
      tooOld: [{ row: 0, labels: '{container="a"}' }],
      cut: 0,
    });
  });
});

test('a cut line is as long as it may be, between characters, and says how much is missing', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 200, maxLength: 400 });
  fc.assert(
    fc.property(text, fc.integer({ min: 100, max: 190 }), fc.nat(50), (text, max, before) => {
      const line = Buffer.from(text.toWellFormed());
      const data = Buffer.concat([Buffer.alloc(before, '<'), line, Buffer.alloc(50, '>')]);
      const end = cutLine(data, before, before + line.length, max);
      const cut = data.toString('utf8', before, end);
      const [, kept, missing] = /^([^]*)…\[cut: (\d+) bytes\]$/.exec(cut) ?? [];
      expect(line.toString().startsWith(kept)).toBe(true);
      expect(Buffer.byteLength(kept) + Number(missing)).toBe(line.length);
      expect(end - before).toBeLessThanOrEqual(max);
      expect(end - before).toBeGreaterThanOrEqual(max - 6);
      expect(data.subarray(before + line.length)).toEqual(Buffer.alloc(50, '>'));
    }),
  );
});
