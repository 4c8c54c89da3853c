import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Batch } from '../../../pipeline/batch.js';
import { LineFlag } from '../../../pipeline/batch.js';
import { Scope } from '../../../runtime/scope.js';
import { noCounts } from './counts.js';
import { Decoder, type LineTarget } from './decode.js';
import { PlainFile } from './log-file.js';
import { markAt, Span } from './span.js';
import { record } from './testing/test-support.js';

const PIECE = 8;
const MAX_LINE = 100;

interface Row {
  stderr: boolean;
  text: string;
  seconds: number;
  nanos: number;
  flags: number;
}

let folder: string;
let scope: Scope;
let file: PlainFile;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'decode-'));
  writeFileSync(join(folder, 'log'), '');
  scope = Scope.root('test', (error) => {
    throw error;
  });
  file = PlainFile.open(scope, join(folder, 'log'));
});

afterAll(async () => {
  await scope.close();
  rmSync(folder, { recursive: true });
});

/** Feeds `content` in pieces as the reader does: each read begins where the last one's whole records ended. */
function decode(
  content: Buffer,
  chunks: readonly number[] = [],
  from = { out: 0, err: 0 },
  maxLine = MAX_LINE,
) {
  const rows: Row[] = [];
  const pushes: { rows: number; offset: number; open: (number | undefined)[] }[] = [];
  const span = new Span([markAt(file, from.out, from.err)]);
  const target: LineTarget = {
    counts: noCounts(),
    streamId: (isStderr) => (isStderr ? 2 : 1),
    push(batch: Batch) {
      target.counts.linesRead += batch.length;
      for (let i = 0; i < batch.length; i++) {
        rows.push({
          stderr: batch.stream[i] === 2,
          text: batch.arena.toString('latin1', batch.start[i], batch.end[i]),
          seconds: batch.seconds[i],
          nanos: batch.nanos[i],
          flags: batch.flags[i],
        });
      }
      const open = [span.out, span.err].map((carry) => (carry.isOpen ? carry.offset : undefined));
      pushes.push({ rows: rows.length, offset: span.offset, open });
      return undefined;
    },
    moved() {},
  };
  const decoder = new Decoder(maxLine, PIECE);
  let size = chunks[0] ?? content.length;
  for (let turn = 1; span.offset < content.length; turn++) {
    const before = span.offset;
    const length = Math.min(content.length - before, size);
    void decoder.decode(Buffer.from(content.subarray(before, before + length)), length, span, target);
    if (span.offset > before) size = chunks[turn % chunks.length] ?? content.length;
    else if (before + length === content.length) break;
    else size = length * 2;
  }
  return { rows, pushes, span, counts: target.counts };
}

/** The same, plainly: record by record with JSON.parse. */
function reference(content: Buffer, maxLine = MAX_LINE): Row[] {
  const rows: Row[] = [];
  const open: (Row | undefined)[] = [undefined, undefined];
  let [seconds, nanos] = [0, 0];
  const text = content.toString('latin1');
  const finish = (row: Row): void => {
    rows.push(
      row.text.length > maxLine ? { ...cut(row.text, maxLine), flags: row.flags | LineFlag.cut } : row,
    );
    function cut(all: string, limit: number): Row {
      let kept = limit - 48;
      while ((all.charCodeAt(kept) & 0xc0) === 0x80) kept--;
      return { ...row, text: `${all.slice(0, kept)} [cut: ${all.length - kept} bytes more]` };
    }
  };
  for (const raw of text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)) {
    const line = raw.replace(/^\0+/, '');
    if (line === '') continue;
    const parsed = parseRecord(line);
    if (!parsed) {
      if (open[0]) finish({ ...open[0], flags: LineFlag.incomplete });
      open[0] = undefined;
      finish({ stderr: false, text: line, seconds, nanos, flags: LineFlag.malformed });
      continue;
    }
    if (parsed.time) [seconds, nanos] = parsed.time;
    const index = parsed.stderr ? 1 : 0;
    const joined = open[index] ?? { stderr: parsed.stderr, text: '', seconds, nanos, flags: 0 };
    const endsLine = parsed.log.endsWith('\n');
    const bytes = toBytes(endsLine ? parsed.log.slice(0, -1) : parsed.log);
    joined.text += bytes;
    if (!endsLine && bytes.length >= PIECE) {
      open[index] = joined;
    } else {
      open[index] = undefined;
      finish(joined);
    }
  }
  return rows;
}

