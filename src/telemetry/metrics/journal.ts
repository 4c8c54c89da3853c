/** Metrics of the journal. */
import { journalCommitted } from '../../runtime/probes.js';
import type { Scope } from '../../runtime/scope.js';
import { listen } from './channels.js';
import type { Families } from './families.js';
import type { JournalFigures } from './view.js';

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function addJournalMetrics(
  families: Families,
  prefix: string,
  scope: Scope,
  journal: () => JournalFigures,
): void {
  families.counter(
    `${prefix}lines_journaled_total`,
    'Lines made durable in the journal in this run.',
    [],
    (put) => put(journal().linesCommitted),
  );
  families.gauge(`${prefix}journal_bytes`, 'Bytes of the journal on disk.', [], (put) =>
    put(journal().bytes),
  );
  families.gauge(
    `${prefix}journal_capacity_bytes`,
    'Bytes that the journal may take on the disk at present: its cap, or less where the disk is short of space.',
    [],
    (put) => put(journal().capacity),
  );
  const durations = families.histogram(
    `${prefix}journal_commit_duration_seconds`,
    'How long a commit took until it was durable.',
    [],
    BUCKETS,
  );
  listen(scope, journalCommitted, (message) => durations.observe((message as { seconds: number }).seconds));
}
