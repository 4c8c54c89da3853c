/**
 * Whatever stands in a log, however it comes there and is read: no failure, an end to it, every byte accounted for, and
 * no more of it held than a line may have. With LOG_CAPTURER_TEST_LONG for hours.
 */
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Batch } from '../../../pipeline/batch.js';
import { Scope } from '../../../runtime/scope.js';
import { noCounts } from './counts.js';
import { Decoder, type LineTarget } from './decode.js';
import { PlainFile } from './log-file.js';
import { RecordParser } from './record.js';
import { markAt, Span } from './span.js';
import { ID, TestReaders } from './testing/test-readers.js';
import { record } from './testing/test-support.js';

const FACTOR = process.env['LOG_CAPTURER_TEST_LONG'] === undefined ? 1 : 100;
const TIMEOUT_MS = 60_000 * FACTOR;
const PIECE = 8;
const MAX_LINE = 100;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-fuzz-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const good = fc
  .record({
    text: fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 60 })),
    isStderr: fc.boolean(),
    endsLine: fc.boolean(),
    attrs: fc.option(
      fc.dictionary(fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 }), { maxKeys: 2 }),
      {
        nil: undefined,
      },
    ),
  })
  .map(({ text, isStderr, endsLine, attrs }) =>
    Buffer.from(
      record(endsLine ? `${text}\n` : text, isStderr ? 'stderr' : 'stdout', '2026-11-21T21:40:00.5Z', attrs),
    ),
  );
/** Records, and what is nearly one. */
const bytes: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: good },
      { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60 }).map((part) => Buffer.from(part)) },
      { weight: 1, arbitrary: fc.nat(300).map((length) => Buffer.alloc(length)) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom('{"log":"', '\\u12', '"time":"', '}\n', '\n', '{"log":{"log":"a"}}\n')
          .map((text) => Buffer.from(text)),
      },
      {
        weight: 3,
        arbitrary: fc
          .record({ whole: good, at: fc.nat(200), taken: fc.nat(4), put: fc.uint8Array({ maxLength: 3 }) })
          .map(({ whole, at, taken, put }) => {
            const from = at % whole.length;
            return Buffer.concat([whole.subarray(0, from), put, whole.subarray(from + taken)]);
          }),
      },
    ),
    { maxLength: 14 },
  )
  .map((parts) => Buffer.concat(parts));

test(
  'the parser of records: what it takes is within the record, and JSON.parse takes it too',
  () => {
    fc.assert(
      fc.property(bytes, (content) => {
        const parser = new RecordParser();
        const buf = Buffer.concat([content, Buffer.from('\n')]);
        const arena = parser.begin(buf);
        let taken = 0;
        for (let from = 0, to = buf.indexOf(10); to >= 0; from = to + 1, to = buf.indexOf(10, from)) {
          const raw = buf.toString('latin1', from, to);
          const isRecord = parser.parse(buf, from, to);
          if (!isRecord) continue;
          const parsed = JSON.parse(raw) as { log: string };
          expect(parser.textStart).toBeGreaterThanOrEqual(taken);
          expect(parser.textEnd).toBeGreaterThanOrEqual(parser.textStart);
          expect(parser.textEnd).toBeLessThan(Math.min(to, arena.length));
          taken = parser.textEnd;
          expect(parser.endsLine).toBe(parsed.log.endsWith('\n'));
        }
      }),
      { numRuns: 500 * FACTOR },
    );
  },
  TIMEOUT_MS,
);

