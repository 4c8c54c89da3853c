import { isUtf8 } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PARSE_FORMATS } from '../../config/processor-types.js';
import { Batch } from '../../pipeline/batch.js';
import type { Processor } from '../../pipeline/contract.js';
import { Draft } from '../../pipeline/draft.js';
import { StageKit } from '../../pipeline/testing/stage-kit.js';
import { createParseProcessor } from './index.js';

type Format = (typeof PARSE_FORMATS)[number];
type Options = Parameters<typeof processorOf>[1];

function processorOf(format: Format, options: { messageField?: string; fields?: string[] } = {}): Processor {
  const pattern = format === 'regex' ? { pattern: '(?P<first>[a-z]+)=?(?P<rest>.*)' } : {};
  return createParseProcessor('parse', { type: 'parse', format, ...pattern, ...options });
}

function kitOf(format: Format, options: Options = {}): StageKit {
  return new StageKit(() => [processorOf(format, options)]);
}

/** What the program says that JSON's fields are, by another way: all of the text decoded and walked through. */
function flat(text: string): Record<string, string> | undefined {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return undefined;
  const fields: Record<string, string> = {};
  const walk = (value: object, path: string, depth: number): void => {
    for (const [key, member] of Object.entries(value) as [string, unknown][]) {
      const fit = key.replace(/[^a-zA-Z0-9_]/gu, '_');
      const name = `${path}${/^[a-zA-Z_]/.test(fit) ? fit : `_${fit}`}`;
      if (member === null || member === '') continue;
      if (typeof member === 'object' && !Array.isArray(member) && depth < 8)
        walk(member, `${name}_`, depth + 1);
      else if (!Object.hasOwn(fields, name))
        Object.defineProperty(fields, name, {
          value: typeof member === 'string' ? member.toWellFormed() : JSON.stringify(member),
          enumerable: true,
        });
    }
  };
  walk(root, '', 1);
  return fields;
}

const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'ab', 'a.b', 'a_b', 'level') },
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const { object } = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 0, -0, 1.5, 1e300, 1e-7, -12, ''),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ maxLength: 12 }),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(key, tie('value'), { maxKeys: 6, depthIdentifier: 'object' }),
}));
/** Texts of JSON with a byte or two changed, put in or taken out: nearly all of them are none. */
const broken = fc
  .tuple(object, fc.array(fc.tuple(fc.nat(), fc.integer({ min: -1, max: 255 })), { maxLength: 2 }))
  .map(([value, changes]) => {
    const bytes = [...Buffer.from(JSON.stringify(value))];
    for (const [at, byte] of changes) bytes.splice(at % bytes.length, at % 2, ...(byte < 0 ? [] : [byte]));
    return Buffer.from(bytes);
  });

/** A kit for many runs: what is known of the lines before must make no difference. */
function checkJson(kit: StageKit, line: Buffer): void {
  const out = kit.push([{ text: line }]).out.at(-1);
  const fields = Object.entries(flat(line.toString()) ?? {});
  expect(out?.fields).toEqual(Object.fromEntries(fields.slice(0, 32)));
  expect(out?.bytes).toBe(line.toString('latin1'));
}

describe('JSON', () => {
  test('has the fields that JSON.parse finds', () => {
    const kit = kitOf('json');
    fc.assert(
      fc.property(object, fc.constantFrom(0, 1, 2), (value, space) => {
        // What has more than one line is taken too: white space is white space. Arrays stay as they are written.
        const hasArray = JSON.stringify(value).includes('[');
        checkJson(kit, Buffer.from(JSON.stringify(value, null, hasArray ? 0 : space)));
      }),
      { numRuns: 600 },
    );
  });

  test('is what JSON.parse takes, and nothing else', () => {
    const kit = kitOf('json');
    fc.assert(
      fc.property(broken, (line) => {
        const isRefused = kit.push([{ text: line }]).out.at(-1)?.fields['processing_error'] !== undefined;
        // Which of two equal keys counts and how numbers are written the tables say.
        expect(isRefused).toBe(flat(line.toString()) === undefined);
      }),
      { numRuns: 600 },
    );
  });
});

describe('logfmt', () => {
  const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,5}$/);
  const value = fc.oneof(
    fc.stringMatching(/^[a-zA-Z0-9=:/.-]{1,8}$/),
    fc.string({ unit: 'grapheme', minLength: 1 }),
  );

  test('reads back what was written', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value, { minKeys: 1, maxKeys: 8, noNullPrototype: true }), (pairs) => {
        const line = Object.entries(pairs)
          .map(([name, value]) => `${name}=${/^[^\s"\\]+$/.test(value) ? value : JSON.stringify(value)}`)
          .join(' ');
        const [{ fields }] = kitOf('logfmt').push([{ text: line }]).out;
        expect(Object.entries(fields)).toEqual(Object.entries(pairs));
      }),
      { numRuns: 200 },
    );
  });
});

