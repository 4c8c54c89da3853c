/**
 * Sums over a ring of sizes: where a row begins and which row is at a place, in log n, while rows come and go at both ends.
 * A Fenwick tree over `capacity` slots, a power of two; row i is in slot (start + i) % capacity.
 */
export class SumTree {
  readonly #sizes: Float64Array;
  readonly #tree: Float64Array;
  readonly #capacity: number;
  #start = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#capacity = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)));
    this.#sizes = new Float64Array(this.#capacity);
    this.#tree = new Float64Array(this.#capacity + 1);
  }

  get length(): number {
    return this.#length;
  }

  get total(): number {
    return this.#tree[this.#capacity];
  }

  size(index: number): number {
    return this.#sizes[this.#slot(index)];
  }

  set(index: number, size: number): void {
    this.#put(this.#slot(index), size);
  }

  push(size: number): void {
    this.#put(this.#slot(this.#length), size);
    this.#length++;
  }

  unshift(size: number): void {
    this.#start = (this.#start - 1 + this.#capacity) % this.#capacity;
    this.#length++;
    this.#put(this.#start, size);
  }

  shift(): void {
    this.#put(this.#start, 0);
    this.#start = (this.#start + 1) % this.#capacity;
    this.#length--;
  }

  pop(): void {
    this.#length--;
    this.#put(this.#slot(this.#length), 0);
  }

  clear(): void {
    this.#sizes.fill(0);
    this.#tree.fill(0);
    this.#start = 0;
    this.#length = 0;
  }

  /** The sum of all rows before this one; of all for `index` = length. */
  offset(index: number): number {
    const end = this.#start + index;
    if (end <= this.#capacity) return this.#prefix(end) - this.#prefix(this.#start);
    return this.total - this.#prefix(this.#start) + this.#prefix(end - this.#capacity);
  }

  /** The row at this place: the last one that begins at or before it; 0 where there are none. */
  at(place: number): number {
    if (this.#length === 0 || place <= 0) return 0;
    if (place >= this.total) return this.#length - 1;
    const before = this.#prefix(this.#start);
    const toEnd = this.total - before;
    const slot = place < toEnd ? this.#find(before + place) : this.#find(place - toEnd);
    return (slot - this.#start + this.#capacity) % this.#capacity;
  }

  /** The slot of whose sum `place` is a part. */
  #find(place: number): number {
    let slot = 0;
    let rest = place;
    for (let step = this.#capacity; step > 0; step >>= 1) {
      if (slot + step <= this.#capacity && this.#tree[slot + step] <= rest) {
        slot += step;
        rest -= this.#tree[slot];
      }
    }
    return slot;
  }

  #prefix(end: number): number {
    let sum = 0;
    for (let i = end; i > 0; i -= i & -i) sum += this.#tree[i];
    return sum;
  }

  #put(slot: number, size: number): void {
    const change = size - this.#sizes[slot];
    if (change === 0) return;
    this.#sizes[slot] = size;
    for (let i = slot + 1; i <= this.#capacity; i += i & -i) this.#tree[i] += change;
  }

  #slot(index: number): number {
    return (this.#start + index) % this.#capacity;
  }
}
