/**
 * The sinks that run. Each has its delivery in a scope of its own, so that one can end and begin while the others go on: its
 * cursor stays in the journal, and the next delivery of that name goes on from there.
 */
import { createSink } from '../components.js';
import type { SinkConfig } from '../config/types.js';
import type { DeadLetters } from '../delivery/dead-letters/store.js';
import { Delivery } from '../delivery/delivery.js';
import type { DeliveryStats } from '../delivery/stats.js';
import type { Journal } from '../journal/types.js';
import type { GapRegister } from '../pipeline/gap-register.js';
import { wantedBy } from '../pipeline/hidden-labels.js';
import { compileMatch, type Matcher } from '../pipeline/match.js';
import { createRouter, type RouteTarget } from '../pipeline/routes.js';
import type { StreamTable } from '../pipeline/streams.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import type { Health } from '../telemetry/health.js';
import { RunningSet } from './running-set.js';

export interface SinkParts {
  /** Owns the scopes of the sinks. */
  readonly scope: Scope;
  readonly journal: Journal;
  readonly streams: StreamTable;
  readonly gaps: GapRegister;
  readonly deadLetters: DeadLetters;
  readonly log: Logger;
  readonly health: Health;
}

type Sinks = Readonly<Record<string, SinkConfig>>;
type Totals = Pick<
  DeliveryStats,
  'linesDelivered' | 'linesRejected' | 'linesLost' | 'linesPassedOver' | 'gaps'
>;

interface Running {
  readonly type: SinkConfig['type'];
  readonly delivery: Delivery;
  readonly scope: Scope;
}

export interface SinkState {
  readonly name: string;
  readonly type: SinkConfig['type'];
  /** Totals are of this run of the agent. */
  readonly stats: DeliveryStats;
}

export class SinkSet {
  readonly #parts: SinkParts;
  #configured: Sinks = {};
  readonly #running: RunningSet<Running>;
  readonly #deliveries = new Map<string, Delivery>();
  /** What a sink had counted before it was made anew. */
  readonly #before = new Map<string, Totals>();

  constructor(parts: SinkParts) {
    this.#parts = parts;
    this.#running = new RunningSet('sink', parts.log);
  }

  /** Of those that run, or are being made anew. */
  get names(): readonly string[] {
    return Object.keys(this.#configured);
  }

  /** Which they write into. Absolute. */
  get folders(): readonly string[] {
    return Object.values(this.#configured).flatMap((sink) => (sink.type === 'file' ? sink.directory : []));
  }

  /** By name; of those that run at the moment. */
  get deliveries(): ReadonlyMap<string, Delivery> {
    return this.#deliveries;
  }

  get states(): SinkState[] {
    return [...this.#running.all].map(([name, { type, delivery }]) => ({
      name,
      type,
      stats: added(delivery.stats, this.#before.get(name)),
    }));
  }

  /** Makes the sinks `names` of `sinks`; opens nothing. */
  async make(sinks: Sinks, names: readonly string[]): Promise<Map<string, Delivery>> {
    const made = new Map<string, Delivery>();
    for (const name of names) {
      const sink = await createSink(name, sinks[name], this.#parts);
      const { match } = targetOf([name, sinks[name]]);
      const { gaps } = this.#parts;
      made.set(name, new Delivery({ ...this.#parts, sink, match, onGap: (gap) => gaps.extend(gap) }));
    }
    return made;
  }

  /** Drains and closes those that run under `names`. What they had not delivered stays in the journal. */
  async end(names: readonly string[]): Promise<void> {
    await this.#running.end(names, (name, { delivery }) => {
      this.#before.set(name, added(delivery.stats, this.#before.get(name)));
      this.#deliveries.delete(name);
      this.#parts.health.remove(`sink/${name}`);
    });
  }

  /** The sinks are those of `sinks` from now on; `made` are the ones of them that do not run yet. */
  begin(sinks: Sinks, made: ReadonlyMap<string, Delivery>): void {
    const { journal, streams, scope } = this.#parts;
    this.#configured = sinks;
    journal.seal();
    streams.reroute(createRouter(Object.entries(sinks).map(targetOf)));
    for (const name of this.#before.keys()) if (!Object.hasOwn(sinks, name)) this.#before.delete(name);
    const begun = new Map<string, Running>();
    for (const [name, delivery] of made)
      begun.set(name, { type: sinks[name].type, delivery, scope: scope.child(name) });
    this.#running.begin(Object.keys(sinks), begun);
    this.#deliveries.clear();
    for (const [name, { delivery }] of this.#running.all) this.#deliveries.set(name, delivery);
    for (const [name, { delivery, scope: own }] of begun)
      void own.run(`deliver to ${name}`, () => delivery.run(own));
  }
}

function targetOf([name, sink]: [string, SinkConfig]): RouteTarget & { readonly match: Matcher } {
  return {
    match: wantedBy(name, sink.match === undefined ? undefined : compileMatch(sink.match)),
    tenantLabel: sink.type === 'loki' ? sink.tenantLabel : undefined,
  };
}

function added(stats: DeliveryStats, before: Totals | undefined): DeliveryStats {
  if (!before) return stats;
  return {
    ...stats,
    linesDelivered: stats.linesDelivered + before.linesDelivered,
    linesRejected: byName(stats.linesRejected, before.linesRejected),
    linesLost: byName(stats.linesLost, before.linesLost),
    linesPassedOver: stats.linesPassedOver + before.linesPassedOver,
    gaps: stats.gaps + before.gaps,
  };
}

function byName(
  now: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Record<string, number> {
  const sums: Record<string, number> = { ...before };
  for (const [name, count] of Object.entries(now)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
