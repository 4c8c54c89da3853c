import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CriRecords, PlainRecords } from './records.js';

interface Parsed {
  readonly text: string;
  readonly isStderr: boolean;
  readonly endsLine: boolean;
}

function parse(records: CriRecords | PlainRecords, line: string): Parsed | undefined {
  // What stands around the record must make no difference.
  const buf = Buffer.from(`stdout F \n${line}\nstdout F`);
  const from = 10;
  const to = from + Buffer.byteLength(line);
  if (!records.parse(buf, from, to)) return undefined;
  const { textStart, textEnd, isStderr, endsLine } = records;
  return { text: buf.toString('utf8', textStart, textEnd), isStderr, endsLine };
}

const TIME = '2026-11-22T10:00:00.5Z';

describe('records of CRI', () => {
  test.each([
    [`${TIME} stdout F hello`, { text: 'hello', isStderr: false, endsLine: true }],
    [`${TIME} stderr P hel`, { text: 'hel', isStderr: true, endsLine: false }],
    [`${TIME} stdout F  two  spaces `, { text: ' two  spaces ', isStderr: false, endsLine: true }],
    [`${TIME} stdout F `, { text: '', isStderr: false, endsLine: true }],
    [`${TIME} stdout F`, { text: '', isStderr: false, endsLine: true }],
    [`${TIME} stdout P:more F x`, { text: 'F x', isStderr: false, endsLine: false }],
    [`2026-11-22T10:00:00.123456789+01:00 stdout F x`, { text: 'x', isStderr: false, endsLine: true }],
    [`${TIME} stdout X hello`, undefined],
    [`${TIME} stdout Full`, undefined],
    [`${TIME} stdin F hello`, undefined],
    [`${TIME} stdout`, undefined],
    [TIME, undefined],
    ['yesterday stdout F hello', undefined],
    ['', undefined],
  ])('%s', (line, expected) => {
    expect(parse(new CriRecords(), line)).toEqual(expected);
  });

  test('are what a regular expression says', () => {
    const part = fc.constantFrom(TIME, ' ', 'stdout', 'stderr', 'F', 'P', ':', 'x', '2026-13-22T10:00:00Z');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 9 }), fc.boolean(), (parts, isLikely) => {
        const line = isLikely ? `${TIME} stdout ${parts.join('')}` : parts.join('');
        const found = /^(\S+) (stdout|stderr) ([FP])(:[^ ]*)?( (.*))?$/.exec(line);
        const expected =
          found && found[1] === TIME
            ? { text: found[6] ?? '', isStderr: found[2] === 'stderr', endsLine: found[3] === 'F' }
            : undefined;
        expect(parse(new CriRecords(), line)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('plain lines', () => {
  test.each([
    ['hello', 'hello'],
    ['hello\r', 'hello'],
    ['\r', ''],
    ['', ''],
    ['\ufeffhello', 'hello'],
    ['a\r\r', 'a\r'],
    ['\0\0x', undefined],
  ])('%j', (line, text) => {
    expect(parse(new PlainRecords(), line)?.text).toBe(text);
  });
});
