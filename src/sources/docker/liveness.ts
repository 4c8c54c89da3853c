/**
 * Whether what running containers write still arrives. A quiet log looks the same alive and dead, so each captured container
 * that runs has to show a sign of life, which is older the longer nothing proves anything:
 *
 * - by its file: it was looked at, with success, whether it has grown or a newer one is there. Active files are looked at
 *   many times a second, quiet ones in each safety round of 20 s;
 * - through the engine's API: the engine answers (engine-watch.ts asks it), and the container's stream is open. Not while
 *   the stream is in doubt: asked for the log's newest records, the engine did not say, or the stream did not bring
 *   them. The proof comes back with them. A log that waits for its turn in the pool is as good as an open one for
 *   WAIT_FOR_TURN_MS, and one that waits for the pipeline for as long as it does: that is told by whoever holds it up.
 *
 * A heartbeat is counted every 30 s for each with a sign not older than that. Without one for `timeoutMs` a container is
 * stalled. An episode begins with the first stalled one, ends when there is none, and is told once at each end.
 *
 * That the engine is away is said elsewhere: it stalls what is read through it, and this is counted, but no episode. They have
 * the whole time again when it is back; and all have it after the agent itself was stopped, as nobody could see signs.
 */
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import { listed } from './announcer.js';
import type { Sign } from './readings.js';
import type { Transport } from './transport.js';

/** Twice the time in which everybody has a turn. */
export const WAIT_FOR_TURN_MS = 60_000;
const HEARTBEAT_MS = 30_000;
const CHECKS_PER_TIMEOUT = 10;
const CHECK_MAX_MS = 5_000;
/** Many do not fall silent in one moment: one line in the log is to tell of all, if it need not wait for longer. */
const CHECKS_TO_GATHER = 3;

const OVER = 'All running containers that are captured show signs of life again.';

export interface LivenessOptions {
  readonly timeoutMs: number;
  readonly log: Logger;
  /** Of every captured container that runs; times are of performance.now(). */
  readonly signs: (now: number) => Iterable<Sign>;
  /** When the engine answered last; undefined while it is away. */
  readonly engineAnsweredAt: () => number | undefined;
  readonly onBeat: (id: string) => void;
  /** `reason` has something else to say. */
  readonly onChange: () => void;
}

interface Watched {
  readonly name: string;
  readonly transport: Transport;
  /** The last sign. */
  readonly at: number;
  /** Since when one is expected. */
  since: number;
}

export class Liveness {
  readonly #options: LivenessOptions;
  readonly #checkMs: number;
  #watched = new Map<string, Watched>();
  #lookedAt = performance.now();
  #stalled = 0;
  /** Those of the episode. */
  #alarmed: ReadonlySet<string> = new Set();
  #reason: string | undefined;
  /** Of the episode. */
  #checks = 0;
  #isSaid = false;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#checkMs = Math.min(CHECK_MAX_MS, options.timeoutMs / CHECKS_PER_TIMEOUT);
  }

  run(scope: Scope): void {
    scope.interval('liveness', this.#checkMs, () => this.check());
    scope.interval('heartbeats', HEARTBEAT_MS, () => this.beat());
  }

  /** Running containers without a sign of life for longer than the timeout. */
  get stalled(): number {
    return this.#stalled;
  }

  /** While there is an episode: whose it is, since when, and what to do. */
  get reason(): string | undefined {
    return this.#reason;
  }

  engineIsBack(): void {
    const now = performance.now();
    for (const [id, watched] of this.#watched)
      if (watched.transport === 'api' && !this.#alarmed.has(id)) watched.since = now;
  }

  check(): void {
    const { timeoutMs, engineAnsweredAt } = this.#options;
    const now = this.#look();
    const isEngineAway = engineAnsweredAt() === undefined;
    const silent = [...this.#watched].filter(([, watched]) => now - lastOf(watched) > timeoutMs);
    this.#stalled = silent.length;
    this.#tell(
      silent.filter(([id, { transport }]) => !isEngineAway || transport !== 'api' || this.#alarmed.has(id)),
      now,
    );
  }

  beat(): void {
    const now = this.#look();
    for (const [id, { at }] of this.#watched) if (now - at < HEARTBEAT_MS) this.#options.onBeat(id);
  }

  /** Takes note of the signs there are now. */
  #look(): number {
    const { timeoutMs, signs, engineAnsweredAt } = this.#options;
    const now = performance.now();
    const answeredAt = engineAnsweredAt() ?? -Infinity;
    const wasStopped = now - this.#lookedAt > timeoutMs / 2;
    this.#lookedAt = now;
    const before = this.#watched;
    this.#watched = new Map();
    for (const { id, name, transport, at = -Infinity } of signs(now)) {
      const known = before.get(id);
      const sign = transport === 'api' ? Math.min(at, answeredAt) : at;
      const isNew = known?.transport !== transport;
      this.#watched.set(id, {
        name,
        transport,
        at: isNew ? sign : Math.max(known.at, sign),
        since: isNew || wasStopped ? now : known.since,
      });
    }
    return now;
  }

  #tell(silent: readonly (readonly [string, Watched])[], now: number): void {
    const reason = silent.length > 0 ? describe(silent, now) : undefined;
    const before = this.#alarmed.size;
    this.#alarmed = new Set(silent.map(([id]) => id));
    this.#say(reason, before);
    if (reason === this.#reason) return;
    this.#reason = reason;
    this.#options.onChange();
  }

  /** `before`: of how many it was said, or would have been, at the last check. */
  #say(reason: string | undefined, before: number): void {
    const { log } = this.#options;
    const { size } = this.#alarmed;
    this.#checks = reason === undefined ? 0 : this.#checks + 1;
    const isTime = size === before || this.#checks > CHECKS_TO_GATHER;
    if (reason === undefined && this.#isSaid) log.info({}, OVER);
    else if (reason !== undefined && !this.#isSaid && isTime) log.warn({ containers: size }, reason);
    else return;
    this.#isSaid = reason !== undefined;
  }
}

function lastOf({ at, since }: Watched): number {
  return Math.max(at, since);
}

function describe(silent: readonly (readonly [string, Watched])[], now: number): string {
  const names = silent.map(([, { name }]) => name);
  const oldest = Math.min(...silent.map(([, watched]) => lastOf(watched)));
  const since = new Date(Date.now() - (now - oldest)).toISOString().replace(/\.\d+/, '');
  const [who, they] =
    names.length === 1 ? ['1 container has', 'it writes'] : [`${names.length} containers have`, 'they write'];
  return (
    `${who} shown no sign of life since ${since} (${listed(names)}): what ${they} may not arrive. ` +
    `See whether \`docker logs --tail 1 ${names[0]}\` answers; if not, restart Docker (\`sudo systemctl restart docker\`).`
  );
}