const RAW_BYTE = 0xe000;

function parseRecord(line: string) {
  let value: unknown;
  try {
    value = JSON.parse(line.replace(/[\x80-\xff]/g, (c) => String.fromCharCode(RAW_BYTE + c.charCodeAt(0))));
  } catch {
    return undefined;
  }
  const { log, stream, time } = (value ?? {}) as Record<string, unknown>;
  if (Array.isArray(value) || typeof log !== 'string') return undefined;
  return { log, stderr: stream === 'stderr', time: typeof time === 'string' ? parseTime(time) : undefined };
}

function parseTime(time: string): [number, number] | undefined {
  const match =
    /^(\d{4}-\d\d-\d\dT[01]\d:\d\d:\d\d|\d{4}-\d\d-\d\dT2[0-3]:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(
      time,
    );
  if (!match) return undefined;
  const ms = Date.parse(match[1] + match[3]);
  if (Number.isNaN(ms) || ms < 0 || ms > 0xffffffff * 1000) return undefined;
  const isRealDay = new Date(`${match[1]}Z`).toISOString().startsWith(match[1].slice(0, 16));
  if (!isRealDay) return undefined;
  return [ms / 1000, Number((match[2] ?? '').padEnd(9, '0'))];
}

function toBytes(text: string): string {
  return text
    .replace(/[^\ue080-\ue0ff]+/g, (plain) => Buffer.from(plain.toWellFormed()).toString('latin1'))
    .replace(/[\ue080-\ue0ff]/g, (c) => String.fromCharCode(c.charCodeAt(0) - RAW_BYTE));
}

const anyTime = fc.oneof(
  fc.constant('2026-11-21T21:40:00.123456789Z'),
  fc
    .tuple(
      fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
      fc.integer({ min: 0, max: 999_999_999 }),
      fc.integer({ min: 0, max: 9 }),
    )
    .map(([date, nanos, digits]) => {
      const fraction = String(nanos).padStart(9, '0').slice(0, digits);
      return `${date.toISOString().slice(0, 19)}${digits ? `.${fraction}` : ''}Z`;
    }),
  fc.constantFrom(
    '2026-11-21T21:40:00Z',
    '2026-11-21T21:40:00.5+02:00',
    '2026-11-21T21:40:59.000000001-11:30',
  ),
  fc.constantFrom(
    '',
    'yesterday',
    '0001-01-01T00:00:00Z',
    '2026-13-21T21:40:00Z',
    '2026-02-30T21:40:00Z',
    '2026-11-21T21:40:00.Z',
    '2026-11-21T21:40:00.1234567890Z',
    '2026-11-21 21:40:00Z',
    '2026-11-21T21:40:00',
    '2026-11-21T2x:40:00Z',
  ),
);

const anyText = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '',
    '<a href="x">&amp;</a>',
    '{"level":"info","msg":"a \\"quoted\\" \\\\ one"}',
    '\u001b[31mred\u001b[0m',
    '\\n',
    '\\',
    'x\r',
    '\ud83d\ude00',
    '\ud83d',
    '\ude00',
    'é'.repeat(70),
    'x'.repeat(300),
    '","stream":"stderr","time":"',
  ),
);

