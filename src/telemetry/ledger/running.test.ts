import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BEFORE_TOTALS, totalName } from '../../pipeline/totals.js';
import { FiguresByKey } from './figures.js';
import { type LedgerView, ledgerReport } from './report.js';
import { RunningLedger } from './running.js';

/** The totals of a journal, and how many lines it holds. */
class Totals {
  readonly #totals = new Map<string, number>();
  #onTotal: (name: string) => void = () => {};
  readonly totalsSince = 0;
  stats = { linesJournaled: 0, linesUncommitted: 0 };

  set(name: string, lines: number): void {
    if (lines === 0) this.#totals.delete(name);
    else this.#totals.set(name, lines);
    this.#onTotal(name);
  }

  total(name: string): number {
    return this.#totals.get(name) ?? 0;
  }

  totals(prefix: string): Map<string, number> {
    return new Map([...this.#totals].filter(([name]) => name.startsWith(prefix)));
  }

  watchTotals(listener: (name: string) => void): void {
    this.#onTotal = listener;
  }
}

const NO_LINES = { before: 0, delivered: 0, rejected: {}, lost: {}, passedOver: 0, redriven: 0 };
const sinks: LedgerView['sinks'] = () => [
  { name: 'loki', totals: { ...NO_LINES, delivered: 3, taken: 5 }, pending: 7 },
  { name: 'new', totals: { ...NO_LINES, taken: 0 }, pending: undefined },
];

const owner = fc.constantFrom('docker/a', 'docker/b', 'file/var/log/x y', 'docker/_retired', 'sink/loki');
const figure = fc.constantFrom(
  'read',
  'pushed',
  'generated',
  'merged',
  'held',
  'appended',
  'journaled',
  'filtered:sample',
  'filtered:noise',
  'delivered',
);
const change = fc.record({
  name: fc.oneof(
    fc.tuple(owner, figure).map(([key, own]) => totalName(key, own)),
    fc.constant(BEFORE_TOTALS),
  ),
  lines: fc.integer({ min: -2, max: 4 }),
});

/** By reason, of a report. */
function filteredOf(journal: Totals): Record<string, number> {
  const sums: Record<string, number> = {};
  const report = ledgerReport({ journal, sinks, containerOf: () => undefined });
  for (const { filtered } of report.sources)
    for (const [reason, lines] of Object.entries(filtered)) sums[reason] = (sums[reason] ?? 0) + lines;
  return sums;
}

test('whatever is counted, and whenever it is asked: it is what the whole report says', () => {
  fc.assert(
    fc.property(fc.array(change), fc.array(fc.array(change, { maxLength: 8 })), (before, steps) => {
      const journal = new Totals();
      for (const { name, lines } of before) journal.set(name, lines);
      const running = new RunningLedger({ journal, sinks });
      for (const step of [[], ...steps]) {
        for (const { name, lines } of step) journal.set(name, lines);
        journal.stats = { linesJournaled: step.length, linesUncommitted: 2 };
        const { unaccounted } = ledgerReport({ journal, sinks, containerOf: () => undefined });
        expect(running.unaccounted()).toEqual(unaccounted);
        expect(Object.fromEntries(running.filtered())).toEqual(filteredOf(journal));
      }
    }),
    { numRuns: 50 },
  );
});

test('what one key has too many does not hide what another one has too few', () => {
  const journal = new Totals();
  const running = new RunningLedger({ journal, sinks: () => [] });
  for (const [key, read] of [
    ['docker/a', 11],
    ['docker/b', 9],
  ] as const) {
    journal.set(totalName(key, 'read'), read);
    for (const own of ['pushed', 'appended', 'journaled']) journal.set(totalName(key, own), 10);
  }
  journal.stats = { linesJournaled: 20, linesUncommitted: 0 };
  expect(running.unaccounted()).toEqual({ reader: 2, processors: 0, journal: 0 });
});

test('of a key that is forgotten nothing is kept', () => {
  const figures = new FiguresByKey();
  const totals = ['read', 'journaled', 'filtered:noise'].map((figure) => totalName('docker/a', figure));
  for (const name of totals) figures.put(name, 3);
  figures.put(totalName('sink/loki', 'delivered'), 3);
  for (const name of totals.slice(1)) figures.put(name, 0);
  expect([...figures.all.keys()]).toEqual(['docker/a']);
  figures.put(totals[0], 0);
  figures.put(totalName('docker/never', 'read'), 0);
  expect(figures.all.size).toBe(0);
});
