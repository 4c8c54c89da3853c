/** Components of one kind that run, each in a scope of its own, so that one can end and begin while the others go on. */
import { describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';

export class RunningSet<T extends { readonly scope: Scope }> {
  readonly #kind: 'sink' | 'source';
  readonly #log: Logger;
  readonly #running = new Map<string, T>();

  constructor(kind: 'sink' | 'source', log: Logger) {
    this.#kind = kind;
    this.#log = log;
  }

  /** By name, in the order of the configuration. */
  get all(): ReadonlyMap<string, T> {
    return this.#running;
  }

  /** Drains and closes those that run under `names`, all at once; `onEnd` gets each when it has ended, well or not. */
  async end(names: readonly string[], onEnd: (name: string, ended: T) => void): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        const running = this.#running.get(name);
        if (!running) return;
        try {
          await running.scope.close();
        } catch (error) {
          const said = `The ${this.#kind} ${name} did not end well: ${describeError(error)}`;
          this.#log.error({ err: error }, said);
        }
        onEnd(name, running);
        this.#running.delete(name);
      }),
    );
  }

  /** Those of `names` run from now on, in this order: the ones of `begun`, and those that ran before. */
  begin(names: readonly string[], begun: ReadonlyMap<string, T>): void {
    for (const name of names) {
      const running = begun.get(name) ?? this.#running.get(name);
      if (!running) continue;
      this.#running.delete(name);
      this.#running.set(name, running);
    }
  }
}