const usual = fc
  .record({
    text: anyText,
    newline: fc.boolean(),
    stream: fc.constantFrom<'stdout' | 'stderr'>('stdout', 'stderr'),
    time: anyTime,
    attrs: fc.option(
      fc.dictionary(fc.constantFrom('a', 'stream', 'tag', 'log'), fc.string({ maxLength: 8 }), {
        maxKeys: 2,
      }),
      { nil: undefined, freq: 2 },
    ),
  })
  .map(({ text, newline, stream, time, attrs }) => record(newline ? `${text}\n` : text, stream, time, attrs));

const unusual = fc.constantFrom(
  '\n',
  '\0\0\0\n',
  `\0\0\0\0${record('after nuls\n')}`,
  'no json at all\n',
  '{"log":"torn\n',
  `{"log":"torn{"log":"whole\\n","stream":"stdout","time":"2026-11-21T21:40:00Z"}\n`,
  `{"log":"a\\tb{"log":"whole\\n","stream":"stdout","time":"2026-11-21T21:40:00Z"}\n`,
  '{"log":"bad escape \\x\\n","stream":"stdout","time":"2026-11-21T21:40:00Z"}\n',
  '{"log":"bad hex \\u12g4\\n","stream":"stdout","time":"2026-11-21T21:40:00Z"}\n',
  '{"log":"a raw\ttab\\n","stream":"stdout","time":"2026-11-21T21:40:00Z"}\n',
  '{ "log" : "spaced\\n", "stream" : "stderr" , "time" : "2026-11-21T21:40:00Z" }\n',
  '{"time":"2026-11-21T21:40:00Z","stream":"stderr","log":"another order\\n"}\n',
  '{"log":"first\\n","log":"second\\n","stream":"stdout"}\n',
  '{"log":"first\\n","log":2,"stream":"stdout"}\n',
  '{"log":"nested\\n","more":{"log":"no\\n","list":[1,"}",{"stream":"stderr"}]},"stream":"stdout","time":null}\n',
  '{"log":5}\n',
  '[{"log":"x\\n"}]\n',
  'null\n',
  '{}\n',
  '{"log":"no time or stream\\n"}\n',
  '{"log":"other stream\\n","stream":"console","time":"2026-11-21T21:40:00Z"}\n',
  '{"log":"trailing\\n","stream":"stdout","time":"2026-11-21T21:40:00Z"} x\n',
  '{"log":"carriage\\n","stream":"stdout","time":"2026-11-21T21:40:00Z"}\r\n',
);

const garbage = fc.uint8Array({ maxLength: 40 }).map((bytes) => `${Buffer.from(bytes).toString('latin1')}\n`);

/** Content as bytes: records as UTF-8, everything else as it is. */
const anyContent = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: usual.map((text) => Buffer.from(text)) },
      { weight: 2, arbitrary: unusual.map((text) => Buffer.from(text)) },
      { weight: 1, arbitrary: garbage.map((text) => Buffer.from(text, 'latin1')) },
      {
        weight: 1,
        arbitrary: fc.tuple(usual, fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
          const damaged = Buffer.from(text);
          damaged[at % damaged.length] = byte;
          return damaged;
        }),
      },
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.concat(parts));

