/**
 * Somebody cuts a container's log short or writes it anew, before or while it is read: what was read does not come again, what is
 * written afterwards is not missed, and a gap is told.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ID, TestReaders, until } from './testing/test-readers.js';
import { LogWriter, record } from './testing/test-support.js';

let folder: string;
let path: string;
const opened: TestReaders[] = [];

function open(...args: [TestReaders?]): TestReaders {
  const readers = new TestReaders(path, args[0]?.pipeline.positionsAfter(Infinity));
  opened.push(readers);
  // Whose rotation is told: a look that finds nothing does not look at the name.
  readers.add({ driver: 'json-file' });
  return readers;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'changed-'));
  path = join(folder, 'c1-json.log');
});

afterEach(clear);

async function clear(): Promise<void> {
  for (const readers of opened.splice(0)) await readers.stop();
  rmSync(folder, { recursive: true, force: true });
}

const START = Date.parse('2026-11-21T21:40:00Z');
const LINE_BYTES = line(0).length;

/** Lines of the same length, which in a file of the same length as before begin and end where others did. */
function line(number: number): string {
  const time = new Date(START + number).toISOString().replace('Z', '456789Z');
  return record(`line ${String(number).padStart(4, '0')}\n`, 'stdout', time);
}

function texts(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `line ${String(from + i).padStart(4, '0')}`);
}

const CHANGES = {
  emptied: () => truncateSync(path),
  'cut between lines': () =>
    truncateSync(path, Math.floor(statSync(path).size / LINE_BYTES / 2) * LINE_BYTES),
  'cut in a line': () => truncateSync(path, Math.max(0, statSync(path).size - LINE_BYTES - 20)),
  'written anew': () => writeFileSync(path, readFileSync(path, 'latin1').replaceAll('line', 'edit')),
} as const;
type Change = keyof typeof CHANGES;
const names = Object.keys(CHANGES) as Change[];

const scenario = fc.record({
  change: fc.constantFrom(...names),
  when: fc.constantFrom('down', 'held', 'running'),
  before: fc.integer({ min: 3, max: 30 }),
  after: fc.integer({ min: 1, max: 60 }),
  rotations: fc.nat(3),
  compress: fc.boolean(),
});

describe('a log that is changed by somebody', () => {
  test('brings each line once, in order, and a gap', { timeout: 240_000 }, async () => {
    await fc.assert(
      fc
        .asyncProperty(scenario, async ({ change, when, before, after, rotations, compress }) => {
          const log = new LogWriter(path, Infinity, 3, compress);
          let written = 0;
          const write = (count: number): void => {
            for (const to = written + count; written < to; written++) log.raw(line(written));
          };
          const first = open();
          for (let n = 0; n < rotations; n++) {
            write(5);
            await first.lines(written);
            log.rotate();
          }
          write(before);
          await first.lines(written);
          let release = (): void => {};
          if (when === 'down') await first.stop();
          if (when === 'held') {
            first.pipeline.answer = () => new Promise((resolve) => (release = resolve));
            write(1);
            await first.lines(written);
            first.pipeline.answer = () => undefined;
          }
          const read = written;
          CHANGES[change]();
          if (when === 'running') {
            first.readers.wake(ID);
            if (change !== 'written anew') await first.told('truncated');
          }
          write(after);
          release();
          const reader = when === 'down' ? open(first) : first;
          const isNew = (text: string): boolean => text.startsWith('line') && Number(text.slice(5)) >= read;
          const arrived = (): string[] =>
            [...new Set([first, reader])].flatMap(({ pipeline }) => pipeline.lines.map(({ text }) => text));
          // A line that is written behind a torn one is part of it.
          const isGlued = change === 'cut in a line' && when !== 'running';
          const expected = texts(isGlued ? read + 1 : read, written);
          reader.readers.wake(ID);
          await until(
            () => (isGlued && after === 1) || arrived().includes(texts(written - 1, written)[0]),
            `the last of ${written}; ${arrived().slice(-3).join(' ')}`,
          );
          expect(arrived().slice(0, read)).toEqual(texts(0, read));
          expect(arrived().filter(isNew).slice(-expected.length)).toEqual(expected);
          expect(arrived().length - read - expected.length).toBeLessThanOrEqual(isGlued ? 1 : 0);
          const gaps = [...new Set([first, reader])].flatMap(({ pipeline }) => pipeline.gaps);
          // What an editor wrote in the same places is seen where files are recognised.
          const isSeen = change !== 'written anew' || when === 'down';
          // Nothing is left of the only file that was known.
          const why = change === 'emptied' && when === 'down' && rotations === 0 ? 'blind' : 'truncated';
          if (!(isGlued && after === 1)) expect(gaps.map((gap) => gap.why)).toEqual(isSeen ? [why] : []);
          log.close();
        })
        .beforeEach(async () => {
          await clear();
          folder = mkdtempSync(join(tmpdir(), 'changed-'));
          path = join(folder, 'c1-json.log');
        }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});

test('a clock that is set back loses no line, in the file that is known and in one that is not', async () => {
  const log = new LogWriter(path, Infinity, 1);
  const earlier = record('earlier\n', 'stdout', '2026-11-20T21:40:00Z');
  log.raw(line(0));
  log.raw(line(1));
  const first = open();
  await first.lines(2);
  await first.stop();
  log.raw(earlier);
  const second = open(first);
  expect(await second.lines(1)).toEqual(['earlier']);
  expect(second.pipeline.gaps).toEqual([]);
  log.raw(line(2));
  await second.lines(2);
  await second.stop();
  log.rotate();
  log.raw(earlier);
  const third = open(second);
  expect(await third.lines(1)).toEqual(['earlier']);
  expect(third.pipeline.gaps.map(({ why }) => why)).toEqual(['blind']);
  log.close();
});
