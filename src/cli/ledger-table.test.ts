import { expect, test } from 'vitest';
import type { LedgerReport, SinkLine, SourceLine } from '../telemetry/ledger/report.js';
import { isAccountedFor, ledgerTable } from './ledger-table.js';
import { terminalText } from './terminal-text.js';

const WEB: SourceLine = {
  source: 'docker',
  container: 'web',
  key: 'docker/1',
  read: 12_345,
  pushed: 12_345,
  generated: 0,
  filtered: {},
  merged: 0,
  held: 0,
  appended: 12_345,
  journaled: 12_345,
  unaccounted: { reader: 0, processors: 0, journal: 0 },
};
const FILES: SinkLine = {
  sink: 'files',
  journaled: 12_300,
  before: 0,
  delivered: 12_200,
  rejected: {},
  lost: {},
  passedOver: 0,
  redriven: 0,
  pending: 100,
  unaccounted: { cursor: 0, answers: 0 },
};
const REPORT: LedgerReport = {
  since: '2026-11-22T09:00:00.123Z',
  sources: [WEB],
  journal: { before: 0, encoded: 12_345, committed: 12_300, uncommitted: 45, unaccounted: 0 },
  sinks: [FILES],
  unaccounted: { reader: 0, processors: 0, journal: 0, 'sink/files': 0 },
};

test('columns that are 0 everywhere, and need not be there, are left out', () => {
  expect(ledgerTable(REPORT)).toBe(`Lines since 2026-11-22 09:00:00 UTC, over restarts.

container    read  = journaled  unaccounted
web        12,345       12,345            0

         journaled  = on the disk  + not yet there  unaccounted
journal     12,345         12,300               45            0

sink   on the disk  = delivered  + pending  unaccounted
files       12,300       12,200        100            0

Every line is accounted for.
`);
  expect(isAccountedFor(REPORT)).toBe(true);
});

test('every column, reasons, and what does not add up', () => {
  const db: SourceLine = {
    ...WEB,
    container: 'db',
    read: 100,
    pushed: 98,
    generated: 1,
    merged: 3,
    held: 2,
    journaled: 87,
    filtered: { health: 5, debug: 2 },
    unaccounted: { reader: 2, processors: 0, journal: 0 },
  };
  const other: SourceLine = { ...WEB, source: 'stdin', container: '_retired', read: 10, journaled: 10 };
  const loki: SinkLine = {
    ...FILES,
    sink: 'loki',
    delivered: 12_000,
    before: 8,
    pending: undefined,
    unaccounted: undefined,
    rejected: { too_old: 12 },
    lost: { cap: 5, damaged: 1 },
    passedOver: 7,
    redriven: 4,
  };
  const table = ledgerTable({
    ...REPORT,
    sources: [db, WEB, other],
    journal: { ...REPORT.journal, before: 1_000, committed: 13_300 },
    sinks: [FILES, loki],
    unaccounted: { ...REPORT.unaccounted, reader: 2 },
  });
  expect(table).toBe(`Lines since 2026-11-22 09:00:00 UTC, over restarts.

container         read  + generated  - filtered  - merged  - held  = journaled  unaccounted
docker/db          100            1           7         3       2           87            2
docker/web      12,345            0           0         0       0       12,345            0
stdin/_retired      10            0           0         0       0           10            0
together        12,455            1           7         3       2       12,442            2

         journaled  + before the ledger  = on the disk  + not yet there  unaccounted
journal     12,345                1,000         13,300               45            0

sink   on the disk  = delivered  + rejected  + lost  + not for it  + before its time  + pending  unaccounted
files       12,300       12,200           0       0             0                  0        100            0
loki        12,300       12,000          12       6             7                  8          ?            ?

db filtered: health 5, debug 2
loki rejected: too_old 12
loki took of these later, out of the dead letters: 4
loki lost: cap 5, damaged 1

Not accounted for: 2 at reader. Please report it.
`);
  expect(isAccountedFor({ ...REPORT, unaccounted: { reader: 2 } })).toBe(false);
});

test('nothing that a name holds reaches the terminal as a command', () => {
  const table = ledgerTable({
    ...REPORT,
    sources: [{ ...WEB, container: 'web\u001b[2J\n' }],
    sinks: [{ ...FILES, sink: 'x\u009b', rejected: { 'a\u001b': 1 } }],
    unaccounted: { 'sink/x\u009b': 1 },
  });
  expect(table.split('\n').filter((line) => line !== terminalText(line, false))).toEqual([]);
  expect(table.split('\n')).toHaveLength(15);
});

test('before anything is read, and without sinks', () => {
  const table = ledgerTable({ ...REPORT, sources: [], sinks: [] });
  expect(table).toContain('Nothing has been read yet.\n');
  expect(table).toContain('There are no sinks.\n');
});
