/**
 * How a sink is: whether it may be tried now, and what people are told of it. An outage is one message and a health
 * state, not one message an attempt.
 */
import type { Delivered } from '../pipeline/contract.js';
import { Backoff } from '../runtime/backoff.js';
import { AgentError, describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Health } from '../telemetry/health.js';
import { Breaker } from './breaker.js';
import { Refusals } from './refusals.js';
import { Shortage } from './shortage.js';

const RETRY_MIN_MS = 100;
/** An attempt while the sink is away is one at a time and costs next to nothing; a longer pause only delays the recovery. */
const RETRY_MAX_MS = 10_000;
/** Between attempts at what needs a person: trying again costs little, and notices when it was repaired. */
const HOPELESS_RETRY_MS = 60_000;
/** A sink that takes nothing for so long is in trouble, whatever it calls it: people hear of it, then it is degraded. */
const LIMITED_SILENT_MS = 10_000;
const LIMITED_HEALTHY_MS = 60_000;
/** So is a lane of a sink that takes others. */
const LANE_LIMITED_HEALTHY_MS = 5 * 60_000;

/** Why a lane waits although the sink may take others. */
interface LaneTrouble {
  readonly kind: 'limited' | 'failing' | 'unreadable';
  readonly sentence: string;
  /** In milliseconds. */
  readonly since: number;
  isTold: boolean;
}

export class Condition {
  readonly breaker = new Breaker();
  readonly #component: string;
  readonly #log: Logger;
  readonly #health: Health;
  readonly #shortage: Shortage;
  readonly #refusals = new Refusals();
  readonly #backoff = new Backoff(RETRY_MIN_MS, RETRY_MAX_MS);
  /** One sentence while the sink fails. */
  #failing: string | undefined;
  /** When the sink began to take nothing and to say that it is no failure, in milliseconds; undefined while it takes some. */
  #limitedSince: number | undefined;
  /** What people were told of that; undefined once a lane that was limited has got through. */
  #limitedTold: string | undefined;
  readonly #lanes = new Map<number, LaneTrouble>();

  constructor(component: string, log: Logger, health: Health) {
    this.#component = component;
    this.#log = log;
    this.#health = health;
    this.#shortage = new Shortage(component, log);
  }

  /** One sentence; undefined once it works. */
  get lastError(): string | undefined {
    return this.#failing ?? this.#limitedTold ?? this.#laneTrouble;
  }

