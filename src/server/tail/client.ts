/** One client of the live tail: how many of the lines that it wants it gets, and when. At most LINES_PER_SECOND: the rest are counted as skipped. */
import { type EventQueue, MAX_QUEUED_CHARS } from './event-queue.js';
import type { BatchEvents } from './line.js';

const LINES_PER_SECOND = 2000;

/** What one batch held for this client. */
interface Held {
  /** Number of the batch's first line, counted from the moment at which the client was attached. */
  readonly from: number;
  readonly events: string[];
  readonly skipped: number;
}

export class TailClient {
  readonly queue: EventQueue;
  /** Lines that passed before it came. */
  readonly attachedAt: number;
  readonly #now: () => number;
  readonly #onRefused: () => void;
  /** Until the first lines are sent. */
  #held: Held[] | undefined = [];
  #heldChars = 0;
  #tokens = LINES_PER_SECOND;
  #tokensAt: number;
  isRefused = false;

  /** `onRefused` is called once at most. */
  constructor(
    queue: EventQueue,
    attachedAt: number,
    onRefused: () => void,
    now: () => number = () => performance.now(),
  ) {
    this.queue = queue;
    this.attachedAt = attachedAt;
    this.#onRefused = onRefused;
    this.#now = now;
    this.#tokensAt = now();
  }

  /** How many lines it can be shown now. */
  room(): number {
    this.#refill();
    return Math.floor(this.#tokens);
  }

  /**
   * Of a batch `found` lines are for it, and these rows are the first of them, ascending, as many as its room at least;
   * `seen` lines passed before the batch.
   */
  onLines(rows: readonly number[], found: number, of: BatchEvents, seen: number): void {
    const events: string[] = [];
    for (const row of rows) {
      if (this.#tokens < 1 || this.#heldChars > MAX_QUEUED_CHARS) break;
      this.#tokens--;
      const event = of.of(row);
      if (this.#held) this.#heldChars += event.length;
      events.push(event);
    }
    const held = { from: seen - this.attachedAt, events, skipped: found - events.length };
    if (this.#held) this.#held.push(held);
    else this.#enqueue(held);
  }

  /**
   * From here on lines go straight to the client; of those that were held meanwhile the first `alreadySent` of all lines
   * seen are left out. These always end with a batch, because the journal commits whole ones.
   */
  release(alreadySent: number): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldChars = 0;
    for (const batch of held) if (batch.from >= alreadySent) this.#enqueue(batch);
  }

  /** What it wants is too expensive. */
  refuse(): void {
    if (this.isRefused) return;
    this.isRefused = true;
    this.#onRefused();
  }

  #enqueue({ events, skipped }: Held): void {
    for (const event of events) this.queue.line(event);
    this.queue.skip(skipped);
  }

  #refill(): void {
    const now = this.#now();
    const earned = ((now - this.#tokensAt) * LINES_PER_SECOND) / 1000;
    this.#tokens = Math.min(LINES_PER_SECOND, this.#tokens + earned);
    this.#tokensAt = now;
  }
}
