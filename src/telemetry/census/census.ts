/**
 * What the process holds and no scope owns: real − baseline − owned, by kind. It is 0 always, or something leaks.
 *
 * - The baseline is what is there before the agent opens anything (`begin`), and what the runtime has opened for itself
 *   once the agent has started (`warmedUp`: devices and the like, which no scope ever owns). It is kept by the identity
 *   of each descriptor, so that what is closed leaves it, and makes no room for a leak. Timers and watchers have no
 *   identity: there it is their number at `begin`.
 * - A file that is being opened, or a socket that is closing, is for a moment real and not owned, or the other way round.
 *   So where a look finds a difference more looks follow, each synchronous so that real and owned are of one moment, and
 *   what counts is the least difference of all, per kind; 0 where it was too much once and too little once.
 * - Below 0 a scope claims what is not there: the books are wrong then.
 */
import { setImmediate } from 'node:timers/promises';
import type { Scope } from '../../runtime/scope.js';
import {
  countKinds,
  look,
  mustSee,
  REAL_KINDS,
  type RealKind,
  type System,
  thisProcess,
} from './process-view.js';

/** Milliseconds between looks. */
const PAUSES_MS = [2, 5, 10, 20, 40, 80];
const WITHOUT_IDENTITY: readonly RealKind[] = ['watcher', 'timer'];
const NOTE =
  'This system does not tell of descriptors (there is no /proc/self/fd): only timers and watchers are counted.';

export type Owner = Pick<Scope, 'holdings' | 'sleep'>;

/** Of the kinds that can be seen here. */
export type Counts = Readonly<Partial<Record<RealKind, number>>>;

export interface Census {
  readonly real: Counts;
  readonly baseline: Counts;
  readonly holdings: Counts;
  /** The least difference of several looks; the other figures are of the last one. */
  readonly unowned: Counts;
  /** Why it does not tell all; not there where it does. */
  readonly note?: string;
}

/** Takes censuses of this process, and of what `owner` owns. */
export class CensusTaker {
  readonly #owner: Owner;
  readonly #system: System;
  readonly #strangers = new Set<string>();
  #before: Counts = {};

  constructor(owner: Owner, system: System = thisProcess) {
    this.#owner = owner;
    this.#system = system;
  }

  /** To be called before the owner opens anything: all that is there now is not the agent's. */
  begin(): void {
    const now = look(this.#system);
    for (const { id } of now.descriptors ?? []) this.#strangers.add(id);
    this.#before = pick(WITHOUT_IDENTITY, countKinds(now));
  }

  /** To be called when the agent has started, and before sources run. */
  warmedUp(): void {
    for (const { id, sort } of look(this.#system).descriptors ?? []) {
      if (sort === 'device' || sort === 'other') this.#strangers.add(id);
    }
  }

  /** One look where nothing is unowned, up to seven within 160 ms otherwise. Throws INTERNAL where it does not see anything. */
  async take(): Promise<Census> {
    // What other threads have opened by now is known to its owner after the event loop has polled: just before immediates.
    await setImmediate();
    let census = this.#look();
    for (const ms of PAUSES_MS) {
      if (isBalanced(census.unowned)) break;
      await this.#owner.sleep(ms);
      await setImmediate();
      const next = this.#look();
      census = { ...next, unowned: least(census.unowned, next.unowned) };
    }
    return census;
  }

  #look(): Census {
    const now = look(this.#system);
    mustSee(now);
    const owned: Counts = this.#owner.holdings();
    // Without descriptors those kinds alone can be seen.
    const kinds = now.descriptors ? REAL_KINDS : WITHOUT_IDENTITY;
    const real = pick(kinds, countKinds(now));
    const strangers = now.descriptors?.filter(({ id }) => this.#strangers.has(id));
    const baseline = { ...pick(kinds, countKinds({ ...now, descriptors: strangers })), ...this.#before };
    const unowned = byKind(
      kinds,
      (kind) => countOf(real, kind) - countOf(baseline, kind) - countOf(owned, kind),
    );
    return { real, baseline, holdings: owned, unowned, ...(!now.descriptors && { note: NOTE }) };
  }
}

function isBalanced(unowned: Counts): boolean {
  return Object.values(unowned).every((count) => count === 0);
}

function least(before: Counts, now: Counts): Counts {
  return byKind(Object.keys(now) as RealKind[], (kind) => {
    const [a, b] = [countOf(before, kind), countOf(now, kind)];
    if (a * b <= 0) return 0;
    return Math.abs(a) < Math.abs(b) ? a : b;
  });
}

function pick(kinds: readonly RealKind[], counts: Counts): Counts {
  return byKind(kinds, (kind) => countOf(counts, kind));
}

function countOf(counts: Counts, kind: RealKind): number {
  return counts[kind] ?? 0;
}

function byKind(kinds: readonly RealKind[], count: (kind: RealKind) => number): Counts {
  return Object.fromEntries(kinds.map((kind) => [kind, count(kind)]));
}
