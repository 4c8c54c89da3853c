/**
 * Looks at the ledger every few seconds. What is still not 0 at the second look is said in `/health`, and once in the log:
 * lines were lost count of, which is a fault of the agent.
 */
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import type { Health } from '../health.js';
import type { LedgerReport } from './report.js';

const LOOK_MS = 10_000;
const COMPONENT = 'ledger';

export interface WatchParts {
  readonly unaccounted: () => LedgerReport['unaccounted'];
  readonly health: Health;
  readonly log: Logger;
}

/** Until `scope` closes. */
export function watchLedger(scope: Scope, { unaccounted, health, log }: WatchParts): void {
  let before: readonly string[] = [];
  health.set(COMPONENT, 'healthy');
  scope.interval('look at the ledger', LOOK_MS, () => {
    const stages = unaccounted();
    const off = Object.entries(stages).filter(([, lines]) => lines !== 0);
    const stays = off.filter(([stage]) => before.includes(stage));
    before = off.map(([stage]) => stage);
    if (stays.length === 0) {
      if (off.length === 0) health.set(COMPONENT, 'healthy');
      return;
    }
    const where = stays.map(([stage, lines]) => `${lines} at ${stage}`).join(', ');
    const sentence = `Lines do not add up: ${where}. "log-capturer ledger" shows whose; please report it.`;
    if (health.set(COMPONENT, 'degraded', sentence)) log.error({ code: 'INTERNAL', stages }, sentence);
  });
}
