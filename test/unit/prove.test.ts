/** `npm run bench -- --prove` proves what it says: over a small workload, and, of its reading of a trace, over made-up ones. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSyncTrace } from '../../bench/prove/sync-trace.js';
import { whyNoPackages } from '../support/debian-packages.js';
import { projectRoot } from '../support/project.js';
import { scratch } from '../support/scratch.js';

const FILE = '/data/journal/00.journal';
const isJournal = (file: string): boolean => file.endsWith('.journal');
const write = (thread: number, file = FILE): string => `${thread} pwritev(23<${file}>, [], 3, 0) = 700`;
const sync = (thread: number, result = '0'): string => `${thread} fdatasync(23<${FILE}>) = ${result}`;
const begin = (thread: number): string => `${thread} fdatasync(23<${FILE}> <unfinished ...>`;
const end = (thread: number, result = '0'): string => `${thread} <... fdatasync resumed>) = ${result}`;
const read = (...lines: readonly string[]) => readSyncTrace(lines.join('\n'), isJournal);

describe('a trace of writes and syncs', () => {
  test('each write is synced', () => {
    expect(read(write(1), sync(1), write(2), begin(2), end(2))).toEqual({
      writes: 2,
      syncs: 2,
      unsynced: [],
    });
  });

  test.each([
    ['two writes without one between', [write(1), write(2), sync(1)], [write(1)]],
    ['none behind the last', [write(1), sync(1), write(2)], [write(2)]],
    ['one that failed', [write(1), sync(1, '-1 EIO (Input/output error)')], [write(1)]],
    ['one that did not end before the next', [write(1), begin(2), write(1), end(2)], [write(1)]],
    ['one that failed later', [write(1), begin(2), end(2, '-1 EIO')], [write(1)]],
    [
      'one of another file',
      [write(1, '/data/journal/11.journal'), sync(1)],
      [write(1, '/data/journal/11.journal')],
    ],
  ])('%s', (_, lines, unsynced) => {
    expect(read(...lines).unsynced).toEqual(unsynced);
  });

  test('other files do not count', () => {
    expect(read(write(1, '/data/lock'), write(1, '/data/lock'))).toEqual({
      writes: 0,
      syncs: 0,
      unsynced: [],
    });
  });

  test('whichever sync is left out of a good trace, its write is named', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(), fc.boolean(), (groups, at, isSlow) => {
        const lines = Array.from({ length: groups }, (_, i) => [
          write(100 + i),
          ...(i === at % groups ? [] : isSlow ? [begin(1), end(1)] : [sync(1)]),
        ]);
        expect(read(...lines.flat()).unsynced).toEqual([write(100 + (at % groups))]);
      }),
    );
  });
});

test.skipIf(whyNoPackages())(
  'the agent syncs each commit, and a SIGKILL leaves what was acknowledged',
  async () => {
    const bench = path.join(projectRoot(), 'dist/bench/main.js');
    const args = [bench, '--prove', '--files', '2', '--lines', '30000'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: scratch('prove') });
    expect(stdout).toMatch(
      /^durable: [1-9]\d* writes to the journal, [1-9]\d* syncs, [1-9]\d* commits in its files; each write/m,
    );
    expect(stdout).toMatch(/^killed: .* [1-9]\d* of 60000 lines: \d+ in .*once and in order$/m);
  },
);
