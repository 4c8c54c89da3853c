/**
 * Counts how often a log is rotated, by what the kernel tells of its folder: exactly, however fast that goes. A generation
 * that comes and goes between two looks leaves no other sign.
 *
 * Each rotation takes the log's name from one file and gives it to another: two events. They are told late, but in order, and
 * before the next turn of the event loop.
 */
import { basename, dirname } from 'node:path';
import type { Owned, Scope } from '../../../runtime/scope.js';
import { watchPath } from '../../../runtime/watch.js';

const EVENTS_A_ROTATION = 2;

export class RotationCount {
  /** It cannot be told any more. */
  isOver = false;
  readonly #owned: Owned;
  #events = 0;

  /** Throws the system's error where the folder cannot be watched. */
  constructor(scope: Scope, path: string) {
    const name = basename(path);
    this.#owned = watchPath(scope, dirname(path), {
      onChange: (changed, event) => {
        if (event === 'rename' && changed === name) this.#events++;
      },
      onError: () => {
        this.isOver = true;
      },
    });
  }

  /** Rotations since it was made. */
  get rotations(): number {
    return Math.floor(this.#events / EVENTS_A_ROTATION);
  }

  async release(): Promise<void> {
    await this.#owned.release();
  }
}
