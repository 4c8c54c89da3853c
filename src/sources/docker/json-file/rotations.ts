/**
 * Whether generations of a log came and went unseen. Where one that is held was unlinked, others may have been between it
 * and the oldest that is there. The kernel tells: each rotation takes the log's name from one file and gives it to another,
 * two events of the folder. They come late, but before the next turn of the event loop, so what was told before a look is
 * counted by the next one; and where the log did not rotate in between, rotations and generations are those of the same moment.
 */
import { basename, dirname } from 'node:path';
import type { GapReason } from '../../../pipeline/gaps.js';
import type { Logger } from '../../../runtime/log.js';
import type { Owned, Scope } from '../../../runtime/scope.js';
import { watchPath } from '../../../runtime/watch.js';
import type { LogFile } from './log-file.js';
import type { Mark } from './span.js';

const EVENTS_A_ROTATION = 2;

export class Rotations {
  readonly #scope: Scope;
  readonly #log: Logger;
  readonly #path: string;
  #watch: Owned | undefined;
  #mayWatch = true;
  #events = 0;
  /** Generations that were opened since events are counted. */
  #opened = 0;
  /** Lines may be missing before them, for this reason. */
  #doubts: { readonly mark: Mark; readonly why: GapReason }[] = [];
  /** The newest file at the last look at the doubts. */
  #newestThen: LogFile | undefined;

  constructor(scope: Scope, log: Logger, path: string) {
    this.#scope = scope;
    this.#log = log;
    this.#path = path;
  }

  /** Counts from here on, if it does not yet. `isUpToDate`: the newest file that is held is the one that bears the log's name. */
  count(isUpToDate: () => boolean): void {
    if (!this.#mayWatch || this.#watch || !isUpToDate()) return;
    const name = basename(this.#path);
    try {
      const owned = watchPath(this.#scope, dirname(this.#path), {
        onChange: (changed, event) => {
          if (event === 'rename' && changed === name) this.#events++;
        },
        onError: () => void this.release(),
      });
      this.#events = this.#opened = 0;
      // A rotation just now may be in the count, or not.
      if (isUpToDate()) this.#watch = owned;
      else void owned.release();
    } catch (error) {
      this.#mayWatch = false;
      this.#log.debug({ path: this.#path, error }, 'Rotations are not counted: times have to do.');
    }
  }

  opened(generations: number): void {
    this.#opened += generations;
  }

  /** Generations may be missing before this one. What `missingBefore` says of it now counts where nothing better is known. */
  doubt(mark: Mark, why: GapReason): void {
    this.#doubts.push({ mark, why });
  }

  /**
   * Whether it is known what is missing; else it has to be asked again by a later look. `newest` opens what there is, and
   * answers the newest file.
   */
  isSure(newest: () => LogFile, mayWait: boolean): boolean {
    if (this.#doubts.length === 0) return true;
    if (this.#watch && mayWait) {
      const now = newest();
      const isStill = now === this.#newestThen;
      this.#newestThen = now;
      if (!isStill) return false;
      const rotations = Math.floor(this.#events / EVENTS_A_ROTATION);
      for (const { mark, why } of this.#doubts)
        mark.missingBefore = rotations > this.#opened ? why : undefined;
      this.#opened = rotations;
    }
    this.#doubts = [];
    this.#newestThen = undefined;
    return true;
  }

  async release(): Promise<void> {
    this.#mayWatch = false;
    await this.#watch?.release();
    this.#watch = undefined;
  }
}
