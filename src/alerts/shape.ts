/** An alert, and what `/api/v1/alerts` answers of it. Types alone: the window reads them too. Times are RFC 3339. */

export type WebhookType = 'slack' | 'discord' | 'ntfy' | 'json';

export interface Webhook {
  readonly type: WebhookType;
  /** Secret: whoever has it can write there. */
  readonly url: string;
}

export interface Alert {
  readonly id: string;
  readonly name: string;
  /** As people write it; right. */
  readonly query: string;
  /** So many lines that match, within the window. */
  readonly threshold: number;
  readonly windowSeconds: number;
  /** So long after it fired it does not fire again. */
  readonly coolDownSeconds: number;
  /** A message also when it is over. */
  readonly sendResolved: boolean;
  readonly webhook: Webhook;
  readonly enabled: boolean;
}

/** Holds nothing secret: the webhook's `url` is shown without that part. */
export interface AlertView extends Alert {
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