describe('Every format', () => {
  const pieces =
    '{¦}¦"¦"a":¦[¦]¦,¦:¦1¦\\¦\\u00¦null¦ ¦=¦a=b¦x="y z"¦<34>¦1 ¦Nov 22 12:00:00 ¦2026-11-22T12:00:00Z ¦stdout F ¦- ¦' +
    '[a b="c"]¦I0102 15:04:05.678901 1 f.go:1] ¦127.0.0.1 - - ¦[22/Nov/2026:12:00:00 +0000] ¦"GET / HTTP/1.1" ¦200 5 ¦' +
    '"-" "-"¦host app[1]: ¦ü';
  const piece = fc.constantFrom(...pieces.split('¦'));
  const line = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''))),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    object.map((value) => Buffer.from(JSON.stringify(value))),
  );
  const options = fc.constantFrom<Options>(
    {},
    { messageField: 'message' },
    { messageField: 'a' },
    { fields: ['a', 'time'] },
  );

  test.each(PARSE_FORMATS)('%s: any lines in any batches, and nothing of what lies around them', (format) => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(8)), options, (lines, cuts, options) => {
        const alone = lines.map((text) => kitOf(format, options).push([{ text }]).out[0]);
        const kit = kitOf(format, options);
        let from = 0;
        for (const length of [...cuts, lines.length]) {
          kit.push(lines.slice(from, from + length).map((text) => ({ text })));
          from += length;
        }
        expect(kit.out).toEqual(alone);
        for (const [i, { bytes, fields }] of kit.out.entries()) {
          if (!options?.messageField) expect(bytes).toBe(lines[i].toString('latin1'));
          for (const [name, value] of Object.entries(fields)) {
            expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/);
            expect(value).not.toBe('');
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  const whole: Readonly<Record<Format, string>> = {
    auto: 'a="\\"b" c=d',
    json: '{"a":[1,{"b":"ü"}],"c":{"d":"\\u0041\\ud83d\\ude00","e":-1.5e+3},"f":true,"g":"\\n"}',
    logfmt: 'a="\\x41 \\"b" c=d e=',
    regex: 'abc=déf',
    cri: '2026-11-22T12:00:00.123Z stdout F a message',
    syslog: '<34>1 2026-11-22T12:00:00Z host app 1 id [a b="\\"c"][d e="f"] text',
    clf: '127.0.0.1 - - [22/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 512 ',
    combined: '127.0.0.1 - - [22/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 512 "a" "b\\"c"',
    klog: 'I0102 15:04:05.678901   12345 file.go:12] a message',
  };

  test.each(PARSE_FORMATS)('%s: a line ends where it ends, though what it lacks lies behind it', (format) => {
    const line = Buffer.from(whole[format]);
    for (let to = 0; to <= line.length; to++) {
      const [alone] = kitOf(format).push([{ text: line.subarray(0, to) }]).out;
      const { metadata } = beginningOf(line, to, format);
      expect(Object.fromEntries(metadata?.pairs(0) ?? []), `of ${to} bytes`).toEqual(alone.fields);
    }
  });

  test.each(PARSE_FORMATS)('%s: what is no UTF-8 becomes so in fields', (format) => {
    for (let at = 0; at < Buffer.byteLength(whole[format]); at++) {
      const line = Buffer.from(whole[format]);
      line[at] = 0xff;
      const { metadata } = beginningOf(line, line.length, format);
      if (!metadata) continue;
      expect(isUtf8(metadata.bytes.subarray(metadata.start[0], metadata.end[0])), `at ${at}`).toBe(true);
    }
  });
});

/** The first row is the beginning of what is all there in the arena. */
function beginningOf(line: Buffer, to: number, format: Format): Draft {
  const batch = new Batch(line, 2);
  const { streams } = new StageKit(() => []);
  const stream = streams.acquire({ a: 'b' }).id;
  batch.add(0, to, stream, 0, 0, 0);
  batch.add(0, line.length, stream, 0, 0, 0);
  const draft = new Draft();
  draft.load(batch);
  const stage = processorOf(format).begin({ selects: () => true, streams, now: () => 0 });
  const silent = () => {};
  stage.process(draft, { generated: silent, filtered: silent, merged: silent, held: silent });
  return draft;
}
