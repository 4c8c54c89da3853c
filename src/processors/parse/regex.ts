/** Lines in which a pattern of the user matches: each named group is a field. */

import type { FieldSet, Slot } from '../../pipeline/fields.js';
import { Budget, compileFinder, type Finder } from '../../regex/index.js';
import type { Format } from './format.js';

export class RegexFormat implements Format {
  readonly #fields: FieldSet;
  readonly #budget = new Budget();
  readonly #finder: Finder;
  readonly #slots: readonly (Slot | undefined)[];

  /** Throws a PatternError. */
  constructor(pattern: string, fields: FieldSet) {
    this.#fields = fields;
    this.#finder = compileFinder(pattern, this.#budget);
    this.#slots = this.#finder.names.map((name) => (name === undefined ? undefined : fields.slot(name)));
  }

  read(data: Buffer, start: number, end: number): string | undefined {
    this.#budget.renew();
    const isFound = this.#finder.find(data, start, end);
    if (isFound === undefined) return 'too_costly';
    if (!isFound) return 'regex';
    const { starts, ends } = this.#finder;
    for (let i = 1; i < this.#slots.length; i++) {
      const slot = this.#slots[i];
      if (slot !== undefined && starts[i] >= 0) this.#fields.put(slot, starts[i], ends[i]);
    }
    return undefined;
  }
}
