/**
 * The folders in which files of the patterns are, or may come. Each has one watch, which also tells of what is written
 * there; where the system has no more watches to give, it is looked through again and again instead.
 *
 * A folder is known by its device and inode: links are followed, and one with two names is looked through once.
 */
import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import {
  closure,
  isWildcard,
  matchesName,
  matchesPath,
  type PathPattern,
} from '../../runtime/path-patterns.js';
import type { Owned, Scope } from '../../runtime/scope.js';
import { watchPath } from '../../runtime/watch.js';
import { ifThere } from '../docker/json-file/log-file.js';

export interface FolderEvents {
  /** Whether the file of that name was told. */
  readonly isKnown: (path: string) => boolean;
  /** A file that a pattern means. */
  readonly onFile: (path: string, stat: Stats) => void;
  /** Something of that name was written to (`change`), or its name was given or taken away (`rename`). */
  readonly onEvent: (path: string, event: 'change' | 'rename') => void;
  /** `lookForNames` has something to do. */
  readonly onDirty: () => void;
}

export interface FolderRules {
  readonly include: readonly PathPattern[];
  readonly exclude: readonly PathPattern[];
  /** Folders that are never looked into. Absolute. */
  readonly own: () => readonly string[];
}

/** How far a pattern has come at a folder: its first segments are the folder's names. */
interface State {
  readonly pattern: PathPattern;
  readonly at: number;
}

interface Folder {
  readonly path: string;
  readonly identity: string;
  states: readonly State[];
  watch: Owned | undefined;
}

export class Folders {
  readonly #scope: Scope;
  readonly #log: Logger;
  readonly #rules: FolderRules;
  readonly #events: FolderEvents;
  readonly #folders = new Map<string, Folder>();
  /** Paths by device and inode. */
  readonly #paths = new Map<string, string>();
  /** Names that came or went; undefined: any of the folder's may have. */
  readonly #dirty = new Map<Folder, Set<string> | undefined>();
  readonly #refused = new Set<string>();
  #canWatch = true;
  /** Looks that the round is behind. */
  #owed = 0;
  #round: Iterator<Folder> = [].values();

  constructor(scope: Scope, log: Logger, rules: FolderRules, events: FolderEvents) {
    this.#scope = scope;
    this.#log = log;
    this.#rules = rules;
    this.#events = events;
  }

  /** Whether all that happens is told. */
  get areWatched(): boolean {
    return this.#canWatch;
  }

  /** Whether all that happens in it is told. */
  isWatched(folder: string): boolean {
    return this.#folders.get(folder)?.watch !== undefined;
  }

  /** Looks for the folders that the patterns begin with: those that are not there may come. */
  lookForRoots(): void {
    for (const pattern of this.#rules.include) {
      // The last segment is a name of files, whatever it looks like.
      const wild = pattern.findIndex((segment, i) => i === pattern.length - 1 || isWildcard(segment));
      this.#enter(`/${pattern.slice(0, wild).join('/')}`, [{ pattern, at: wild }]);
    }
  }

  /** Watches a folder in which no pattern means anything, because a link leads into it. */
  watch(path: string): void {
    this.#enter(path, []);
  }

  /** Something may have come into it unseen. */
  doubt(path: string): void {
    const folder = this.#folders.get(path);
    if (folder) this.#note(folder, null);
  }

  /** Looks for what has come. */
  lookForNames(): void {
    for (const [folder, names] of this.#dirty) {
      this.#dirty.delete(folder);
      if (names) for (const name of names) this.#lookAt(folder, name);
      else this.#lookThrough(folder);
    }
  }

  /** Looks through a part of all folders, so that `parts` calls are a round. */
  lookThroughSome(parts: number): void {
    for (this.#owed += this.#folders.size / parts; this.#owed >= 1; this.#owed--) {
      const next = this.#round.next();
      if (next.done) {
        this.#round = this.#folders.values();
        return;
      }
      this.#lookThrough(next.value);
    }
  }

  /** Whether a pattern means the file, and none excludes it. */
  means(path: string): boolean {
    return this.#rules.include.some((pattern) => matchesPath(pattern, path)) && !this.#isExcluded(path);
  }

