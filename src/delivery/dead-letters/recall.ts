/** Which bundles there are, from the records of all files in their order. */
import { type BundleFacts, factsOf } from './bundles.js';
import type { Stored } from './files.js';

export class Recall {
  readonly #bundles: Map<number, BundleFacts>;
  readonly #byName = new Map<string, number>();
  readonly #awaiting: Stored[] = [];

  /** Fills `bundles`, by place. */
  constructor(bundles: Map<number, BundleFacts>) {
    this.#bundles = bundles;
  }

  next(stored: Stored): void {
    const last = this.#awaiting.at(-1);
    // The write was torn before the record that they wait for: this is another one.
    if (last && last.place + last.bytes !== stored.place) this.#awaiting.length = 0;
    this.#awaiting.push(stored);
    if (stored.meta.isAwaiting === true) return;
    for (const place of stored.meta.replaces ?? []) this.#bundles.delete(place);
    for (const one of this.#awaiting.splice(0)) this.#add(one);
  }

  #add({ place, bytes, meta: { bundle } }: Stored): void {
    if (!bundle) return;
    // A write that failed may have come through, and been done again.
    const { sink, lane, lsn, rows, attempts } = bundle;
    const name = JSON.stringify([sink, lane, lsn, rows[0], rows.length, attempts]);
    if (this.#bundles.has(this.#byName.get(name) ?? -1)) return;
    this.#byName.set(name, place);
    this.#bundles.set(place, factsOf(place, bytes, bundle));
  }
}
