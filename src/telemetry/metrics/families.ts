/**
 * Metric families in Prometheus' text form 0.0.4. Values are pulled: at each scrape every family is filled anew from what
 * components count. So a series ends with what it is about, and nothing is kept twice. Histograms alone are observed as things happen.
 */
import { AgentError } from '../../runtime/errors.js';
import { headOf, labelText, sampleLine } from './text-form.js';

/** Adds `value` to the series of these labels, which begins at 0 with each scrape. */
export type Put = (value: number, labels?: Readonly<Record<string, string>>) => void;
export type Fill = (put: Put) => void;

export interface Histogram {
  observe(value: number, labels?: Readonly<Record<string, string>>): void;
}

/** For documents. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labelNames: readonly string[];
}

interface Rendered extends Family {
  /** Appends a line for each sample. */
  readonly render: (rows: string[]) => void;
}

export class Families {
  readonly #families = new Map<string, Rendered>();

  get all(): readonly Family[] {
    return [...this.#families.values()];
  }

  /** `fill` puts totals, not increments. */
  counter(name: string, help: string, labelNames: readonly string[], fill: Fill): void {
    this.#add({ name, type: 'counter', help, labelNames, render: pulled(name, labelNames, fill) });
  }

  gauge(name: string, help: string, labelNames: readonly string[], fill: Fill): void {
    this.#add({ name, type: 'gauge', help, labelNames, render: pulled(name, labelNames, fill) });
  }

  /** `buckets` are upper bounds, ascending. */
  histogram(
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[],
  ): Histogram {
    const observed = new Map<string, Observations>();
    const of = (labels: string): Observations => {
      const known = observed.get(labels) ?? { buckets: new Float64Array(buckets.length), sum: 0, count: 0 };
      observed.set(labels, known);
      return known;
    };
    if (labelNames.length === 0) of('');
    const render = (rows: string[]): void => {
      for (const [labels, row] of observed) renderHistogram(rows, name, labels, buckets, row);
    };
    this.#add({ name, type: 'histogram', help, labelNames, render });
    return {
      observe(value, labels = {}) {
        const row = of(labelText(labels));
        row.sum += value;
        row.count++;
        const bucket = buckets.findIndex((bound) => value <= bound);
        if (bucket >= 0) row.buckets[bucket]++;
      },
    };
  }

  /** All series as of now, in one synchronous step. */
  text(): string {
    const rows: string[] = [];
    for (const { name, type, help, render } of this.#families.values()) {
      rows.push(headOf(name, type, help));
      render(rows);
    }
    return `${rows.join('\n')}\n`;
  }

  #add(family: Rendered): void {
    const { name } = family;
    if (this.#families.has(name)) throw new AgentError('INTERNAL', `There are two metrics "${name}".`);
    this.#families.set(name, family);
  }
}

interface Observations {
  /** Of each bucket alone. */
  readonly buckets: Float64Array;
  sum: number;
  count: number;
}

/** A family without labels always has its one series. */
function pulled(name: string, labelNames: readonly string[], fill: Fill): Rendered['render'] {
  return (rows) => {
    const series = new Map<string, number>(labelNames.length === 0 ? [['', 0]] : []);
    fill((value, labels) => {
      const text = labels === undefined ? '' : labelText(labels);
      series.set(text, (series.get(text) ?? 0) + value);
    });
    for (const [labels, value] of series) rows.push(sampleLine(name, labels, value));
  };
}

function renderHistogram(
  rows: string[],
  name: string,
  labels: string,
  buckets: readonly number[],
  row: Observations,
): void {
  const own = labels === '' ? '' : `${labels},`;
  let count = 0;
  for (const [i, bound] of buckets.entries()) {
    count += row.buckets[i];
    rows.push(sampleLine(`${name}_bucket`, `${own}le="${bound}"`, count));
  }
  rows.push(sampleLine(`${name}_bucket`, `${own}le="+Inf"`, row.count));
  rows.push(sampleLine(`${name}_sum`, labels, row.sum));
  rows.push(sampleLine(`${name}_count`, labels, row.count));
}