  /** It took a delivery of the lane. */
  delivered(lane: number): void {
    this.#limitedSince = undefined;
    const wasLimited = this.#lanes.get(lane)?.kind === 'limited';
    this.#laneWorks(lane);
    if (wasLimited && this.#limitedTold !== undefined) this.#limitIsOver();
    this.works();
  }

  /** It took a part of a delivery: others need not wait for the rest. */
  took(): void {
    this.#limitedSince = undefined;
    this.#answered();
  }

  /** It did what was asked for, or would have. */
  works(): void {
    const { failures } = this.breaker;
    this.breaker.succeeded();
    this.#backoff.reset();
    if (failures > 0) this.#log.info({ failures }, `${this.#component} works again.`);
    this.#failing = undefined;
    this.#publish();
  }

  /** `attempt` is what the breaker answered when it let the attempt in. */
  failed(error: unknown, attempt?: number): void {
    const { retryable, retryAfterMs } = retryOf(error);
    let delayMs = HOPELESS_RETRY_MS;
    const drawDelay = (): number => {
      if (retryable) delayMs = Math.max(retryAfterMs, this.#backoff.next());
      return delayMs;
    };
    if (!this.breaker.failed(performance.now(), drawDelay, attempt)) return;
    const sentence = describeError(error);
    if (sentence !== this.#failing) {
      const level = retryable ? 'warn' : 'error';
      this.#log[level]({ code: codeOf(error), retryInMs: Math.round(delayMs) }, sentence);
    }
    this.#failing = sentence;
    this.#publish();
  }

  /** The sink fails for this lane, and for no other that it was given since. */
  isAlone(lane: number): boolean {
    return this.#lanes.get(lane)?.kind === 'failing';
  }

  /** How long at least to leave alone a lane that failed by itself. */
  laneDelayMs(error: unknown): number {
    const { retryable, retryAfterMs } = retryOf(error);
    return retryable ? retryAfterMs : HOPELESS_RETRY_MS;
  }

  /** The sink takes others, but not this lane: no failure of the sink. */
  failedAlone(error: unknown, lane: number, attempt: number): void {
    this.breaker.left(attempt);
    this.#laneFails(lane, 'failing', error);
  }

  /** The lane cannot be read from the journal at present. */
  unreadable(error: unknown, lane: number): void {
    this.#laneFails(lane, 'unreadable', error);
  }

  readable(lane: number): void {
    if (this.#lanes.get(lane)?.kind === 'unreadable') this.#laneWorks(lane);
  }

  /** It answers, but takes no more of this lane for `delayMs`: that is no failure. */
  limited(error: unknown, lane: number, delayMs: number): void {
    const sentence = describeError(error);
    this.#limitedSince ??= performance.now();
    if (this.#limitedTold !== undefined) this.#limitedTold = sentence;
    this.#setLane(lane, 'limited', sentence);
    this.#answered();
    this.#log.debug({ lane, retryInMs: Math.round(delayMs) }, sentence);
    this.#check();
  }

  /** It has dealt with a delivery for good. */
  settled(result: Delivered): void {
    this.#refusals.note(result, performance.now());
    this.#publish();
  }

  /** Lines are gone before the sink had them. */
  lost(): void {
    this.#shortage.lost(performance.now());
    this.#publish();
  }

  /** Time has passed: `pendingBytes` of the journal's `capacity` wait for the sink. */
  observe(pendingBytes: number, capacity: number): void {
    this.#shortage.observe(performance.now(), pendingBytes, capacity);
    this.#check();
  }

  #answered(): void {
    if (this.breaker.failures > 0) this.works();
  }

  /** From now on the other lanes' waiting is their own. */
  #limitIsOver(): void {
    this.#limitedTold = undefined;
    this.#log.info({}, `${this.#component} works again.`);
    for (const [lane, { kind, sentence, isTold }] of this.#lanes)
      if (kind === 'limited' && !isTold)
        this.#lanes.set(lane, { kind, sentence, since: performance.now(), isTold });
  }

  #laneWorks(lane: number): void {
    const trouble = this.#lanes.get(lane);
    if (!trouble) return;
    this.#lanes.delete(lane);
    if (trouble.isTold && ![...this.#lanes.values()].some(({ isTold }) => isTold))
      this.#log.info({ lane }, `${this.#component} gets all lanes again.`);
    this.#publish();
  }

  #laneFails(lane: number, kind: LaneTrouble['kind'], error: unknown): void {
    const sentence = describeError(error);
    const isKnown = [...this.#lanes.values()].some(
      (other) => other.isTold && other.kind === kind && other.sentence === sentence,
    );
    this.#setLane(lane, kind, sentence).isTold = true;
    if (!isKnown) this.#log.warn({ code: codeOf(error), lane }, this.#sentenceOf(lane, kind, sentence));
    this.#publish();
  }

  #setLane(lane: number, kind: LaneTrouble['kind'], sentence: string): LaneTrouble {
    const before = this.#lanes.get(lane);
    const known = before?.kind === kind ? before : { since: performance.now(), isTold: false };
    const trouble = { kind, sentence, since: known.since, isTold: known.isTold };
    this.#lanes.set(lane, trouble);
    return trouble;
  }

  #sentenceOf(lane: number, kind: LaneTrouble['kind'], sentence: string): string {
    return kind === 'unreadable'
      ? `Lane ${lane} of the journal cannot be read for ${this.#component}, it is tried again: ${sentence}`
      : `${this.#component} does not take lane ${lane}, while it takes others: ${sentence}`;
  }

  /** Tells what has lasted for too long. */
  #check(): void {
    const now = performance.now();
    const limitedMs = this.#limitedMs;
    const limit = [...this.#lanes.values()].findLast(({ kind }) => kind === 'limited');
    if (limit && this.#limitedTold === undefined && limitedMs >= LIMITED_SILENT_MS) {
      this.#limitedTold = limit.sentence;
      this.#log.warn(
        { forMs: Math.round(limitedMs) },
        `${this.#component} takes nothing at present, lines wait in the journal: ${limit.sentence}`,
      );
    }
    for (const [lane, trouble] of limitedMs >= LIMITED_HEALTHY_MS ? [] : this.#lanes) {
      if (trouble.isTold || now - trouble.since < LANE_LIMITED_HEALTHY_MS) continue;
      trouble.isTold = true;
      this.#log.warn({ lane }, this.#sentenceOf(lane, trouble.kind, trouble.sentence));
    }
    this.#publish();
  }

  /** For how long the sink has taken nothing and said that it is no failure; 0 where it is not so. */
  get #limitedMs(): number {
    return this.#limitedSince === undefined ? 0 : performance.now() - this.#limitedSince;
  }

  /** Of the first lane that people know of. */
  get #laneTrouble(): string | undefined {
    for (const [lane, { kind, sentence, isTold }] of this.#lanes)
      if (isTold) return this.#sentenceOf(lane, kind, sentence);
    return undefined;
  }

  /** Never `unhealthy`: a restart would mend nothing here. */
  #publish(): void {
    const isLimited = this.#limitedMs >= LIMITED_HEALTHY_MS;
    const trouble =
      this.#shortage.losing(this.lastError) ??
      this.#failing ??
      (isLimited ? this.#limitedTold : undefined) ??
      this.#laneTrouble ??
      this.#shortage.behind ??
      this.#refusals.trouble(performance.now());
    if (trouble === undefined) this.#health.set(this.#component, 'healthy');
    else this.#health.set(this.#component, 'degraded', trouble);
  }
}

function retryOf(error: unknown): { retryable: boolean; retryAfterMs: number } {
  const { retryable, retryAfterMs = 0 } =
    error instanceof AgentError ? error : { retryable: false, retryAfterMs: 0 };
  return { retryable, retryAfterMs };
}

export function codeOf(error: unknown): string {
  return error instanceof AgentError ? error.code : 'INTERNAL';
}
