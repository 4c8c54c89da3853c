import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeLine, parseLine, seeded, writerLines } from './lines.mjs';
import { assertExact, judge, linesIn, outputLines } from './oracle.js';

const NAME = 'c-1';
const EXPECTED = { container: NAME, out: 70, err: 30 };
const TIME = '2026-11-21T21:40:00.000000001Z';
const NO_DAMAGE = { lost: 0, duplicated: 0, split: 0, reordered: 0, foreign: 0 };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'lct-oracle-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What the file sink writes for the writer's lines, a record an entry. */
function records(): string[] {
  return [...writerLines({ name: NAME, out: 70, err: 30, seed: 7, lengths: 'short' })].flatMap(
    ({ stream, bytes }) =>
      bytes
        .toString()
        .slice(0, -1)
        .split('\n')
        .map((line) => `${TIME} ${stream === 'o' ? 'stdout' : 'stderr'} ${line}\n`),
  );
}

function write(output: string, generation: number, lines: readonly string[], compress = false): void {
  const folder = path.join(directory, output);
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${output}.${String(generation).padStart(6, '0')}.log`);
  if (compress) writeFileSync(`${file}.gz`, gzipSync(lines.join('')));
  else writeFileSync(file, lines.join(''));
}

const isNumbered = (record: string, stream = 'stdout') =>
  record.slice(31, 37) === stream && record.length > 39;
const strange = (writer: string, stream: 'o' | 'e', seq: number) =>
  `${TIME} stdout ${makeLine(writer, stream, seq, 0, 60, seeded(1)).toString()}\n`;
const isEmpty = (record: string) => record.length === 39;

/** Index of the n-th numbered stdout record that follows directly on another one of stdout. */
function inner(all: readonly string[], n: number): number {
  const found = all.findIndex((_, i) => i > n && isNumbered(all[i]) && isNumbered(all[i - 1]));
  if (found < 0) throw new Error('no such record');
  return found;
}

describe('the oracle', () => {
  it('finds nothing wrong with an exact output over plain and compressed generations', () => {
    const all = records();
    write(NAME, 1, all.slice(0, 40), true);
    write(NAME, 2, all.slice(40, 41));
    write(NAME, 3, all.slice(41));
    expect(judge(directory, EXPECTED)).toEqual({ lines: 100, damage: NO_DAMAGE, findings: [] });
    expect(assertExact(directory, [EXPECTED])).toEqual({ lines: 100 });
    expect([...outputLines(directory, NAME, 'stderr')].map(String)).toEqual(
      all.filter((record) => record.slice(31, 37) === 'stderr').map((record) => record.slice(38)),
    );
  });

  it('unites live and catch-up output as a set, each in its own order', () => {
    const all = records();
    write(`${NAME}.catch-up`, 1, all.slice(0, 55));
    write(NAME, 1, all.slice(55));
    expect(judge(directory, EXPECTED).damage).toEqual(NO_DAMAGE);
  });

  it('finds a line in both live and catch-up output', () => {
    const all = records();
    const twice = all.findIndex((record, i) => i > 50 && isNumbered(record));
    write(`${NAME}.catch-up`, 1, all.slice(0, twice + 1));
    write(NAME, 1, all.slice(twice));
    expect(judge(directory, EXPECTED).damage).toEqual({ ...NO_DAMAGE, duplicated: 1 });
  });

  it('finds a lost line, a lost end and a lost generation', () => {
    const all = records();
    write(NAME, 1, all.toSpliced(inner(all, 10), 1));
    expect(judge(directory, EXPECTED).damage).toEqual({ ...NO_DAMAGE, lost: 1 });
    const end = all.findLastIndex((record) => isNumbered(record));
    write(NAME, 1, all.toSpliced(end, 1));
    expect(judge(directory, EXPECTED).damage).toMatchObject({ lost: 1 });
    write(NAME, 1, all.slice(0, 20));
    write(NAME, 3, all.slice(40));
    expect(judge(directory, EXPECTED).damage.lost).toBeGreaterThan(10);
  });

  it('finds a lost and a doubled empty line', () => {
    const all = records();
    const empty = all.findIndex((record, i) => i > 5 && isEmpty(record));
    write(NAME, 1, all.toSpliced(empty, 1));
    expect(judge(directory, EXPECTED).damage).toMatchObject({ lost: 1, duplicated: 0 });
    write(NAME, 1, all.toSpliced(empty, 0, all[empty]));
    expect(judge(directory, EXPECTED).damage).toMatchObject({ lost: 0, duplicated: 1 });
  });

  it('finds an empty line at another place', () => {
    const all = records();
    const empty = all.findIndex((record, i) => i > 5 && isEmpty(record));
    const moved = [...all.toSpliced(empty, 1), all[empty]];
    write(NAME, 1, moved);
    expect(judge(directory, EXPECTED).damage.reordered).toBeGreaterThan(0);
  });

  it('finds a doubled line and a repeated stretch', () => {
    const all = records();
    const at = inner(all, 10);
    write(NAME, 1, all.toSpliced(at, 0, all[at]));
    expect(judge(directory, EXPECTED).damage).toEqual({ ...NO_DAMAGE, duplicated: 1 });
    write(NAME, 1, [...all.slice(0, 40), ...all.slice(20)]);
    expect(judge(directory, EXPECTED).damage.duplicated).toBeGreaterThan(10);
  });

  it('finds two lines that changed places', () => {
    const all = records();
    const at = inner(all, 10);
    write(NAME, 1, all.with(at, all[at - 1]).with(at - 1, all[at]));
    const { damage } = judge(directory, EXPECTED);
    expect(damage.reordered).toBe(1);
    expect(damage).toMatchObject({ lost: 0, duplicated: 0, split: 0 });
  });

  it('finds a split line, joined lines, a torn end and a changed byte', () => {
    const all = records();
    const at = inner(all, 10);
    const line = all[at];
    const halves = [`${line.slice(0, 60)}\n`, `${TIME} stdout ${line.slice(60)}`];
    write(NAME, 1, all.toSpliced(at, 1, ...halves));
    expect(judge(directory, EXPECTED).damage).toMatchObject({ split: 2, lost: 1 });
    write(NAME, 1, all.toSpliced(at - 1, 2, `${all[at - 1].slice(0, -1)}${all[at].slice(38)}`));
    expect(judge(directory, EXPECTED).damage).toMatchObject({ split: 1, lost: 2 });
    write(NAME, 1, [...all, `${TIME} stdout ${line.slice(38, 60)}`]);
    expect(judge(directory, EXPECTED).damage).toMatchObject({ split: 1, lost: 0 });
    write(NAME, 1, all.with(at, `${line.slice(0, -2)}${line.at(-2) === 'x' ? 'y' : 'x'}\n`));
    expect(judge(directory, EXPECTED).damage).toMatchObject({ split: 1, lost: 1 });
    write(NAME, 1, all.with(at, line.slice(20)));
    expect(judge(directory, EXPECTED).damage).toMatchObject({ split: 1, lost: 1 });
  });

  it('finds lines of another container, of the other stream and numbers never written', () => {
    const all = records();
    write(NAME, 1, [...all, strange('c-2', 'o', 3), strange(NAME, 'e', 3), strange(NAME, 'o', 70)]);
    expect(judge(directory, EXPECTED).damage).toEqual({ ...NO_DAMAGE, foreign: 3 });
  });

  it('fails when it saw nothing', () => {
    expect(() => assertExact(directory, [EXPECTED])).toThrow('No line was seen at all');
    expect(() => assertExact(directory, [])).toThrow('No line was seen at all');
    write(NAME, 1, records());
    expect(() => assertExact(directory, [EXPECTED, { container: 'c-2', out: 1, err: 0 }])).toThrow(
      'c-2: not one of its lines was found',
    );
  });

  it('wants the carriage return of a terminal on each line, and nowhere else', () => {
    const terminal = { container: NAME, out: 70, err: 0, isTty: true };
    const lines = [...writerLines({ name: NAME, out: 70, err: 0, seed: 7, lengths: 'short' })].flatMap(
      ({ bytes }) => bytes.toString().slice(0, -1).split('\n'),
    );
    write(
      NAME,
      1,
      lines.map((line) => `${TIME} stdout ${line}\r\n`),
    );
    expect(assertExact(directory, [terminal])).toEqual({ lines: 70 });
    expect(linesIn(directory, [terminal])).toBe(lines.length);
    write(
      NAME,
      1,
      lines.map((line) => `${TIME} stdout ${line}\n`),
    );
    expect(judge(directory, terminal)).toMatchObject({ lines: 0, damage: { split: lines.length, lost: 70 } });
  });
});

describe('writer lines', () => {
  it('are what the engine records of them, also where it cuts through a character', () => {
    const random = seeded(11);
    for (let seq = 0; seq < 300; seq++) {
      const line = makeLine(NAME, 'o', seq, 0, 15_000 + Math.floor(random() * 26_000), random);
      const pieces: string[] = [];
      for (let at = 0; at < line.length; at += 16_384)
        pieces.push(asGoDecodes(line.subarray(at, at + 16_384)));
      expect(parseLine(Buffer.from(pieces.join('')))?.seq).toBe(seq);
    }
  });

  it('write exactly the numbers asked for, in order, with the empty lines they announce', () => {
    const next = { o: 0, e: 0 };
    for (const { stream, bytes } of writerLines({
      name: NAME,
      out: 500,
      err: 200,
      seed: 3,
      lengths: 'short',
    })) {
      const lines = bytes.toString().slice(0, -1).split('\n');
      const parsed = parseLine(Buffer.from(lines.at(-1) ?? ''));
      expect(parsed).toEqual({ writer: NAME, stream, seq: next[stream]++, empties: lines.length - 1 });
    }
    expect(next).toEqual({ o: 500, e: 200 });
  });
});

/** The engine is a Go program: each byte that is not part of a whole character becomes one U+FFFD. */
function asGoDecodes(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at];
    const size = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0;
    if (size === 0 || at + size > bytes.length) {
      text += '\ufffd';
      at++;
    } else {
      text += bytes.toString('utf8', at, at + size);
      at += size;
    }
  }
  return text;
}
