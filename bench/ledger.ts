/** When the agent's ledger says that it is done. */
import type { LedgerReport } from '../src/telemetry/ledger/report.js';

/** Whether so many lines were read, none is held, and the sinks have all. */
export function isWhole({ sources, journal, sinks }: LedgerReport, lines: number): boolean {
  const sum = (of: (source: (typeof sources)[number]) => number): number =>
    sources.reduce((total, source) => total + of(source), 0);
  if (sum(({ read }) => read) < lines || sum(({ held }) => held) > 0) return false;
  return journal.uncommitted === 0 && sinks.every(({ pending }) => pending === 0);
}
