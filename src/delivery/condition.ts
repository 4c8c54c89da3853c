/**
 * How a sink is: whether it may be tried now, and what people are told of it. An outage is one message and a health
 * state, not one message an attempt.
 */
import { Backoff } from '../runtime/backoff.js';
import { AgentError, describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Health } from '../telemetry/health.js';
import { Breaker } from './breaker.js';

const RETRY_MIN_MS = 100;
/** An attempt while the sink is away is one at a time and costs next to nothing; a longer pause only delays the recovery. */
const RETRY_MAX_MS = 10_000;
/** Between attempts at what needs a person: trying again costs little, and notices when it was repaired. */
const HOPELESS_RETRY_MS = 60_000;
/** A sink that takes nothing for so long is in trouble, whatever it calls it. */
const LIMITED_HEALTHY_MS = 60_000;

export class Condition {
  readonly breaker = new Breaker();
  readonly #component: string;
  readonly #log: Logger;
  readonly #health: Health;
  readonly #backoff = new Backoff(RETRY_MIN_MS, RETRY_MAX_MS);
  /** When the sink began to take nothing, in milliseconds; undefined while it takes something. */
  #limitedSince: number | undefined;
  /** One sentence; undefined once it works. */
  lastError: string | undefined;

  constructor(component: string, log: Logger, health: Health) {
    this.#component = component;
    this.#log = log;
    this.#health = health;
  }

  /** It took a delivery. */
  delivered(): void {
    this.#limitedSince = undefined;
    this.works();
  }

  /** It took a part of a delivery, or would have: others need not wait for the rest. */
  answered(): void {
    if (this.breaker.failures > 0) this.works();
  }

  /** It did what was asked for, or would have. */
  works(): void {
    const { failures } = this.breaker;
    this.breaker.succeeded();
    this.#backoff.reset();
    if (failures > 0) this.#log.info({ failures }, `${this.#component} works again.`);
    this.lastError = undefined;
    this.#health.set(this.#component, 'healthy');
  }

  /** `attempt` is what the breaker answered when it let the attempt in. */
  failed(error: unknown, attempt?: number): void {
    const { retryable, retryAfterMs = 0 } =
      error instanceof AgentError ? error : { retryable: false, retryAfterMs: 0 };
    let delayMs = HOPELESS_RETRY_MS;
    const drawDelay = (): number => {
      if (retryable) delayMs = Math.max(retryAfterMs, this.#backoff.next());
      return delayMs;
    };
    if (!this.breaker.failed(performance.now(), drawDelay, attempt)) return;
    const sentence = describeError(error);
    if (sentence !== this.lastError) {
      const level = retryable ? 'warn' : 'error';
      this.#log[level]({ code: codeOf(error), retryInMs: Math.round(delayMs) }, sentence);
    }
    this.lastError = sentence;
    // Never `unhealthy`: a restart would mend nothing here.
    this.#health.set(this.#component, 'degraded', sentence);
  }

  /** It answers, but takes no more of this lane for `delayMs`: that is no failure. */
  limited(error: unknown, lane: number, delayMs: number): void {
    const sentence = describeError(error);
    const now = performance.now();
    this.#limitedSince ??= now;
    this.answered();
    if (now - this.#limitedSince >= LIMITED_HEALTHY_MS)
      this.#health.set(this.#component, 'degraded', sentence);
    this.#log.debug({ lane, retryInMs: Math.round(delayMs) }, sentence);
  }
}

export function codeOf(error: unknown): string {
  return error instanceof AgentError ? error.code : 'INTERNAL';
}
