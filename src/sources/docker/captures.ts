/**
 * What is known of every container, what was decided, and what the readers were told.
 *
 * A container is sighted (its folder appeared), listed, or named by an event, in any order. Its log is opened at the
 * first of them and selected afterwards, when its facts are known: `readers.add` without labels, then with them, or `reject`.
 *
 * - A captured container stays captured, whatever it is renamed to; one left out is decided anew when it is renamed.
 * - A list is older than what events told since it was asked for (`#touched`): events win.
 * - The containers folder is believed once it and the engine agree on one container: a folder of the same name may belong
 *   to another engine. Until then what is only sighted is held, not read.
 * - Removed means: the engine says so, or does not list it and its folder is gone.
 */
import { accessSync, constants } from 'node:fs';
import type { DockerSourceConfig } from '../../config/types.js';
import type { Labels } from '../../pipeline/streams.js';
import type { Scope } from '../../runtime/scope.js';
import type { Announcer, Trouble } from './announcer.js';
import { eachLimited } from './each-limited.js';
import type { ListedContainer } from './engine.js';
import { type ContainerStatus, type Entry, newEntry, statusOf } from './entry.js';
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
import { streamLabels } from './labels.js';
import type { LogReaders } from './readers.js';
import { CAPTURED, hindered, judge, type Verdict } from './verdict.js';

/** Afterwards a list has to tell. */
const MAX_LOOKS = 400;
const STOPPED = new Set(['exited', 'dead']);
const STATE_AFTER = { create: 'created', start: 'running', die: 'exited' } as const;

export interface CapturesOptions {
  readonly config: Pick<DockerSourceConfig, 'include' | 'exclude' | 'containerLabels'>;
  /** On every stream. */
  readonly labels: Labels;
  readonly selfId: string | undefined;
  readonly readers: LogReaders;
  readonly announcer: Announcer;
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
    else this.#open(entry, undefined);
  }

  /** The log of a new folder is open as `path`, for the time of this call. */
  held(id: string, path: string, facts: ContainerFacts | undefined): void {
    if (!this.#engine) return;
    const entry = this.#entries.get(id) ?? this.#enter(id);
    if (entry.verdict?.transport === 'none') return;
    entry.facts ??= facts;
    this.#open(entry, entry.verdict && entry.labels, path);
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
      if (!entry.verdict || entry.verdict.trouble?.kind === 'elsewhere') unresolved.push(entry);
      else if (entry.verdict.trouble?.kind === 'unreadable') this.#tryAgain(entry);
    }
    await eachLimited(unresolved, session, (entry) => this.#resolve(entry));
  }

  /** Resolves once what the event told is acted upon. */
  async event(event: ContainerEvent): Promise<void> {
    const { action, id } = event;
    this.#engine?.folder.takeHeldLogs();
    this.#touched.add(id);
    const known = this.#entries.get(id);
    if (!this.#isFolderBelieved && (known?.isOpen || this.#engine?.folder.look(id) === 'there'))
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
    if (!entry.verdict) await this.#resolve(entry);
  }

  /** The readers may not open the container's log. */
  unreadable(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.isReadable = false;
    if (entry.verdict?.transport === 'file') this.#settle(entry, hindered({ kind: 'unreadable' }));
  }

  /** The container's name, or the head of its id where it has none yet. */
  nameOf(id: string): string {
    const entry = this.#entries.get(id);
    return (entry?.facts ?? entry?.names)?.name ?? id.slice(0, 12);
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** How many containers have each kind of trouble. */
  troubles(): ReadonlyMap<Trouble['kind'], number> {
    const counts = new Map<Trouble['kind'], number>();
    for (const { verdict } of this.#entries.values()) {
      const kind = verdict?.trouble?.kind;
      if (kind) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    return counts;
  }

  statuses(): ContainerStatus[] {
    const stats = this.#options.readers.stats();
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
    if (STOPPED.has(state)) this.#options.readers.stopped(entry.id);
    else this.#options.readers.wake(entry.id);
  }

  #rename(entry: Entry, name: string): void {
    if (!entry.facts || !name || entry.facts.name === name) return;
    entry.facts = { ...entry.facts, name };
    if (!entry.verdict) return;
    if (entry.isOpen) {
      entry.labels = this.#labelsOf(entry.facts);
      this.#options.readers.setLabels(entry.id, entry.labels);
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
    const { config, selfId, announcer } = this.#options;
    const verdict = judge(facts, config, selfId);
    if (verdict.transport === 'none') {
      this.#settle(entry, verdict);
      if (entry.isOpen) this.#options.readers.reject(entry.id);
      entry.isOpen = false;
      return;
    }
    if (!entry.isOpen && this.#engine?.folder.look(entry.id) === 'missing') {
      // Where the folder is the engine's, a missing one is a container that is being removed: the next list tells.
      if (!this.#isFolderBelieved) this.#settle(entry, hindered({ kind: 'elsewhere' }));
      return;
    }
    this.#settle(entry, entry.isReadable ? verdict : hindered({ kind: 'unreadable' }));
    if (facts.logOptions['mode'] === 'non-blocking') announcer.note({ kind: 'lossy' }, facts.name);
    entry.labels = this.#labelsOf(facts);
    this.#open(entry, entry.labels);
    if (STOPPED.has(entry.state)) this.#options.readers.stopped(entry.id);
  }

  #settle(entry: Entry, verdict: Verdict): void {
    const { trouble } = verdict;
    if (trouble && trouble.kind !== entry.verdict?.trouble?.kind)
      this.#options.announcer.note(trouble, (entry.facts ?? entry.names).name);
    entry.verdict = verdict;
  }

  #labelsOf(facts: ContainerFacts): Labels {
    const { labels: extra, config } = this.#options;
    return streamLabels(facts, {
      host: this.#engine?.host ?? '',
      extra,
      containerLabels: config.containerLabels,
    });
  }

  /** `heldPath`: as ContainerLog has it. */
  #open(entry: Entry, labels: Labels | undefined, heldPath?: string): void {
    const { id, facts } = entry;
    const engine = this.#engine;
    if (!engine) return;
    entry.isOpen = true;
    this.#options.readers.add({
      id,
      path: predictedLogPath(engine.folder.dir, id),
      labels,
      existedAtFirstStart: facts?.createdMs !== undefined && facts.createdMs < engine.firstSeenMs,
      ...rotationLimits(facts?.logOptions ?? {}),
      ...(heldPath === undefined ? {} : { heldPath }),
    });
  }

  /** What was unreadable may have become readable. */
  #tryAgain(entry: Entry): void {
    if (!this.#engine) return;
    try {
      accessSync(predictedLogPath(this.#engine.folder.dir, entry.id), constants.R_OK);
    } catch {
      return;
    }
    entry.isReadable = true;
    entry.verdict = CAPTURED;
    this.#options.readers.wake(entry.id);
  }

  #removeUnlisted(listed: ReadonlySet<string>, folder: FolderWatch): void {
    folder.takeHeldLogs();
    for (const entry of this.#entries.values()) {
      if (listed.has(entry.id) || this.#touched.has(entry.id)) continue;
      if (!this.#isFolderBelieved && !entry.verdict && entry.isOpen) {
        // Another engine's, unless the event that would have told is still on its way.
        if (++entry.unlisted < 2) continue;
        this.#options.readers.reject(entry.id);
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
    if (entry.isOpen) this.#options.readers.finish(entry.id);
  }
}
