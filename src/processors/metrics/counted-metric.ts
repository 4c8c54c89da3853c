/** One metric that is made of lines, and its series: bounded in number, because labels may come from what lines hold. */
import type { LineMetricConfig } from '../../config/processor-types.js';
import type { LineMetric, LineSeries } from '../../pipeline/contract.js';
import type { Draft } from '../../pipeline/draft.js';
import { type FieldName, fieldName } from '../../pipeline/metadata.js';
import type { Labels } from '../../pipeline/streams.js';
import type { Budget } from '../../regex/index.js';
import { LineQuery } from '../line-query.js';
import type { Tally } from '../tally.js';

const MAX_SERIES = 1_000;
const MAX_LABEL_BYTES = 256;
const MAX_NUMBER_BYTES = 64;
const PREFIX = 'log_capturer_custom_';

interface Series {
  readonly labels: readonly string[];
  value: number;
  count: number;
  readonly buckets: number[];
}

export class CountedMetric implements LineMetric {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds; undefined: a counter. */
  readonly buckets: readonly number[] | undefined;
  readonly #where: LineQuery | undefined;
  readonly #value: FieldName | undefined;
  readonly #fields: readonly FieldName[];
  readonly #tally: Tally;
  readonly #series = new Map<string, Series>();

  constructor(
    { name, kind, help, where, value, labels, buckets }: LineMetricConfig,
    budget: Budget,
    tally: Tally,
  ) {
    this.name = PREFIX + name;
    this.help = help;
    this.labelNames = labels;
    this.buckets = kind === 'histogram' ? buckets : undefined;
    this.#where = where === undefined ? undefined : new LineQuery(where, budget);
    this.#value = value === undefined ? undefined : fieldName(value);
    this.#fields = labels.map(fieldName);
    this.#tally = tally;
    // A counter without labels is there from the beginning, so that its first line is an increase.
    if (labels.length === 0) this.#seriesOf('', []);
  }

  get series(): Iterable<LineSeries> {
    return this.#series.values();
  }

  begin(draft: Draft): void {
    this.#where?.begin(draft);
  }

  /** Answers what is wrong with the line, where something is. */
  count(draft: Draft, row: number, labels: Labels): string | undefined {
    const where = this.#where;
    if (where) {
      if (!where.wantsStream(labels)) return undefined;
      const wanted = where.wants(draft, row, labels);
      if (wanted === undefined) return 'too_costly';
      if (!wanted) return undefined;
    }
    const value = this.#valueOf(draft, row);
    if (value === undefined) return undefined;
    if (Number.isNaN(value) || (value < 0 && !this.buckets)) return 'not_a_number';
    const series = this.#seriesFor(draft, row, labels);
    if (!series) {
      this.#tally.did('series_refused');
      return undefined;
    }
    series.value += value;
    series.count++;
    const { buckets } = this;
    if (buckets) for (let i = 0; i < buckets.length; i++) if (value <= buckets[i]) series.buckets[i]++;
    return undefined;
  }

  /** 1 where lines are counted, undefined where the line has none, NaN where it is no number. */
  #valueOf({ metadata }: Draft, row: number): number | undefined {
    if (this.#value === undefined) return 1;
    if (!metadata?.find(row, this.#value)) return undefined;
    const { bytes, valueStart, valueEnd } = metadata;
    if (valueEnd - valueStart > MAX_NUMBER_BYTES) return Number.NaN;
    const text = bytes.toString('latin1', valueStart, valueEnd).trim();
    const value = text === '' ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : Number.NaN;
  }

  #seriesFor({ metadata }: Draft, row: number, labels: Labels): Series | undefined {
    const { labelNames } = this;
    if (labelNames.length === 0) return this.#seriesOf('', []);
    const values = labelNames.map((name, i) => {
      if (!metadata?.find(row, this.#fields[i])) return Object.hasOwn(labels, name) ? labels[name] : '';
      const { bytes, valueStart, valueEnd } = metadata;
      return bytes.toString('utf8', valueStart, Math.min(valueEnd, valueStart + MAX_LABEL_BYTES));
    });
    return this.#seriesOf(JSON.stringify(values), values);
  }

  #seriesOf(key: string, labels: readonly string[]): Series | undefined {
    let series = this.#series.get(key);
    if (series || this.#series.size === MAX_SERIES) return series;
    series = { labels, value: 0, count: 0, buckets: this.buckets?.map(() => 0) ?? [] };
    this.#series.set(key, series);
    return series;
  }
}
