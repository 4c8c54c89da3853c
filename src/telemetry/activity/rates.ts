/**
 * How fast totals rise, by key: the last figure, and the 60 before it. A key that a sample does not name is forgotten, so
 * that what is kept is bounded by what is there. A total that falls has begun anew, at 0.
 *
 * Most totals of many do not rise: such a key costs a row of numbers, and figures only from its first rise on.
 */
export const KEPT_RATES = 60;

interface Row {
  total: number;
  /** Of this sample, where several things bear one key. */
  added: number;
  /** The last one that named it. */
  sample: number;
  /** A ring; the next figure goes to `next`. Undefined while all were 0. */
  perSecond: Float32Array | undefined;
  next: number;
  length: number;
}

/** Names a total; what is named twice in one sample is added up. */
export type AddTotal = (key: string, total: number) => void;

export class Rates {
  readonly #rows = new Map<string, Row>();
  #sampledMs: number | undefined;
  #sample = 0;

  /** `nowMs` on the monotonic clock; `fill` names the totals there are. A key that is new has no rate before the next sample. */
  sample(nowMs: number, fill: (add: AddTotal) => void): void {
    const seconds = this.#sampledMs === undefined ? 0 : (nowMs - this.#sampledMs) / 1000;
    this.#sampledMs = nowMs;
    this.#sample++;
    fill((key, total) => this.#add(key, total));
    for (const [key, row] of this.#rows) {
      if (row.sample !== this.#sample) this.#rows.delete(key);
      else keep(row, seconds);
    }
  }

  #add(key: string, total: number): void {
    const row = this.#rows.get(key);
    if (!row) {
      const sample = this.#sample;
      this.#rows.set(key, { total: NaN, added: total, sample, perSecond: undefined, next: 0, length: 0 });
    } else if (row.sample === this.#sample) row.added += total;
    else {
      row.sample = this.#sample;
      row.added = total;
    }
  }

  /** A second, between the last two samples; 0 where nothing is known. */
  now(key: string): number {
    const { perSecond, next } = this.#rows.get(key) ?? {};
    return perSecond && next !== undefined ? rounded(perSecond.at(next - 1) ?? 0) : 0;
  }

  /** The oldest first. */
  last(key: string): number[] {
    const row = this.#rows.get(key);
    if (!row) return [];
    const { perSecond, next, length } = row;
    return Array.from({ length }, (_, i) =>
      perSecond ? rounded(perSecond[(next - length + i + KEPT_RATES) % KEPT_RATES]) : 0,
    );
  }
}

function keep(row: Row, seconds: number): void {
  const { total, added } = row;
  row.total = added;
  if (Number.isNaN(total) || seconds <= 0) return;
  const risen = added >= total ? added - total : added;
  if (risen > 0) row.perSecond ??= new Float32Array(KEPT_RATES);
  if (row.perSecond) row.perSecond[row.next] = risen / seconds;
  row.next = (row.next + 1) % KEPT_RATES;
  row.length = Math.min(row.length + 1, KEPT_RATES);
}

/** Three digits are more than anybody reads. */
function rounded(rate: number): number {
  return Number(rate.toPrecision(3));
}
