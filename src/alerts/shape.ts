/** What `/api/v1/alerts` answers. Types alone: the window reads them too. Times are RFC 3339. */

/** Holds nothing secret. */
export interface AlertView {
  readonly id: string;
  readonly name: string;
  readonly query: string;
  readonly threshold: number;
  readonly windowSeconds: number;
  readonly coolDownSeconds: number;
  readonly sendResolved: boolean;
  /** `url` is shown without its secret part. */
  readonly webhook: { readonly type: 'slack' | 'discord' | 'ntfy' | 'json'; readonly url: string };
  readonly enabled: boolean;
  /** Those of the configuration file cannot be changed on the page. */
  readonly origin: 'config' | 'page';
  readonly state: AlertState;
  /** Lines in the window now. */
  readonly matches: number;
  readonly lastFired: string | null;
  /** When that was over; null also while it is not. */
  readonly lastResolved: string | null;
  /** Why it is not watched although it is enabled. */
  readonly trouble: string | null;
  /** Newest last. */
  readonly deliveries: readonly Delivery[];
}

export type AlertState = 'ok' | 'firing' | 'cooling';

export interface Delivery {
  /** When it began. */
  readonly time: string;
  readonly ok: boolean;
  /** Of the last attempt; null where none was answered. */
  readonly status: number | null;
  /** What went wrong with the last attempt; without the address, which is secret. */
  readonly error: string | null;
  readonly attempts: number;
}
