/**
 * What is known of every container, what was decided, and what the readers were told.
 *
 * A container is sighted (its folder appeared), listed, or named by an event, in any order. Where its file can be seen, it is
 * opened at the first of them and selected afterwards, when its facts are known: `readings.add` without labels, then
 * with them, or `reject`. What has to be read through the engine's API is opened when its facts are known.
 *
 * - A captured container stays captured, whatever it is renamed to; one left out is decided anew when it is renamed.
 * - A list is older than what events told since it was asked for (`#touched`): events win.
 * - The containers folder is believed once it and the engine agree on one container: a folder of the same name may belong
 *   to another engine. Until then what is only sighted is held, not read.
 * - Removed means: the engine says so, or does not list it and its folder is gone.
 */
import type { Position } from '../../pipeline/contract.js';
import type { Labels, Tuning } from '../../pipeline/streams.js';
import type { Scope } from '../../runtime/scope.js';
import type { Announcer, Trouble } from './announcer.js';
import { eachLimited } from './each-limited.js';
import type { ListedContainer } from './engine.js';
import { type ContainerStatus, type Entry, newEntry, started, statusOf } from './entry.js';
import type { ContainerEvent } from './events.js';
import {
  type ContainerFacts,
  factsFromNames,
  predictedLogPath,
  readFactsFromFolder,
  rotationLimits,
  withoutSlash,
} from './facts.js';
import type { FolderWatch } from './folder-watch.js';
import { type ConnectedEngine, inspected } from './inspected.js';
import type { Readings } from './readings.js';
import { begunBy, type Transport, type Ways } from './transport.js';
import { type CaptureRules, judge, type Verdict } from './verdict.js';

/** Afterwards a list has to tell. */
const MAX_LOOKS = 400;
const STOPPED = new Set(['exited', 'dead', 'removing']);
const STATE_AFTER = { create: 'created', start: 'running', die: 'exited' } as const;

export interface CapturesOptions {
  readonly rules: CaptureRules;
  /** The labels of a container's streams; `host` is the engine's name. */
  readonly labelsOf: (facts: ContainerFacts, host: string) => Labels;
  /** How the container wants its lines treated. */
  readonly tuningOf?: (facts: ContainerFacts) => Tuning | undefined;
  readonly selfId: string | undefined;
  readonly readings: Readings;
  /** Where the readers stopped before the restart. */
  readonly positionOf: (id: string) => Position | undefined;
  readonly announcer: Announcer;
  /** Its logging mode lets the engine drop lines, and nobody can see which. */
  readonly onLossy: (labels: Labels) => void;
}

export class Captures {
  readonly #options: CapturesOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #touched = new Set<string>();
  #engine: ConnectedEngine | undefined;
  #isFolderBelieved = false;

  constructor(options: CapturesOptions) {
    this.#options = options;
  }