  #isExcluded(path: string): boolean {
    return (
      this.#rules.exclude.some((pattern) => matchesPath(pattern, path)) ||
      this.#rules.own().some((folder) => path === folder || path.startsWith(`${folder}/`))
    );
  }

  #enter(path: string, states: readonly State[]): void {
    const known = this.#folders.get(path);
    const all = known ? merged(known.states, states) : withClosure(states);
    if (known && all.length === known.states.length) return;
    if (known) {
      known.states = all;
      this.#lookThrough(known);
      return;
    }
    const stat = this.#statOf(path);
    if (!stat?.isDirectory() || this.#isExcluded(path)) return;
    const identity = `${stat.dev}:${stat.ino}`;
    const twin = this.#paths.get(identity);
    if (twin !== undefined && twin !== path && this.#folders.has(twin)) return;
    const folder: Folder = { path, identity, states: all, watch: undefined };
    this.#folders.set(path, folder);
    this.#paths.set(identity, path);
    // Watched before it is looked through: nothing comes in between.
    folder.watch = this.#watch(folder);
    this.#lookThrough(folder);
  }

  #lookThrough(folder: Folder): void {
    this.#dirty.delete(folder);
    const { path, states, identity } = folder;
    const stat = this.#statOf(path);
    if (!stat || `${stat.dev}:${stat.ino}` !== identity) return this.#leave(folder);
    if (states.length === 0) return;
    for (const name of this.#namesOf(path)) this.#lookAt(folder, name);
  }

  #lookAt({ path, states }: Folder, name: string): void {
    const child = join(path, name);
    if (states.length === 0 || this.#events.isKnown(child)) return;
    const next: State[] = [];
    let isMeant = false;
    for (const { pattern, at } of states) {
      const segment = pattern[at];
      const isLast = at === pattern.length - 1;
      if (segment === '**') {
        if (name.startsWith('.')) continue;
        isMeant ||= isLast;
        next.push({ pattern, at });
      } else if (matchesName(segment, name)) {
        if (isLast) isMeant = true;
        else next.push({ pattern, at: at + 1 });
      }
    }
    if (!isMeant && next.length === 0) return;
    const stat = this.#statOf(child);
    if (stat?.isDirectory()) {
      if (next.length > 0) this.#enter(child, next);
    } else if (isMeant && stat?.isFile() && !this.#isExcluded(child)) this.#events.onFile(child, stat);
  }

  #leave(folder: Folder): void {
    this.#folders.delete(folder.path);
    if (this.#paths.get(folder.identity) === folder.path) this.#paths.delete(folder.identity);
    void folder.watch?.release();
    // It may be there anew, under the same name.
    this.#enter(folder.path, folder.states);
  }

  #watch(folder: Folder): Owned | undefined {
    if (!this.#canWatch) return undefined;
    try {
      const owned = watchPath(this.#scope, folder.path, {
        onChange: (name, event) => {
          if (event === 'rename' || name === null) this.#note(folder, name);
          if (name !== null) this.#events.onEvent(join(folder.path, name), event);
        },
        onError: () => {
          void folder.watch?.release();
          folder.watch = undefined;
          this.#note(folder, null);
        },
      });
      return owned;
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EMFILE' || code === 'ENOSPC') {
        this.#canWatch = false;
        this.#log.warn(
          { code },
          'The system has no more file watches to give: the folders of log files are looked through every second. To have them watched, raise fs.inotify.max_user_instances and fs.inotify.max_user_watches.',
        );
      }
      return undefined;
    }
  }

  #note(folder: Folder, name: string | null): void {
    const names = this.#dirty.get(folder);
    if (name === null) this.#dirty.set(folder, undefined);
    else if (names) names.add(name);
    else if (!this.#dirty.has(folder)) this.#dirty.set(folder, new Set([name]));
    this.#events.onDirty();
  }

  #statOf(path: string): Stats | undefined {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch {
      return undefined;
    }
  }

  #namesOf(path: string): string[] {
    try {
      return ifThere(() => readdirSync(path)) ?? [];
    } catch (error) {
      if (this.#refused.has(path)) return [];
      this.#refused.add(path);
      this.#log.warn(
        { path, code: systemCode(error) },
        `The folder ${path} cannot be looked through (${systemCode(error)}): log files in it are not captured. Give the agent's user the right to read it.`,
      );
      return [];
    }
  }
}

function withClosure(states: readonly State[]): State[] {
  return merged([], states);
}

function merged(known: readonly State[], more: readonly State[]): State[] {
  const all = [...known];
  for (const { pattern, at } of more) {
    for (const next of closure(pattern, [at])) {
      if (next === pattern.length) continue;
      if (!all.some((one) => one.pattern === pattern && one.at === next)) all.push({ pattern, at: next });
    }
  }
  return all;
}
