/**
 * How fast totals rise, by key: the last figure, and the 60 before it. A key that a sample does not name is forgotten, so
 * that what is kept is bounded by what is there. A total that falls has begun anew, at 0.
 */
export const KEPT_RATES = 60;

interface Row {
  total: number;
  /** A ring; the next figure goes to `next`. */
  readonly perSecond: Float32Array;
  next: number;
  length: number;
}

export class Rates {
  readonly #rows = new Map<string, Row>();
  #sampledMs: number | undefined;

  /** `nowMs` on the monotonic clock. A key that is new has no rate before the next sample. */
  sample(nowMs: number, totals: Iterable<readonly [key: string, total: number]>): void {
    const seconds = this.#sampledMs === undefined ? 0 : (nowMs - this.#sampledMs) / 1000;
    this.#sampledMs = nowMs;
    const left = new Set(this.#rows.keys());
    for (const [key, total] of totals) {
      left.delete(key);
      const row = this.#rows.get(key);
      if (!row) {
        this.#rows.set(key, { total, perSecond: new Float32Array(KEPT_RATES), next: 0, length: 0 });
        continue;
      }
      const risen = total >= row.total ? total - row.total : total;
      row.total = total;
      if (seconds <= 0) continue;
      row.perSecond[row.next] = risen / seconds;
      row.next = (row.next + 1) % KEPT_RATES;
      row.length = Math.min(row.length + 1, KEPT_RATES);
    }
    for (const key of left) this.#rows.delete(key);
  }

  /** A second, between the last two samples; 0 where nothing is known. */
  now(key: string): number {
    const row = this.#rows.get(key);
    return row === undefined || row.length === 0 ? 0 : rounded(row.perSecond.at(row.next - 1) ?? 0);
  }

  /** The oldest first. */
  last(key: string): number[] {
    const row = this.#rows.get(key);
    if (!row) return [];
    const { perSecond, next, length } = row;
    return Array.from({ length }, (_, i) =>
      rounded(perSecond[(next - length + i + KEPT_RATES) % KEPT_RATES]),
    );
  }
}

/** Three digits are more than anybody reads. */
function rounded(rate: number): number {
  return Number(rate.toPrecision(3));
}
