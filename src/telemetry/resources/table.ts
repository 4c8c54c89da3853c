/**
 * Rows of numbers over time, the last so many of them: the first column is the time. What is full passes each `thinning`
 * rows on as one, so that a day takes no more memory than an hour does twice.
 */
export class Table {
  readonly #rows: Float64Array;
  readonly #columns: number;
  readonly #capacity: number;
  #next = 0;
  #length = 0;

  constructor(capacity: number, columns: number) {
    this.#capacity = capacity;
    this.#columns = columns;
    this.#rows = new Float64Array(capacity * columns);
  }

  add(row: readonly number[]): void {
    this.#rows.set(row, this.#next * this.#columns);
    this.#next = (this.#next + 1) % this.#capacity;
    this.#length = Math.min(this.#length + 1, this.#capacity);
  }

  /** The oldest first. */
  *rows(): Generator<Float64Array> {
    for (let i = 0; i < this.#length; i++) {
      const row = (this.#next - this.#length + i + this.#capacity) % this.#capacity;
      yield this.#rows.subarray(row * this.#columns, (row + 1) * this.#columns);
    }
  }
}
