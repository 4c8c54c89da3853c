/** What a delivery counts, each figure where it happens. */
import type { Loss } from '../journal/types.js';
import type { BreakerState } from './breaker.js';

/** `opening` and `retrying` wait for the sink, `limited` until it takes more, `idle` for lines. */
export type DeliveryState = 'opening' | 'idle' | 'delivering' | 'limited' | 'retrying' | 'closed';

/** Totals are of this run. */
export interface DeliveryStats {
  readonly state: DeliveryState;
  readonly circuit: BreakerState;
  readonly linesDelivered: number;
  /** By reason. */
  readonly linesRejected: Readonly<Record<string, number>>;
  readonly linesLost: Readonly<Partial<Record<Loss['why'], number>>>;
  /** Not for this sink by its `match`. */
  readonly linesPassedOver: number;
  /** In the journal, still to be delivered or passed over; 0 until the sink is open. */
  readonly linesPending: number;
  /** Of the journal, from the oldest line that waits on; 0 until the sink is open. */
  readonly bytesPending: number;
  readonly gaps: number;
  /** Age in seconds of the oldest live line known to wait for the sink; catch-up lines are old by nature and do not count. */
  readonly lagSeconds: number;
  /** One sentence; undefined once a delivery succeeded. */
  readonly lastError: string | undefined;
}
