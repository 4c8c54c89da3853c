import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import { Drafts } from './drafts.js';

const SECOND = Date.UTC(2026, 10, 21, 21, 40) / 1000;

function formatted(format: 'text' | 'json', blocks: readonly (readonly BlockLine[])[]): Map<string, Buffer> {
  const drafts = new Drafts(format);
  const result = drafts.format(blocks.map((lines) => blockOf(lines)));
  expect(result.lines).toBe(blocks.flat().length);
  return new Map(
    result.drafts.map((draft) => {
      const bytes = Buffer.from(drafts.bytesOf(draft));
      expect(bytes.length).toBe(draft.bytes);
      return [draft.output, bytes];
    }),
  );
}

describe('formats', () => {
  const out = { container: 'web', stream: 'stdout' };
  const err = { container: 'web', stream: 'stderr' };

  test('text', () => {
    const lines = [
      { labels: out, text: 'hello', seconds: SECOND, nanos: 123_456_789 },
      { labels: out, text: '', seconds: SECOND + 1, nanos: 0 },
      { labels: out, text: Buffer.from([0xff, 0x00, 0x1b]), seconds: SECOND + 1, nanos: 10 },
    ];
    expect(formatted('text', [lines]).get('web')).toEqual(
      Buffer.concat([
        Buffer.from('2026-11-21T21:40:00.123456789Z stdout hello\n'),
        Buffer.from('2026-11-21T21:40:01.000000000Z stdout \n'),
        Buffer.from('2026-11-21T21:40:01.000000010Z stdout '),
        Buffer.from([0xff, 0x00, 0x1b]),
        Buffer.from('\n'),
      ]),
    );
  });

  test('json', () => {
    const lines = [{ labels: err, text: Buffer.from('a"\\\u0001\xff', 'latin1'), seconds: SECOND, nanos: 1 }];
    expect(formatted('json', [lines]).get('web')?.toString()).toBe(
      '{"time":"2026-11-21T21:40:00.000000001Z","stream":"stderr","line":"a\\"\\\\\\u0001\ufffd"}\n',
    );
  });

  test('json with fields, and text without', () => {
    const lines = [
      { labels: out, text: 'a', seconds: SECOND, fields: { status: '200', path: '/a"b\n' } },
      { labels: out, text: 'b', seconds: SECOND, fields: { long: 'ü'.repeat(3_000) } },
      { labels: out, text: 'c', seconds: SECOND },
    ];
    const head = '{"time":"2026-11-21T21:40:00.000000000Z","stream":"stdout","line":';
    expect(formatted('json', [lines]).get('web')?.toString()).toBe(
      `${head}"a","fields":{"status":"200","path":"/a\\"b\\n"}}\n` +
        `${head}"b","fields":{"long":"${'ü'.repeat(3_000)}"}}\n` +
        `${head}"c"}\n`,
    );
    const text = formatted('text', [lines]).get('web')?.toString();
    expect(text?.split('\n').map((line) => line.split(' ')[2])).toEqual(['a', 'b', 'c', undefined]);
  });

  test("a gap's line stands between the line before it and the line behind it, and is neither's", () => {
    const lines = [
      { labels: out, text: 'before', seconds: SECOND },
      { labels: out, text: 'behind', seconds: SECOND + 9, nanos: 5 },
      { labels: { container: 'web', gap: 'rotated' }, text: 'missing', seconds: SECOND + 9, nanos: 4 },
      { labels: err, text: 'later', seconds: SECOND + 9, nanos: 6 },
    ];
    expect(formatted('text', [lines]).get('web')?.toString()).toBe(
      '2026-11-21T21:40:00.000000000Z stdout before\n' +
        '2026-11-21T21:40:09.000000004Z - missing\n' +
        '2026-11-21T21:40:09.000000005Z stdout behind\n' +
        '2026-11-21T21:40:09.000000006Z stderr later\n',
    );
  });

  test('stdout and stderr as they happened, old lines beside', () => {
    const blocks = [
      [
        { labels: out, text: '1', seconds: 1 },
        { labels: out, text: '3', seconds: 3 },
        { labels: err, text: '2', seconds: 2 },
        { labels: { ...out, catch_up: 'true' }, text: 'old', seconds: 0 },
      ],
      [{ labels: out, text: '4', seconds: 2 }],
    ];
    const outputs = formatted('text', blocks);
    const texts = outputs.get('web')?.toString().trimEnd().split('\n');
    expect(texts?.map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      'stdout 1',
      'stderr 2',
      'stdout 3',
      'stdout 4',
    ]);
    expect([...outputs.keys()]).toEqual(['web', 'web.catch-up']);
  });

  test('a block that cannot be decoded says so', () => {
    const drafts = new Drafts('text');
    expect(() => drafts.format([{ ...blockOf([]), payload: Buffer.from('nonsense') }])).toThrow(
      expect.objectContaining({ code: 'JOURNAL_DAMAGED' }),
    );
  });
});

test('every line of every block gets into its output once, in order within its stream', () => {
  const line = fc.record({
    labels: fc.record({
      container: fc.constantFrom('web', 'db'),
      stream: fc.constantFrom('stdout', 'stderr'),
    }),
    text: fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary', minLength: 0, maxLength: 3000 }),
    ),
    seconds: fc.nat(2 ** 31),
    nanos: fc.nat(999_999_999),
  });
  const anyFormat = fc.constantFrom('text' as const, 'json' as const);
  fc.assert(
    fc.property(
      anyFormat,
      fc.array(fc.array(line, { maxLength: 20 }), { maxLength: 4 }),
      (format, blocks) => {
        // Line breaks inside lines are kept as they are; this reference splits at line ends, so it has none.
        const tidy = blocks.map((lines) =>
          lines.map((line) => ({ ...line, text: line.text.toWellFormed().replaceAll(/[\n\r]/g, '.') })),
        );
        const outputs = formatted(format, tidy);
        const seen = [...outputs].flatMap(([container, bytes]) =>
          bytes
            .toString()
            .split('\n')
            .slice(0, -1)
            .map((row) => {
              if (format === 'json') return { container, ...(JSON.parse(row) as object) };
              const [time, stream] = row.split(' ', 2);
              return { container, time, stream, line: row.slice(time.length + stream.length + 2) };
            }),
        );
        const expected = tidy.flat().map(({ labels: { container, stream }, text, seconds, nanos }) => {
          const time = `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`;
          return { container, time, stream, line: text };
        });
        for (const container of ['web', 'db']) {
          for (const stream of ['stdout', 'stderr']) {
            const own = (row: object): boolean =>
              'stream' in row && row.stream === stream && 'container' in row && row.container === container;
            expect(seen.filter(own)).toEqual(expected.filter(own));
          }
        }
      },
    ),
  );
});
