/** What sources push and processors do, in a ledger that adds up, also after a kill. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryDisk } from '../journal/testing/memory-disk.js';
import { batchOf, type Opened, openOn } from '../journal/testing/test-kit.js';
import { silentLogger } from '../runtime/log.js';
import { type LedgerReport, ledgerReport } from '../telemetry/ledger/report.js';
import type { Stage } from './contract.js';
import { GapRegister } from './gap-register.js';
import { createIntake, type Intake } from './intake.js';
import { entryOf, processorOf } from './testing/stage-kit.js';

let disk: MemoryDisk;
let opened: Opened;
let intake: Intake;

/** Drops lines without text, joins those that begin with a blank to the line before, and holds the last one back. */
class Joiner implements Stage {
  #held = false;

  process: Stage['process'] = (batch, account) => {
    const rows = batch.length;
    const texts = Array.from({ length: rows }, (_, i) =>
      batch.arena.toString('utf8', batch.start[i], batch.end[i]),
    );
    const [id] = batch.stream;
    batch.reset();
    if (this.#held) {
      batch.add(0, 0, id, 1, 0, 0);
      account.held(-1);
      this.#held = false;
    }
    for (const [i, text] of texts.entries()) {
      if (text === '') account.filtered('empty', 1);
      else if (text.startsWith(' ')) account.merged(1);
      else if (text === 'hold' && i === rows - 1) {
        account.held(1);
        this.#held = true;
      } else {
        batch.add(0, text.length, id, 1, 0, 0);
        if (text === 'twice') {
          batch.add(0, text.length, id, 1, 0, 0);
          account.generated(1);
        }
      }
    }
  };
}

async function open(process = new Joiner().process): Promise<void> {
  opened = await openOn(disk, { syncIntervalMs: 2 ** 30 });
  const { journal, streams, scope } = opened;
  const entries = [entryOf(processorOf(process))];
  const gaps = new GapRegister(journal, silentLogger);
  intake = createIntake({ journal, streams, scope, chainsFor: () => entries, taps: [], gaps });
}

function push(key: string, texts: readonly string[], lines = texts.length): void {
  const rows = texts.map((text) => ({ labels: { container: key.slice(2), stream: 'stdout' }, text }));
  void intake.push(batchOf(opened.streams, rows), key, lines, { key, from: 0, to: 1, lines });
}

function report(): LedgerReport {
  const containerOf = (key: string): string | undefined => intake.ledger.containerOf(key);
  return ledgerReport({ journal: opened.journal, sinks: () => [], containerOf });
}

const NOTHING = { generated: 0, filtered: {}, merged: 0, held: 0 };
const ALL_THERE = { reader: 0, processors: 0, journal: 0 };

beforeEach(async () => {
  disk = new MemoryDisk();
  await open();
});

afterEach(() => opened.scope.close());

test('a row says what became of a container’s lines, before and after the commit', async () => {
  push('d/web', ['one', '', ' and', 'twice', '', 'hold']);
  push('d/db', ['x', '']);
  const web = {
    source: 'd',
    container: 'web',
    key: 'd/web',
    read: 6,
    pushed: 6,
    generated: 1,
    filtered: { empty: 2 },
    merged: 1,
    held: 1,
    appended: 3,
    journaled: 3,
    unaccounted: ALL_THERE,
  };
  const journal = { before: 0, encoded: 5, committed: 0, uncommitted: 5, unaccounted: 0 };
  const [db, ...rest] = report().sources;
  expect(rest).toEqual([web]);
  // The line that was held is in this batch.
  expect(db).toMatchObject({
    pushed: 2,
    filtered: { empty: 1 },
    held: -1,
    appended: 2,
    unaccounted: ALL_THERE,
  });
  expect(report().journal).toEqual(journal);
  await opened.journal.barrier();
  expect(report().journal).toEqual({ ...journal, committed: 5, uncommitted: 0 });
});

test.each([
  ['a reader that counts more lines than it pushes', async () => push('d/web', ['a'], 3), 'reader', 2],
  [
    'a processor that says more than it does',
    async (): Promise<void> => {
      await opened.scope.close();
      await open((_draft, account) => account.filtered('none', 1));
      push('d/web', ['a']);
    },
    'processors',
    1,
  ],
  [
    'lines that were appended and not encoded',
    async () => intake.ledger.of('d/web').appended(4),
    'journal',
    4,
  ],
])('%s', async (_name, act, stage, lines) => {
  await act();
  // What is appended and was not pushed is also no processor's.
  expect(report().unaccounted).toMatchObject({ [stage]: lines });
  if (stage === 'reader') expect(report().unaccounted).toEqual({ reader: 2, processors: 0, journal: 0 });
});

test('one line too many does not hide one too few', () => {
  push('d/web', ['a'], 2);
  push('d/db', ['a', 'b'], 1);
  expect(report().unaccounted).toMatchObject({ reader: 2 });
});

test('what is forgotten goes to _retired of its source, with every figure', async () => {
  push('d/web', ['one', '', 'twice']);
  push('d/db', ['x', '']);
  push('e/other', ['y']);
  const before = report();
  intake.setPosition('d/web', undefined);
  intake.setPosition('d/db', undefined);
  const retired = {
    source: 'd',
    container: '_retired',
    key: 'd/_retired',
    read: 5,
    pushed: 5,
    generated: 1,
    filtered: { empty: 2 },
    merged: 0,
    held: 0,
    appended: 4,
    journaled: 4,
    unaccounted: ALL_THERE,
  };
  expect(report().sources).toEqual([retired, before.sources.find(({ source }) => source === 'e')]);
  expect(report().journal).toEqual(before.journal);
  await opened.journal.barrier();
  disk.endNow();
  await opened.scope.abort();
  disk = disk.afterKill();
  await open();
  expect(report().sources[0]).toEqual(retired);
});

test('the line that stands where lines are missing is the agent’s own', () => {
  intake.gap({ why: 'rotated', from: undefined, to: { seconds: 5, nanos: 0 } }, { container: 'web' });
  const own = { read: 0, pushed: 0, ...NOTHING, generated: 1, appended: 1, journaled: 1 };
  expect(report().sources).toEqual([
    { source: 'log-capturer', container: 'gaps', key: 'log-capturer/gaps', ...own, unaccounted: ALL_THERE },
  ]);
});

test('the newest line of a key is known, whatever comes late', () => {
  const at = (seconds: number, nanos: number): void => {
    const batch = batchOf(opened.streams, [{ labels: { container: 'web', stream: 'stdout' }, text: 'x' }]);
    batch.seconds[0] = seconds;
    batch.nanos[0] = nanos;
    void intake.push(batch, 'd/web', 1, { key: 'd/web', from: 0, to: 1, lines: 1 });
  };
  expect(intake.ledger.newestOf('d/web')).toBeUndefined();
  at(100, 5);
  at(99, 9);
  expect(intake.ledger.newestOf('d/web')).toEqual({ seconds: 100, nanos: 5 });
  at(100, 3);
  expect(intake.ledger.newestOf('d/web')).toEqual({ seconds: 100, nanos: 5 });
  at(101, 1);
  expect(intake.ledger.newestOf('d/web')).toEqual({ seconds: 101, nanos: 1 });
  expect(intake.ledger.newestOf('d/other')).toBeUndefined();
});
