/** Open output files, the least recently used ones closed beyond a limit. For one user at a time. */
import type { Owned, Scope } from '../../runtime/scope.js';
import type { Files, OpenFile } from './files.js';

const MAX_OPEN = 128;

interface Held {
  readonly file: OpenFile;
  readonly owned: Owned;
}

export class Handles {
  readonly #files: Files;
  readonly #scope: Scope;
  readonly #held = new Map<string, Held>();

  constructor(files: Files, scope: Scope) {
    this.#files = files;
    this.#scope = scope;
  }

  /** The file at `path`, made when missing. Valid until the next call. */
  async get(path: string): Promise<OpenFile> {
    let held = this.#held.get(path);
    if (held) {
      this.#held.delete(path);
    } else {
      const [oldest] = this.#held.keys();
      if (this.#held.size >= MAX_OPEN) await this.release(oldest);
      const file = await this.#files.open(path);
      held = { file, owned: this.#scope.own('file', path, () => file.close()) };
    }
    this.#held.set(path, held);
    return held.file;
  }

  async release(path: string): Promise<void> {
    const held = this.#held.get(path);
    this.#held.delete(path);
    await held?.owned.release();
  }

  async releaseAll(): Promise<void> {
    for (const path of this.#held.keys()) await this.release(path);
  }
}
