import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LedgerView, ledgerReport } from '../../../src/telemetry/ledger/report.js';
import { brokenStages, type Ledger, type SinkFigures, type SourceFigures, statements } from './ledger.js';

const SOURCE: SourceFigures = {
  source: 'docker',
  container: 'web',
  key: 'docker/web',
  read: 100,
  generated: 2,
  filtered: { level: 3, sampled: 4 },
  merged: 5,
  held: 6,
  journaled: 84,
};
const SINK: SinkFigures = {
  sink: 'loki',
  journaled: 84,
  before: 1,
  delivered: 60,
  rejected: { too_old: 2, other: 1 },
  lost: { cap: 10 },
  redriven: 0,
  passedOver: 4,
  pending: 6,
};
const LEDGER: Ledger = {
  since: '2026-11-22T00:00:00.000Z',
  sources: [SOURCE],
  journal: { before: 10, encoded: 84, committed: 90, uncommitted: 4 },
  sinks: [SINK],
  unaccounted: { reader: 0, processors: 0, journal: 0, 'sink/loki': 0 },
};

const figures = (rows: readonly { label: string; values: readonly unknown[] }[]): unknown[] =>
  rows.map(({ label, values }) => [label, ...values]);

test('every figure has its place, and both sides add up', () => {
  const [into, journal, out] = statements(LEDGER);
  expect(figures(into.into)).toEqual([
    ['Read', 100],
    ['Generated', 2],
  ]);
  expect(figures(into.outOf)).toEqual([
    ['Filtered', 7],
    ['Merged', 5],
    ['Held', 6],
    ['Journaled', 84],
  ]);
  expect(figures(into.outOf[0].parts)).toEqual([
    ['level', 3],
    ['sampled', 4],
  ]);
  expect([into.sumInto, into.sumOutOf, into.difference]).toEqual([[102], [102], [0]]);
  expect([journal.sumInto, journal.sumOutOf, journal.difference]).toEqual([[94], [94], [0]]);
  expect(figures(out.outOf)).toEqual([
    ['Before', 1],
    ['Delivered', 60],
    ['Rejected', 3],
    ['Lost', 10],
    ['Passed over', 4],
    ['Pending', 6],
  ]);
  expect([out.sumInto, out.sumOutOf, out.difference]).toEqual([[84], [84], [0]]);
});

test('containers of a source are one column, sources are several', () => {
  const [into] = statements({
    ...LEDGER,
    sources: [
      SOURCE,
      { ...SOURCE, container: 'db', filtered: { level: 1 } },
      { ...SOURCE, source: 'stdin', filtered: {} },
    ],
  });
  expect(into.columns).toEqual(['docker', 'stdin']);
  expect(figures(into.outOf[0].parts)).toEqual([
    ['level', 4, 0],
    ['sampled', 4, 0],
  ]);
  expect(into.difference).toEqual([6, 7]);
});

test('a sink that is not open yet has no sum and no difference, and the others have', () => {
  const { pending: _, ...opening } = SINK;
  const out = statements({ ...LEDGER, sinks: [{ ...opening, sink: 'new' }, SINK] })[2];
  expect(out.sumOutOf).toEqual([undefined, 84]);
  expect(out.difference).toEqual([undefined, 0]);
});

test('where there is neither source nor sink, there is the journal', () => {
  expect(statements({ ...LEDGER, sources: [], sinks: [] }).map(({ title }) => title)).toEqual([
    'The journal',
  ]);
});

test('what was redriven is said beside its reasons, and is no part of the sum', () => {
  const out = statements({ ...LEDGER, sinks: [{ ...SINK, redriven: 2 }] })[2];
  expect(figures(out.outOf[2].parts)).toEqual([
    ['other', 1],
    ['too_old', 2],
    ['of these, redriven', 2],
  ]);
  expect([out.outOf[2].values, out.difference]).toEqual([[3], [0]]);
});

test('a reason with the name of what every object has is a reason like others', () => {
  const rejected = JSON.parse('{"__proto__":2,"constructor":3}') as Record<string, number>;
  const out = statements({
    ...LEDGER,
    sinks: [
      { ...SINK, rejected },
      { ...SINK, rejected: {} },
    ],
  })[2];
  expect(figures(out.outOf[2].parts)).toEqual([
    ['__proto__', 2, 0],
    ['constructor', 3, 0],
  ]);
});

test('one line more or less anywhere shows as a difference', () => {
  const keys = ['read', 'generated', 'merged', 'held', 'journaled'] as const;
  const sinkKeys = ['journaled', 'before', 'delivered', 'passedOver', 'pending'] as const;
  const off = fc.integer({ min: -50, max: 50 }).filter((n) => n !== 0);
  fc.assert(
    fc.property(off, fc.constantFrom(...keys), fc.constantFrom(...sinkKeys), (n, key, sinkKey) => {
      const [into, , out] = statements({
        ...LEDGER,
        sources: [{ ...SOURCE, [key]: SOURCE[key] + n }],
        sinks: [{ ...SINK, [sinkKey]: (SINK[sinkKey] ?? 0) + n }],
      });
      expect(into.difference).toEqual([key === 'read' || key === 'generated' ? n : -n]);
      expect(out.difference).toEqual([sinkKey === 'journaled' ? n : -n]);
    }),
  );
});

test('stages that do not add up are named', () => {
  expect(brokenStages(LEDGER)).toEqual([]);
  expect(brokenStages({ ...LEDGER, unaccounted: { reader: 0, 'sink/loki': 3 } })).toEqual([
    { stage: 'sink/loki', lines: 3 },
  ]);
});

test('what the agent reports is what is read here', () => {
  const totals = new Map([
    ['docker/a read', 8],
    ['docker/a pushed', 8],
    ['docker/a filtered:level', 2],
    ['docker/a appended', 6],
    ['docker/a journaled', 6],
  ]);
  const view: LedgerView = {
    journal: {
      stats: { linesJournaled: 9, linesUncommitted: 1 },
      totalsSince: 0,
      total: () => 4,
      totals: () => totals,
    },
    sinks: () => [
      {
        name: 'files',
        totals: {
          before: 1,
          delivered: 6,
          rejected: { other: 1 },
          lost: {},
          passedOver: 0,
          redriven: 0,
          taken: 8,
        },
        pending: 1,
      },
    ],
    containerOf: () => undefined,
  };
  const ledger: Ledger = JSON.parse(JSON.stringify(ledgerReport(view))) as Ledger;
  expect(statements(ledger).map(({ difference }) => difference)).toEqual([[0], [0], [0]]);
  expect(statements(ledger)[0].outOf[0].parts).toEqual([{ label: 'level', values: [2] }]);
});