  connected(engine: ConnectedEngine): void {
    if (engine.folder.dir !== this.#engine?.folder.dir) this.#isFolderBelieved = false;
    this.#engine = engine;
  }

  /** A new folder. Opens its log before anything is known of it. */
  sighted(id: string): void {
    if (!this.#engine || this.#entries.has(id)) return;
    const entry = this.#enter(id);
    entry.facts = readFactsFromFolder(this.#engine.folder.dir, id);
    if (entry.facts && this.#isFolderBelieved) this.#decide(entry);
    else this.#open(entry, 'file', undefined);
  }

  /** The log of a new folder is open as `path`, for the time of this call. */
  held(id: string, path: string, facts: ContainerFacts | undefined): void {
    if (!this.#engine) return;
    const entry = this.#entries.get(id) ?? this.#enter(id);
    if (entry.verdict && entry.verdict.transport !== 'file') return;
    entry.facts ??= facts;
    this.#open(entry, 'file', entry.verdict && entry.labels, path);
    if (!entry.verdict && entry.facts && this.#isFolderBelieved) this.#decide(entry);
  }

  /** Looks again for the facts of what was sighted. True while there is something left to look for. */
  lookAgain(): boolean {
    let isIncomplete = false;
    for (const entry of this.#entries.values()) {
      if (entry.verdict || !entry.isOpen || entry.facts || !this.#engine || entry.looks >= MAX_LOOKS)
        continue;
      entry.facts = readFactsFromFolder(this.#engine.folder.dir, entry.id);
      if (!entry.facts) entry.looks++;
      else if (this.#isFolderBelieved) this.#decide(entry);
      if (!entry.facts) isIncomplete = true;
    }
    return isIncomplete;
  }

  /** A list is being asked for. */
  listing(): void {
    this.#touched.clear();
  }

  async listed(containers: readonly ListedContainer[], session: Scope): Promise<void> {
    const folder = this.#engine?.folder;
    if (!folder) return;
    if (!this.#isFolderBelieved && containers.some(({ id }) => folder.look(id) === 'there')) this.#believe();
    this.#removeUnlisted(new Set(containers.map(({ id }) => id)), folder);
    const unresolved: Entry[] = [];
    for (const container of containers) {
      const isTouched = this.#touched.has(container.id);
      const known = this.#entries.get(container.id);
      if (isTouched && !known) continue;
      const entry = known ?? this.#enter(container.id);
      if (!isTouched) this.#update(entry, container);
      if (this.#isWorthAnotherTry(entry)) unresolved.push(entry);
    }
    await eachLimited(unresolved, session, (entry) => this.#resolve(entry));
  }

  /** Resolves once what the event told is acted upon. */
  async event(event: ContainerEvent): Promise<void> {
    const { action, id } = event;
    this.#engine?.folder.takeHeldLogs();
    this.#touched.add(id);
    const known = this.#entries.get(id);
    if (!this.#isFolderBelieved && (this.#isHeld(id) || this.#engine?.folder.look(id) === 'there'))
      this.#believe();
    if (action === 'destroy') {
      if (known) this.#remove(known, factsFromNames(id, event));
      return;
    }
    if (!known) this.#sightedByEvent(event);
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.names = factsFromNames(id, event);
    if (action === 'rename') this.#rename(entry, event.name);
    else this.#setState(entry, STATE_AFTER[action]);
    if (action === 'start') started(entry, event.seconds);
    if (!entry.verdict) await this.#resolve(entry);
  }

  /** The readers may not open the container's log, or the engine cannot read it. */
  unreadable(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    if (this.#options.readings.transportOf(id) === 'api') entry.isApiRefused = true;
    else entry.isFileReadable = false;
    if (entry.verdict) this.#decide(entry);
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  isRunning(id: string): boolean {
    return this.#entries.get(id)?.state === 'running';
  }

  /** What is in the way of containers that are wanted but not captured, and of how many. */
  hindered(): { trouble: Trouble; containers: number }[] {
    const found = new Map<string, { trouble: Trouble; containers: number }>();
    for (const { verdict } of this.#entries.values()) {
      if (verdict?.transport !== 'none' || !verdict.trouble) continue;
      const { trouble, why } = verdict;
      found.set(why, { trouble, containers: (found.get(why)?.containers ?? 0) + 1 });
    }
    return [...found.values()];
  }

  /** How many containers are read each way, or not at all. */
  transports(): Record<Transport | 'none', number> {
    const counts = { file: 0, api: 0, none: 0 };
    for (const { verdict } of this.#entries.values()) counts[verdict?.transport ?? 'none']++;
    return counts;
  }

  statuses(): ContainerStatus[] {
    const stats = this.#options.readings.stats();
    return [...this.#entries.values()].map((entry) => statusOf(entry, stats.get(entry.id)));
  }

  #enter(id: string): Entry {
    const entry = newEntry(id);
    this.#entries.set(id, entry);
    return entry;
  }

  /** The folder is the engine's: what was only sighted may be read. */
  #believe(): void {
    this.#isFolderBelieved = true;
    for (const entry of this.#entries.values()) if (!entry.verdict && entry.facts) this.#decide(entry);
  }

  /** Events of a container whose folder was seen by nobody: a poll too slow, a folder that may not be looked at. */
  #sightedByEvent({ id }: ContainerEvent): void {
    const look = this.#engine?.folder.look(id);
    if (look === 'there') this.sighted(id);
    else if (look === 'denied' || !this.#isFolderBelieved) this.#enter(id);
  }

  #update(entry: Entry, listed: ListedContainer): void {
    const name = withoutSlash(listed.name);
    entry.names = factsFromNames(entry.id, { ...listed, name });
    this.#setState(entry, listed.state);
    this.#rename(entry, name);
  }

  #setState(entry: Entry, state: string): void {
    const before = entry.state;
    entry.state = state;
    if (!entry.isOpen || before === state) return;
    if (STOPPED.has(state)) this.#options.readings.stopped(entry.id);
    else this.#options.readings.wake(entry.id);
  }

  #rename(entry: Entry, name: string): void {
    if (!entry.facts || !name || entry.facts.name === name) return;
    entry.facts = { ...entry.facts, name };
    if (!entry.verdict) return;
    if (entry.isOpen) {
      entry.labels = this.#labelsOf(entry.facts);
      this.#options.readings.rename(entry.id, name, entry.labels);
    } else {
      entry.verdict = undefined;
    }
  }

  /** Finds out what is needed to decide: from the folder for nothing, else from the engine. */
  async #resolve(entry: Entry): Promise<void> {
    const engine = this.#engine;
    if (!engine) return;
    if (!entry.facts && this.#isFolderBelieved)
      entry.facts = readFactsFromFolder(engine.folder.dir, entry.id);
    if (!entry.facts) {
      const facts = await inspected(engine, entry);
      if (this.#entries.get(entry.id) !== entry || entry.verdict) return;
      entry.facts ??= facts;
    }
    this.#decide(entry);
  }

  #decide(entry: Entry): void {
    const { facts } = entry;
    if (!facts) return;
    const { rules, selfId, announcer, onLossy } = this.#options;
    const verdict = judge(facts, rules, selfId, () => this.#ways(entry));
    const { transport } = verdict;
    if (transport === 'none') {
      this.#settle(entry, verdict);
      if (entry.isOpen) this.#options.readings.reject(entry.id);
      entry.isOpen = false;
      if (!verdict.trouble) this.#options.readings.unwanted(entry.id);
      return;
    }
    // Where the folder is the engine's, a missing one is a container that is being removed: the next list tells.
    if (!entry.isOpen && this.#isFolderBelieved && this.#engine?.folder.look(entry.id) === 'missing') return;
    const isNew = !entry.verdict;
    this.#settle(entry, verdict);
    entry.labels = this.#labelsOf(facts);
    if (isNew && facts.logOptions['mode'] === 'non-blocking') {
      announcer.note({ kind: 'lossy' }, facts.name);
      onLossy(entry.labels);
    }
    this.#open(entry, transport, entry.labels);
    if (STOPPED.has(entry.state)) this.#options.readings.stopped(entry.id);
  }

  #ways(entry: Entry): Ways {
    const { id, isFileReadable } = entry;
    return {
      log: !isFileReadable ? 'denied' : this.#isHeld(id) ? 'readable' : this.#lookAtLog(id),
      isApiRefused: entry.isApiRefused,
      begunBy: begunBy(this.#options.positionOf(id)),
    };
  }

  /** Its file is open. */
  #isHeld(id: string): boolean {
    return this.#options.readings.transportOf(id) === 'file';
  }

  #lookAtLog(id: string): Ways['log'] {
    return this.#engine?.folder.lookAtLog(id) ?? 'missing';
  }

  /** What is undecided, and whatever file was not there or not readable may have become so. */
  #isWorthAnotherTry(entry: Entry): boolean {
    const { verdict } = entry;
    if (!verdict) return true;
    if (verdict.transport !== 'none') return false;
    const kind = verdict.trouble?.kind;
    if (kind !== 'elsewhere' && kind !== 'unreadable') return false;
    if (this.#lookAtLog(entry.id) !== 'readable') return false;
    entry.isFileReadable = true;
    return true;
  }

  #settle(entry: Entry, verdict: Verdict): void {
    const { trouble } = verdict;
    if (trouble && trouble.kind !== entry.said) {
      this.#options.announcer.note(trouble, (entry.facts ?? entry.names).name);
      entry.said = trouble.kind;
    }
    entry.verdict = verdict;
  }

  #labelsOf(facts: ContainerFacts): Labels {
    return this.#options.labelsOf(facts, this.#engine?.host ?? '');
  }

  /** `heldPath`: as ContainerLog has it. */
  #open(entry: Entry, transport: Transport, labels: Labels | undefined, heldPath?: string): void {
    const { id, facts } = entry;
    const engine = this.#engine;
    if (!engine) return;
    entry.isOpen = true;
    this.#options.readings.add(transport, (facts ?? entry.names).name, {
      id,
      path: predictedLogPath(engine.folder.dir, id),
      labels,
      ...(facts && { tuning: this.#options.tuningOf?.(facts) }),
      existedAtFirstStart: facts?.createdMs !== undefined && facts.createdMs < engine.firstSeenMs,
      ...rotationLimits(facts?.logOptions ?? {}),
      ...(facts?.tty === undefined ? {} : { tty: facts.tty }),
      ...(facts?.driver === undefined ? {} : { driver: facts.driver }),
      ...(heldPath === undefined ? {} : { heldPath }),
    });
  }

  #removeUnlisted(listed: ReadonlySet<string>, folder: FolderWatch): void {
    folder.takeHeldLogs();
    for (const entry of this.#entries.values()) {
      if (listed.has(entry.id) || this.#touched.has(entry.id)) continue;
      if (!this.#isFolderBelieved && !entry.verdict && entry.isOpen) {
        // Another engine's, unless the event that would have told is still on its way.
        if (++entry.unlisted < 2) continue;
        this.#options.readings.reject(entry.id);
        this.#entries.delete(entry.id);
      } else if (folder.look(entry.id) !== 'there') {
        this.#remove(entry, entry.names);
      }
    }
  }

  /** `names`: what to go by where nothing better is known. */
  #remove(entry: Entry, names: ContainerFacts): void {
    if (entry.isOpen && !entry.verdict) {
      entry.facts ??= names;
      this.#decide(entry);
    }
    this.#entries.delete(entry.id);
    if (entry.isOpen) this.#options.readings.finish(entry.id);
  }
}