describe('decode', () => {
  test('any records, any garbage, any chunks: the lines of the reference', () => {
    fc.assert(
      fc.property(
        anyContent,
        fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 5 }),
        (content, chunks) => {
          expect(decode(content, chunks).rows).toEqual(reference(content));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('going on from the watermarks of any push gives exactly the lines after it', () => {
    fc.assert(
      fc.property(
        anyContent,
        fc.array(fc.integer({ min: 1, max: 800 }), { maxLength: 5 }),
        fc.nat(),
        (content, chunks, pick) => {
          const whole = decode(content, chunks);
          if (whole.pushes.length === 0) return;
          const { rows, offset, open } = whole.pushes[pick % whole.pushes.length];
          const rest = decode(content, chunks, { out: open[0] ?? offset, err: open[1] ?? offset });
          const stable = (row: Row) => ({ ...row, seconds: 0, nanos: 0 });
          expect(rest.rows.map(stable)).toEqual(whole.rows.slice(rows).map(stable));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('pieces are joined per stream, with the first one’s time, in order of completion', () => {
    const content = Buffer.from(
      record('12345678', 'stdout', '2026-11-21T21:40:01Z') +
        record('abcdefgh', 'stderr', '2026-11-21T21:40:02Z') +
        record('between\n', 'stderr', '2026-11-21T21:40:03Z') +
        record('no newline', 'stdout', '2026-11-21T21:40:04Z') +
        record('9\n', 'stdout', '2026-11-21T21:40:05Z'),
    );
    const { rows, span } = decode(content);
    expect(rows.map(({ stderr, text, seconds }) => [stderr, text, seconds % 60])).toEqual([
      [true, 'abcdefghbetween', 2],
      [false, '12345678no newline9', 1],
    ]);
    expect(span.hasOpenLine).toBe(false);
  });

  test('a short text without a newline is a whole line: the process ended there', () => {
    const { rows } = decode(Buffer.from(record('bye') + record('hello again\n')));
    expect(rows.map((row) => [row.text, row.flags])).toEqual([
      ['bye', 0],
      ['hello again', 0],
    ]);
  });

  test('a malformed record ends an open line of stdout and comes after it', () => {
    const { rows, counts } = decode(
      Buffer.from(`${record('a\n') + record('12345678')}{"log":"torn\n${record('b\n')}`),
    );
    expect(rows.map((row) => [row.text, row.flags])).toEqual([
      ['a', 0],
      ['12345678', LineFlag.incomplete],
      ['{"log":"torn', LineFlag.malformed],
      ['b', 0],
    ]);
    expect(counts).toMatchObject({ malformed: 1, incomplete: 1 });
  });

  test('a long line keeps its head and says what was cut, whole characters only', () => {
    const { rows, counts } = decode(Buffer.from(record(`${'é'.repeat(200)}\n`)));
    const text = Buffer.from(rows[0].text, 'latin1').toString();
    expect(text).toBe(`${'é'.repeat(26)} [cut: 348 bytes more]`);
    expect(rows[0].flags).toBe(LineFlag.cut);
    expect(counts.linesCut).toBe(1);
  });

  test('a line of 300 pieces is bounded and cut', () => {
    const content = Buffer.from(record('12345678').repeat(300) + record('end\n') + record('next\n'));
    const { rows, span } = decode(content, [1000]);
    expect(rows.map((row) => row.text)).toEqual([
      `${'12345678'.repeat(7).slice(0, 52)} [cut: 2351 bytes more]`,
      'next',
    ]);
    expect(span.out.buffer.length).toBe(0);
  });

  test('more records than a batch holds', () => {
    const content = Buffer.from('x\n'.repeat(10_000));
    const { rows } = decode(content);
    expect(rows.length).toBe(10_000);
  });

  test('a push that asks to wait stops reading there, and nothing is lost or repeated', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        const rows: string[] = [];
        const span = new Span([markAt(file, 0, 0)]);
        const target: LineTarget = {
          counts: noCounts(),
          streamId: () => 1,
          push(batch) {
            for (let i = 0; i < batch.length; i++)
              rows.push(batch.arena.toString('latin1', batch.start[i], batch.end[i]));
            return Promise.resolve();
          },
          moved() {},
        };
        const decoder = new Decoder(MAX_LINE, PIECE);
        for (let before = -1; span.offset > before || rows.length < 0; ) {
          before = span.offset;
          const rest = Buffer.from(content.subarray(before));
          const pushed = rows.length;
          void decoder.decode(rest, rest.length, span, target);
          if (rows.length > pushed) before = -1;
        }
        expect(rows).toEqual(reference(content).map((row) => row.text));
      }),
      { numRuns: 500 },
    );
  });
});
