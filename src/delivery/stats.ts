/** What a delivery counts, each figure where it happens. */
import type { Loss } from '../journal/types.js';
import type { BreakerState } from './breaker.js';

/** `opening` and `retrying` wait for the sink, `idle` for lines. */
export type DeliveryState = 'opening' | 'idle' | 'delivering' | 'retrying' | 'closed';

export interface DeliveryStats {
  readonly state: DeliveryState;
  readonly circuit: BreakerState;
  readonly linesDelivered: number;
  /** By reason. */
  readonly linesRejected: Readonly<Record<string, number>>;
  readonly linesLost: Readonly<Partial<Record<Loss['why'], number>>>;
  readonly gaps: number;
  /** Age in seconds of the oldest live line known to wait for the sink; catch-up lines are old by nature and do not count. */
  readonly lagSeconds: number;
  /** One sentence; undefined once a delivery succeeded. */
  readonly lastError: string | undefined;
}

export class Counts<K extends string> extends Map<K, number> {
  add(key: K, lines: number): void {
    this.set(key, (this.get(key) ?? 0) + lines);
  }
}
