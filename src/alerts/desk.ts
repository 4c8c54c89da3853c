/**
 * The alerts of the agent: those of the configuration, and those made on the page. As a tap it sees every batch just before
 * the journal takes it, and costs nothing while no alert is on.
 *
 * Where a message cannot be delivered the agent's log says so once, and once more when it can: an alert that finds these
 * lines among those captured cannot keep itself going.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Batch } from '../pipeline/batch.js';
import type { Tap } from '../pipeline/contract.js';
import type { Stream } from '../pipeline/streams.js';
import type { Logger } from '../runtime/log.js';
import type { Owned, Scope } from '../runtime/scope.js';
import type { AlertFigures } from '../telemetry/metrics/view.js';
import { type Alert, NoAlert, readAlert, shownUrl } from './alert.js';
import { deliver, PACE, type Pace } from './delivery.js';
import { messageOf, type Occurrence } from './message.js';
import type { AlertView, Delivery } from './shape.js';
import type { AlertStore } from './store.js';
import { AlertWatch, type Firing } from './watch.js';

export interface AlertDeskParts {
  readonly scope: Scope;
  readonly log: Logger;
  readonly configured: readonly Alert[];
  readonly store: AlertStore;
  /** Milliseconds that nobody can set back. */
  readonly now?: () => number;
  /** Milliseconds since 1970. */
  readonly wall?: () => number;
  readonly pace?: Pace;
}

interface Entry {
  readonly alert: Alert;
  readonly origin: 'config' | 'page';
  /** Undefined where it is off. */
  readonly watch: AlertWatch | undefined;
  lastFired: string | null;
  lastResolved: string | null;
  deliveries: readonly Delivery[];
  isFailing: boolean;
  /** What is still to be told while another message is on its way: the newest only, and after it that it is over. */
  next: Firing | undefined;
  isOverNext: boolean;
  isDelivering: boolean;
}

const MAX_ALERTS = 50;
const MAX_DELIVERIES = 20;
const TICK_MS = 1000;

export class AlertDesk implements Tap {
  readonly #scope: Scope;
  readonly #log: Logger;
  readonly #store: AlertStore;
  readonly #now: () => number;
  readonly #wall: () => number;
  readonly #pace: Pace;
  readonly #entries = new Map<string, Entry>();
  /** Those that are on. */
  #watched: readonly Entry[] = [];
  #ticking: Owned | undefined;
  readonly #fired = new Map<string, number>();
  readonly #delivered = new Map<string, number>();
  readonly #failed = new Map<string, number>();

  /** Reads what was saved. What it opens ends with the scope. */
  constructor({
    scope,
    log,
    configured,
    store,
    now = () => performance.now(),
    wall = Date.now,
    pace = PACE,
  }: AlertDeskParts) {
    this.#scope = scope.child('alerts');
    this.#log = log;
    this.#store = store;
    this.#now = now;
    this.#wall = wall;
    this.#pace = pace;
    for (const alert of configured) this.#put(alert, 'config');
    for (const alert of store.load((message) => log.error({}, message))) this.#put(alert, 'page');
    this.#watch();
  }

  /** The alerts of the configuration are these from now on; what is known of those that stay as they are stays. */
  configure(configured: readonly Alert[]): void {
    const before = new Map(this.#entries);
    this.#entries.clear();
    for (const alert of configured) {
      const known = before.get(alert.id);
      if (known && isDeepStrictEqual(known.alert, alert)) this.#entries.set(alert.id, known);
      else this.#put(alert, 'config');
    }
    for (const [id, entry] of before) if (entry.origin === 'page') this.#entries.set(id, entry);
    this.#watch();
  }

  onBatch(batch: Batch, streams: (id: number) => Stream | undefined): void {
    for (const entry of this.#watched) {
      entry.watch?.onBatch(batch, streams);
      this.#judge(entry);
    }
  }

  list(): AlertView[] {
    return [...this.#entries.values()].map(viewOf);
  }

  get(id: string): AlertView | undefined {
    const entry = this.#entries.get(id);
    return entry && viewOf(entry);
  }

  get figures(): AlertFigures {
    return { fired: this.#fired, delivered: this.#delivered, failed: this.#failed };
  }

  /** Throws NoAlert or QueryError. */
  create(given: unknown): AlertView {
    if (this.#entries.size >= MAX_ALERTS) throw new NoAlert(`There are ${MAX_ALERTS} alerts already.`);
    return this.#change(readAlert(given, randomUUID()));
  }

  /** Undefined where there is none on the page with this id. Throws NoAlert or QueryError. */
  replace(id: string, given: unknown): AlertView | undefined {
    const before = this.#ofPage(id);
    return before && this.#change(readAlert(given, id, before.alert));
  }

  /** False where there is none on the page with this id. */
  remove(id: string): boolean {
    if (!this.#ofPage(id)) return false;
    this.#save([...this.#entries.values()].filter(({ alert }) => alert.id !== id));
    this.#entries.delete(id);
    this.#watch();
    return true;
  }

  /** Sends a message that says it is a test, once; undefined where there is no such alert. */
  async test(id: string): Promise<Delivery | undefined> {
    const entry = this.#entries.get(id);
    return entry && this.#post(entry, 'test', { ...this.#pace, pausesMs: [] });
  }

  #ofPage(id: string): Entry | undefined {
    const entry = this.#entries.get(id);
    return entry?.origin === 'page' ? entry : undefined;
  }

  #change(alert: Alert): AlertView {
    const others = [...this.#entries.values()].filter(({ alert: { id } }) => id !== alert.id);
    if (others.some(({ alert: { name } }) => name === alert.name))
      throw new NoAlert(`There is an alert with the name ${alert.name} already.`);
    const entry = this.#made(alert, 'page');
    // In its place, where it is there already.
    this.#save([...new Map(this.#entries).set(alert.id, entry).values()]);
    this.#entries.set(alert.id, entry);
    this.#watch();
    return viewOf(entry);
  }

  #put(alert: Alert, origin: Entry['origin']): void {
    this.#entries.set(alert.id, this.#made(alert, origin));
  }

  #made(alert: Alert, origin: Entry['origin']): Entry {
    const before = this.#entries.get(alert.id);
    return {
      alert,
      origin,
      watch: alert.enabled ? new AlertWatch(alert, this.#now, this.#wall) : undefined,
      lastFired: before?.lastFired ?? null,
      lastResolved: before?.lastResolved ?? null,
      deliveries: before?.deliveries ?? [],
      isFailing: false,
      next: undefined,
      isOverNext: false,
      isDelivering: false,
    };
  }

  #save(entries: readonly Entry[]): void {
    this.#store.save(entries.filter(({ origin }) => origin === 'page').map(({ alert }) => alert));
  }

  /** Time passes for those that are on only. */
  #watch(): void {
    this.#watched = [...this.#entries.values()].filter(({ watch }) => watch);
    if (this.#watched.length > 0) {
      this.#ticking ??= this.#scope.interval('alerts', TICK_MS, () => {
        for (const entry of this.#watched) this.#judge(entry);
      });
    } else if (this.#ticking) {
      void this.#ticking.release();
      this.#ticking = undefined;
    }
  }

