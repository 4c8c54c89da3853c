/**
 * Stays in touch with the engine for ever: connect, subscribe to events, list, and list again every 30 s, because events
 * are hints. A session ends when its event stream ends or a request fails; the next one begins with a list again,
 * so whatever happened in between is found out. Everything of a session belongs to the session's scope.
 *
 * An engine that hangs leaves every connection open, and quiet ones look as ever: so it is asked for a sign of life, and
 * is away when it does not answer twice in a row. Only time in which we ran ourselves counts for that: whoever stood still,
 * for a heap snapshot or on a busy machine, sees his deadlines pass although the answer lies there.
 */
import { Backoff } from '../../runtime/backoff.js';
import { AgentError } from '../../runtime/errors.js';
import type { Scope } from '../../runtime/scope.js';
import type { Endpoint } from './endpoint.js';
import { Engine, type EngineInfo, type ListedContainer } from './engine.js';
import type { ContainerEvent } from './events.js';

const RECONCILE_MS = 30_000;
const RETRY_MIN_MS = 100;
/** Asking a local socket costs nothing, and containers may come and go as soon as the engine is back. */
const RETRY_MAX_MS = 2_000;
const PING_MAX_MS = 10_000;
/** With two misses that is 5/6 of the time in which a silent engine has to be noticed. */
const PING_EVERY = 1 / 3;
const PING_DEADLINE = 1 / 4;
const MISSES = 2;
/** Of a deadline. A timer that is due comes at most once after a standstill, however long that was. */
const TICKS = 10;
/** That many of a deadline's ticks make a miss: timers are always a little late. */
const TICKS_OF_A_MISS = 7;

/** Calls come one after the other, except that `event` may come while `listed` is at work. */
export interface EngineListener {
  /** Before each session's first list. `engine` is good for as long as the session. */
  connected(info: EngineInfo, engine: Engine): void;
  /** A list is asked for: events from here on are newer than what it will say. */
  listing(): void;
  listed(containers: readonly ListedContainer[], session: Scope): Promise<void>;
  event(event: ContainerEvent): void;
  /** The engine could not be reached, or a session failed. Called for every attempt. */
  lost(error: AgentError): void;
}

export interface EngineWatchOptions {
  /** Asked anew for each attempt: an engine may be installed, or a context switched, while the agent runs. */
  readonly findEndpoint: () => Endpoint;
  readonly listener: EngineListener;
  /** An engine that does not answer for so long is away; at least a second. */
  readonly silenceMs: number;
  readonly reconcileMs?: number;
}

/** Returns when the scope is closing. */
export async function watchEngine(scope: Scope, options: EngineWatchOptions): Promise<void> {
  const backoff = new Backoff(RETRY_MIN_MS, RETRY_MAX_MS);
  const heard: Heard = { seconds: undefined };
  while (!scope.isClosing) {
    const session = scope.child('engine session');
    const fail = (error: unknown): void => {
      if (!scope.isClosing) options.listener.lost(asAgentError(error));
    };
    await runSession(session, options, heard, backoff).catch(fail);
    await session.close().catch(fail);
    await scope.sleep(backoff.next());
  }
}

/** When the last event happened, by the engine's clock: the next session asks for those after it. */
interface Heard {
  seconds: number | undefined;
}

async function runSession(
  session: Scope,
  { findEndpoint, listener, silenceMs, reconcileMs = RECONCILE_MS }: EngineWatchOptions,
  heard: Heard,
  backoff: Backoff,
): Promise<void> {
  const connections = session.child('engine connections');
  const engine = new Engine(connections, findEndpoint());
  const info = await engine.connect();
  listener.connected(info, engine);
  let silence: AgentError | undefined;
  void connections.run('ping', async () => {
    silence = await untilSilent(connections, engine, silenceMs);
    // Whatever waits for an answer fails now.
    if (silence) void connections.close();
  });
  try {
    const events = await engine.events(heard.seconds, (event) => {
      heard.seconds = event.seconds;
      listener.event(event);
    });
    const listening = session.child('events');
    // Once, and not with each list: whatever waits for what lasts stays there until it ends.
    void events.ended.then(() => listening.close());
    while (events.isOpen && !listening.isClosing) {
      listener.listing();
      await listener.listed(await engine.list(), session);
      backoff.reset();
      await listening.sleep(reconcileMs);
    }
  } catch (error) {
    throw silence ?? error;
  }
  if (silence) throw silence;
}

/** Pings for as long as the engine answers; undefined where the scope closes first. */
async function untilSilent(scope: Scope, engine: Engine, silenceMs: number): Promise<AgentError | undefined> {
  const everyMs = Math.min(PING_MAX_MS, silenceMs * PING_EVERY);
  const deadlineMs = Math.min(PING_MAX_MS, silenceMs * PING_DEADLINE);
  for (let missed = 0; ; ) {
    if (missed === 0) await scope.sleep(everyMs);
    if (scope.isClosing) return undefined;
    const askedAt = performance.now();
    let ticks = 0;
    const waiting = scope.interval('ticks of a ping', deadlineMs / TICKS, () => ticks++);
    try {
      await engine.ping(deadlineMs);
      missed = 0;
    } catch (error) {
      const isRefused = performance.now() - askedAt < deadlineMs;
      if (engine.answeredAt > askedAt) missed = 0;
      else missed += isRefused ? 1 : Math.min(1, ticks / TICKS_OF_A_MISS);
      if (missed >= MISSES && !scope.isClosing) return asAgentError(error);
    } finally {
      await waiting.release();
    }
  }
}

function asAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  return new AgentError('INTERNAL', `Watching the Docker engine failed: ${String(error)}`, {
    remedy: 'It is tried again; please report this.',
    retryable: true,
    cause: error,
  });
}
