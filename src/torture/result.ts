/** What came of one seed. */
import type { KillRecord } from './agent.js';
import type { PlaceVerdict } from './oracle/verdict.js';
import type { Plan } from './plan.js';
import type { Witnessed } from './witnesses.js';

export interface RoundResult {
  readonly plan: Plan;
  readonly seconds: number;
  readonly witnessed: readonly Witnessed[];
  readonly files: PlaceVerdict;
  readonly receiver: PlaceVerdict;
  /** Entries that came again, and how many at most could not be known to be there. */
  readonly resent: { readonly entries: number; readonly bound: number };
  readonly kills: readonly KillRecord[];
  readonly unaccounted: { readonly samples: number; readonly nonZero: readonly string[] };
  /** Figures of the agent's ledger at the end, and what they are by the oracle's own count. */
  readonly ledger: readonly LedgerFigure[];
  /** Of which the agent told. */
  readonly gaps: number;
  /** What else is wrong, in words. */
  readonly troubles: readonly string[];
}

export interface LedgerFigure {
  readonly figure: string;
  /** Undefined: it was not told. */
  readonly told: number | undefined;
  readonly counted: number;
}