  #judge(entry: Entry): void {
    const { watch, alert } = entry;
    if (watch?.isTooExpensive) {
      this.#log.error(
        { alert: alert.name },
        `The alert ${alert.name} takes too much time and is not watched any more. Make its query simpler.`,
      );
      this.#watched = this.#watched.filter((other) => other !== entry);
      return;
    }
    if (this.#scope.isClosing) return;
    const firing = watch?.firing();
    if (firing) {
      entry.lastFired = new Date().toISOString();
      entry.lastResolved = null;
      add(this.#fired, alert.name);
      entry.next = firing;
      entry.isOverNext = false;
    } else {
      if (!watch?.isOver()) return;
      entry.lastResolved = new Date().toISOString();
      if (!alert.sendResolved) return;
      entry.isOverNext = true;
    }
    if (!entry.isDelivering) void this.#scope.run(`tell of ${alert.name}`, () => this.#tell(entry));
  }

  async #tell(entry: Entry): Promise<void> {
    entry.isDelivering = true;
    for (let next = takeNext(entry); next; next = takeNext(entry)) {
      const { ok, error } = await this.#post(entry, next, this.#pace);
      const { name } = entry.alert;
      const what = next === 'over' ? 'is over' : 'fired';
      if (!ok && !entry.isFailing)
        this.#log.error({ alert: name }, `The alert ${name} ${what}, and could not be delivered: ${error}`);
      if (ok && entry.isFailing) this.#log.info({ alert: name }, `The alert ${name} was delivered again.`);
      entry.isFailing = !ok;
    }
    entry.isDelivering = false;
  }

  async #post(entry: Entry, occurrence: Occurrence, pace: Pace): Promise<Delivery> {
    const message = messageOf(entry.alert, occurrence, new Date().toISOString());
    const delivery = await deliver(this.#scope, message, pace);
    entry.deliveries = [...entry.deliveries, delivery].slice(-MAX_DELIVERIES);
    add(delivery.ok ? this.#delivered : this.#failed, entry.alert.name);
    return delivery;
  }
}

function takeNext(entry: Entry): Occurrence | undefined {
  const { next, isOverNext } = entry;
  entry.next = undefined;
  if (next) return next;
  entry.isOverNext = false;
  return isOverNext ? 'over' : undefined;
}

function viewOf({ alert, origin, watch, lastFired, lastResolved, deliveries }: Entry): AlertView {
  const { type, url } = alert.webhook;
  return {
    ...alert,
    webhook: { type, url: shownUrl(url) },
    origin,
    state: watch?.state ?? 'ok',
    matches: watch?.matches ?? 0,
    lastFired,
    lastResolved,
    trouble: watch ? troubleOf(watch) : null,
    deliveries,
  };
}

function add(totals: Map<string, number>, name: string): void {
  totals.set(name, (totals.get(name) ?? 0) + 1);
}

function troubleOf({ isTooExpensive, unjudged }: AlertWatch): string | null {
  if (isTooExpensive) return 'Its query takes too much time; make it simpler.';
  return unjudged === 0 ? null : `Its query takes too long for some lines: ${unjudged} were not counted.`;
}
