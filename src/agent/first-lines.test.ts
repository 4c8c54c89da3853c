import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { MemoryDisk } from '../journal/testing/memory-disk.js';
import { batchOf, type Opened, openOn, readAll } from '../journal/testing/test-kit.js';
import { GapRegister } from '../pipeline/gap-register.js';
import { createIntake, type Intake } from '../pipeline/intake.js';
import { silentLogger } from '../runtime/log.js';
import { hurryFirstLines } from './first-lines.js';

const ENDLESS = { syncIntervalMs: 2 ** 30 };

function intakeOf({ journal, streams, scope }: Opened): Intake {
  const gaps = new GapRegister(journal, silentLogger);
  return createIntake({ journal, streams, scope, taps: [hurryFirstLines(journal)], gaps });
}

function push(intake: Intake, { streams }: Opened, text: string, position: number): void {
  const batch = batchOf(streams, [{ labels: { container_name: 'web' }, text }]);
  void intake.push(batch, 'k', position, { key: 'k', from: position - 1, to: position, lines: 1 });
}

it('commits what the first step brings, with its position, and leaves all after it to the interval', async () => {
  const opened = await openOn(new MemoryDisk(), ENDLESS);
  const { journal } = opened;
  const intake = intakeOf(opened);
  const cursor = journal.openCursor('r');
  const begin = journal.stats.committedLsn;
  push(intake, opened, 'one', 1);
  push(intake, opened, 'two', 2);
  await journal.waitCommitted(begin, new AbortController().signal);
  expect((await readAll(cursor)).lines.flat()).toEqual([
    expect.stringContaining('one'),
    expect.stringContaining('two'),
  ]);

  push(intake, opened, 'three', 3);
  await setImmediate();
  expect(journal.stats).toMatchObject({ commits: 1, linesUncommitted: 1 });
  await opened.scope.close();
  expect(opened.failures).toEqual([]);
});

it('has nothing to tell where the journal is closed before it could be committed', async () => {
  const opened = await openOn(new MemoryDisk(), ENDLESS);
  const intake = intakeOf(opened);
  const closed = opened.journal.close();
  expect(() => push(intake, opened, 'late', 1)).toThrow();
  await closed;
  await opened.scope.close();
  expect(opened.failures).toEqual([]);
});
