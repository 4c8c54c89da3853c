/** What a log that sleeps knows of its file, so that one look at its name tells whether there is something to read. */
import type { Stats } from 'node:fs';

/** The newest file, as it was when it was last read to its end. */
export interface Seen {
  readonly inode: number;
  readonly size: number;
  /** Milliseconds since 1970; 0: nothing that could be compared. */
  readonly modifiedMs: number;
}

export class Slumber {
  /** Something may have been written since it began, or it is not known. */
  mayHaveGrown = true;
  #seen: Seen | undefined;
  /** The name was taken away since it began. */
  #isRenamed = false;

  /** `isWatched`: what is written is told by the folder; else it may be at any time. */
  begin(seen: Seen, isWatched: boolean): void {
    this.#seen = seen;
    this.mayHaveGrown = !isWatched;
    this.#isRenamed = false;
  }

  /** The folder tells that the file was written to, or that its name was taken away or given: what is written then is another file. */
  heard(event: 'change' | 'rename'): void {
    if (event === 'rename') this.#isRenamed = true;
    else if (!this.#isRenamed) this.mayHaveGrown = true;
  }

  /** Whether the name bears something else than when it began. `stat`: undefined where there is nothing. */
  hasChanged(stat: Stats | undefined): boolean {
    const seen = this.#seen;
    if (!stat || !seen) return (stat === undefined) !== (seen === undefined);
    return stat.ino !== seen.inode || stat.size !== seen.size || stat.mtimeMs !== seen.modifiedMs;
  }
}