test(
  'the decoder: the same lines in any chunks, every byte once, no more held than a line may have',
  async () => {
    const scope = Scope.root('test', (error) => {
      throw error;
    });
    writeFileSync(path.join(folder, 'empty'), '');
    const file = PlainFile.open(scope, path.join(folder, 'empty'));
    const decode = (content: Buffer, chunks: readonly number[]) => {
      const lines: string[] = [];
      const span = new Span([markAt(file, 0, 0)]);
      const target: LineTarget = {
        counts: noCounts(),
        streamId: (isStderr) => (isStderr ? 2 : 1),
        push(batch: Batch) {
          for (let i = 0; i < batch.length; i++) {
            expect(batch.end[i] - batch.start[i]).toBeLessThanOrEqual(MAX_LINE);
            const text = batch.arena.toString('latin1', batch.start[i], batch.end[i]);
            lines.push(`${batch.stream[i]} ${batch.flags[i]} ${text}`);
          }
          expect(span.out.buffer.length + span.err.buffer.length).toBeLessThanOrEqual(2 * MAX_LINE);
          return undefined;
        },
        moved() {},
      };
      const decoder = new Decoder(MAX_LINE, PIECE);
      // A chunk that brings no whole record is read again, longer: so it is over after so many.
      let steps = 2 * content.length + 10;
      for (let turn = 0, size = 0; ; turn++) {
        expect(steps--).toBeGreaterThan(0);
        const before = span.offset;
        size += chunks[turn % chunks.length];
        const length = Math.min(content.length - before, size);
        void decoder.decode(Buffer.from(content.subarray(before, before + length)), length, span, target);
        expect(span.offset).toBeLessThanOrEqual(before + length);
        if (span.offset > before) size = 0;
        else if (before + length === content.length) break;
      }
      const rest = content.length - span.offset;
      if (rest > 0)
        void decoder.takeRaw(Buffer.from(content.subarray(span.offset)), rest, rest, rest, span, target);
      for (const carry of [span.out, span.err])
        if (carry.isOpen) void decoder.pushOpenLine(span, carry, target, 0);
      expect(span.offset).toBe(content.length);
      expect(target.counts.bytesRead).toBe(content.length);
      return lines;
    };
    fc.assert(
      fc.property(
        bytes,
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 }),
        (content, chunks) => {
          const lines = decode(content, chunks);
          expect(lines).toEqual(decode(content, [content.length + 1]));
        },
      ),
      { numRuns: 500 * FACTOR },
    );
    await scope.close();
  },
  TIMEOUT_MS,
);

describe('the readers on a real file', () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: bytes.map((put) => ({ do: 'write' as const, put })) },
    { weight: 1, arbitrary: fc.constant({ do: 'rotate' as const }) },
    { weight: 1, arbitrary: fc.nat(400).map((length) => ({ do: 'truncate' as const, length })) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), back: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.constant({ do: 'look' as const }) },
  );
  const older = fc.oneof(
    fc.constant(undefined),
    bytes.map((text) => ({ name: '.1', content: text })),
    bytes.map((text) => ({ name: '.1.gz', content: gzipSync(text) })),
    fc
      .record({ text: bytes, at: fc.nat(100), put: fc.uint8Array({ maxLength: 20 }) })
      .map(({ text, at, put }) => {
        const whole = gzipSync(text);
        const from = at % whole.length;
        return { name: '.1.gz', content: Buffer.concat([whole.subarray(0, from), put]) };
      }),
    fc.uint8Array({ maxLength: 60 }).map((content) => ({ name: '.1.gz', content: Buffer.from(content) })),
  );

  test('any bytes, rotated, cut short, read again from any position', { timeout: TIMEOUT_MS }, async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 10 }), older, async (actions, before) => {
        const log = path.join(folder, `log-${number++}`);
        writeFileSync(log, '');
        if (before) writeFileSync(log + before.name, before.content);
        let readers = new TestReaders(log, undefined, { maxLineBytes: 1024 });
        readers.add();
        for (const step of actions) {
          if (step.do === 'write') appendFileSync(log, step.put);
          else if (step.do === 'rotate') {
            renameSync(log, `${log}.1`);
            writeFileSync(log, '');
          } else if (step.do === 'truncate') {
            truncateSync(log, Math.min(step.length, readFileSync(log).length));
          } else if (step.do === 'restart') {
            const { pushes } = readers.pipeline;
            const positions = readers.pipeline.positionsAfter(Math.max(0, pushes.length - step.back));
            await readers.scope.close();
            expect(readers.failures).toEqual([]);
            readers = new TestReaders(log, positions, { maxLineBytes: 1024 });
            readers.add();
          }
          readers.readers.wake(ID);
          await new Promise(setImmediate);
        }
        // It is over when all was read.
        readers.readers.finish(ID);
        await readers.told('finished');
        for (const { text } of readers.pipeline.lines) expect(text.length).toBeLessThanOrEqual(1024);
        await readers.scope.close();
        expect(readers.failures).toEqual([]);
        for (const name of [log, `${log}.1`, `${log}.1.gz`]) rmSync(name, { force: true });
      }),
      { numRuns: 60 * FACTOR },
    );
  });
});
