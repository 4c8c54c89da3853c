/**
 * Sees new container folders the moment the engine makes them, long before an event or a list tells. A worker
 * (log-holder.ts) opens their logs at once: a container that lives for 50 ms is caught even by a stalled event loop.
 *
 * A folder counts as new while its last change is less than a minute ago: old ones that the engine does not list are
 * left over from failed removals.
 */
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { systemCode } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import type { Owned, Scope } from '../../runtime/scope.js';
import { watchPath } from '../../runtime/watch.js';
import { startWorker } from '../../runtime/workers.js';
import { type ContainerFacts, isContainerId, predictedLogPath } from './facts.js';
import type { HeldLog, HolderData } from './log-holder.js';
import type { LogState } from './transport.js';

const NEW_MS = 60_000;
const POLL_MS = 250;

export type FolderState = 'there' | 'missing' | 'denied';

export interface FolderWatchOptions {
  /** `<root>/containers` */
  readonly dir: string;
  readonly log: Logger;
  readonly onNewFolder: (id: string) => void;
  /** The log of a new folder is open as `path`, until this returns. */
  readonly onHeldLog?: (id: string, path: string, facts: ContainerFacts | undefined) => void;
}

const HOLDER_LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16, stackSizeMb: 1 };

export class FolderWatch {
  readonly dir: string;
  readonly #log: Logger;
  readonly #onNewFolder: (id: string) => void;
  #watching: { readonly identity: string; readonly owned: Owned } | undefined;
  #polling: Owned | undefined;
  #holder: { readonly port: MessagePort; readonly owned: Owned } | undefined;
  readonly #onHeldLog: FolderWatchOptions['onHeldLog'];

  constructor({ dir, log, onNewFolder, onHeldLog }: FolderWatchOptions) {
    this.#onHeldLog = onHeldLog;
    this.dir = dir;
    this.#log = log;
    this.#onNewFolder = onNewFolder;
  }

  /**
   * Watches if it does not yet (the folder may appear, or be made anew), and looks through the folder once. Called for
   * each list, so that it is the slow safety poll too.
   */
  refresh(scope: Scope): void {
    try {
      // Inode numbers are used again: the time of birth tells a new folder.
      const { ino, birthtimeMs } = statSync(this.dir);
      const identity = `${ino} ${birthtimeMs}`;
      if (this.#watching?.identity !== identity && !this.#polling) this.#watch(scope, identity);
      this.#scan();
    } catch (error) {
      // Not there or not allowed: the engine's answers have to do, and whoever opens a log there will say so.
      this.#log.debug({ code: systemCode(error), dir: this.dir }, 'The containers folder cannot be watched.');
    }
  }

  /** What can be seen of one container's folder. */
  look(id: string): FolderState {
    try {
      statSync(join(this.dir, id));
      return 'there';
    } catch (error) {
      return systemCode(error) === 'EACCES' ? 'denied' : 'missing';
    }
  }

  /** What can be seen of one container's log; where it is not written yet, it will be. */
  lookAtLog(id: string): LogState {
    const folder = this.look(id);
    if (folder !== 'there') return folder;
    try {
      accessSync(predictedLogPath(this.dir, id), constants.R_OK);
      return 'readable';
    } catch (error) {
      return systemCode(error) === 'ENOENT' ? 'readable' : 'denied';
    }
  }

  /** Takes over the logs that the worker has opened by now: before what happens to their containers next. */
  takeHeldLogs(): void {
    const { port } = this.#holder ?? {};
    for (let next = port && receiveMessageOnPort(port); next; next = port && receiveMessageOnPort(port))
      this.#takeHeldLog(next.message as HeldLog);
  }

  /** Stops watching. */
  release(): void {
    void this.#holder?.owned.release();
    this.#holder = undefined;
    void this.#watching?.owned.release();
    void this.#polling?.release();
    this.#watching = undefined;
    this.#polling = undefined;
  }

  #watch(scope: Scope, identity: string): void {
    this.release();
    let owned: Owned;
    try {
      owned = watchPath(scope, this.dir, {
        onChange: (name) => {
          if (name) this.#check(name);
        },
        onError: (error) => {
          this.release();
          if (!scope.isClosing) this.#poll(scope, error);
        },
      });
    } catch (error) {
      if (systemCode(error) === 'EACCES' || scope.isClosing) throw error;
      this.#poll(scope, error);
      return;
    }
    this.#watching = { identity, owned };
    if (this.#onHeldLog) this.#startHolder(scope);
  }

  #startHolder(scope: Scope): void {
    const { port1, port2 } = new MessageChannel();
    const workerData: HolderData = { dir: this.dir, port: port2 };
    const options = {
      workerData,
      transferList: [port2],
      // Nothing that was preloaded into the main thread may slow this one down.
      execArgv: [],
      resourceLimits: HOLDER_LIMITS,
    };
    const file = new URL('./log-holder.js', import.meta.url);
    const owned = startWorker(scope, `holder of logs in ${this.dir}`, file, options, {
      onEnd: () => port1.close(),
      // Its own watch on the folder; the logs that it opens it holds for a moment only.
      holds: { watcher: 1 },
      onError: (error) => {
        this.#log.warn(
          { err: error },
          'The worker that holds the logs of new containers has ended: containers that live for less than a second may be missed.',
        );
        void owned.release();
      },
    });
    this.#holder = { port: port1, owned };
    port1.on('message', (message: HeldLog) => this.#takeHeldLog(message));
  }

  #takeHeldLog({ id, fd, facts }: HeldLog): void {
    this.#onHeldLog?.(id, `/proc/self/fd/${fd}`, facts);
    this.#holder?.port.postMessage(id);
  }

  #poll(scope: Scope, error: unknown): void {
    this.#log.warn(
      { code: systemCode(error), dir: this.dir },
      `${this.dir} cannot be watched (${systemCode(error)}) and is polled: containers that live for less than a second ` +
        'may be missed. Raise fs.inotify.max_user_instances and fs.inotify.max_user_watches.',
    );
    this.#polling = scope.interval('poll of the containers folder', POLL_MS, () => this.#scan());
  }

  #scan(): void {
    try {
      for (const name of readdirSync(this.dir)) this.#check(name);
    } catch (error) {
      this.#log.debug({ code: systemCode(error), dir: this.dir }, 'The containers folder cannot be listed.');
    }
  }

  #check(name: string): void {
    if (isContainerId(name) && this.#isNew(name)) this.#onNewFolder(name);
  }

  #isNew(id: string): boolean {
    try {
      return Date.now() - statSync(join(this.dir, id)).mtimeMs < NEW_MS;
    } catch {
      return false;
    }
  }
}
