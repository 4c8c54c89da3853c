/**
 * One client of the live tail: which lines it wants, and how many of them it gets. Lines become strings only here, and
 * only those that the client wants, at most LINES_PER_SECOND of them: the rest are counted as skipped.
 */
import type { Batch } from '../pipeline/batch.js';
import { LIVE_LANES, type Stream } from '../pipeline/streams.js';
import type { EventQueue } from './event-queue.js';
import { Finder } from './finder.js';
import { lineEvent, type StreamFacts, streamFacts } from './tail-line.js';

const LINES_PER_SECOND = 2000;
const MAX_KNOWN_STREAMS = 10_000;
const MAX_HELD_CHARS = 1024 ** 2;

export interface TailRequest {
  /** Only these; all where empty. */
  readonly containers: readonly string[];
  /** Only lines that hold this text, letter by letter. */
  readonly grep: string;
  /** How many of the newest lines to begin with. */
  readonly lines: number;
  /** Lines also that are older than the agent, as it catches up with them. */
  readonly catchUp: boolean;
  /** Go on with what comes; else end after the first lines. */
  readonly follow: boolean;
}

/** What one batch held for this client. */
interface Held {
  /** Number of the batch's first line, counted from the moment at which the client was attached. */
  readonly from: number;
  readonly events: string[];
  readonly skipped: number;
}

export class TailReader {
  readonly #request: TailRequest;
  readonly #queue: EventQueue;
  readonly #finder: Finder | undefined;
  readonly #now: () => number;
  readonly #known = new Map<number, StreamFacts | undefined>();
  /** Until the first lines are sent. */
  #held: Held[] | undefined = [];
  #heldChars = 0;
  #tokens = LINES_PER_SECOND;
  #tokensAt: number;
  /** Lines of all streams that passed since the client was attached. */
  linesSeen = 0;

  constructor(request: TailRequest, queue: EventQueue, now: () => number = () => performance.now()) {
    this.#request = request;
    this.#queue = queue;
    this.#finder = request.grep === '' ? undefined : new Finder(request.grep);
    this.#now = now;
    this.#tokensAt = now();
  }

  wants(lane: number, container: string): boolean {
    const { catchUp, containers } = this.#request;
    return (catchUp || lane < LIVE_LANES) && (containers.length === 0 || containers.includes(container));
  }

  onBatch(batch: Batch, streams: (id: number) => Stream | undefined): void {
    const events: string[] = [];
    let skipped = 0;
    this.#refill();
    this.#finder?.begin(batch.arena);
    for (let row = 0; row < batch.length; row++) {
      const facts = this.#factsOf(batch.stream[row], streams);
      if (!facts) continue;
      const start = batch.start[row];
      const end = batch.end[row];
      if (this.#finder && !this.#finder.isIn(start, end)) continue;
      if (this.#tokens < 1 || this.#heldChars > MAX_HELD_CHARS) {
        skipped++;
        continue;
      }
      this.#tokens--;
      const event = lineEvent(facts, batch.arena, start, end, batch.seconds[row], batch.nanos[row], false);
      if (this.#held) this.#heldChars += event.length;
      events.push(event);
    }
    const held: Held = { from: this.linesSeen, events, skipped };
    this.linesSeen += batch.length;
    if (events.length === 0 && skipped === 0) return;
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

  #enqueue({ events, skipped }: Held): void {
    for (const event of events) this.#queue.line(event);
    this.#queue.skip(skipped);
  }

  #refill(): void {
    const now = this.#now();
    const earned = ((now - this.#tokensAt) * LINES_PER_SECOND) / 1000;
    this.#tokens = Math.min(LINES_PER_SECOND, this.#tokens + earned);
    this.#tokensAt = now;
  }

  #factsOf(id: number, streams: (id: number) => Stream | undefined): StreamFacts | undefined {
    if (this.#known.has(id)) return this.#known.get(id);
    const stream = streams(id);
    const facts = stream && streamFacts(stream.labels, stream.text);
    const wanted = stream && facts && this.wants(stream.lane, facts.container) ? facts : undefined;
    if (this.#known.size >= MAX_KNOWN_STREAMS) this.#known.clear();
    this.#known.set(id, wanted);
    return wanted;
  }
}
