/**
 * Metric families whose values are pulled: at each scrape every family is emptied and filled again from what components
 * count. So a series ends with what it is about, and nothing is kept twice. Histograms alone are observed as things happen.
 */
import type * as prom from 'prom-client';

/** Adds `value` to the series of these labels, which begins at 0 with each scrape. */
export type Put = (value: number, labels?: Readonly<Record<string, string>>) => void;
export type Fill = (put: Put) => void;

export interface Histogram {
  observe(value: number, labels?: Readonly<Record<string, string>>): void;
}

export class Families {
  readonly #prom: Pick<typeof prom, 'Counter' | 'Gauge' | 'Histogram'>;
  readonly #registry: prom.Registry;

  constructor(client: typeof prom, registry: prom.Registry) {
    this.#prom = client;
    this.#registry = registry;
  }

  /** `fill` puts totals, not increments. */
  counter(name: string, help: string, labelNames: readonly string[], fill: Fill): void {
    this.#registry.registerMetric(new this.#prom.Counter(pulled(name, help, labelNames, fill)));
  }

  gauge(name: string, help: string, labelNames: readonly string[], fill: Fill): void {
    this.#registry.registerMetric(new this.#prom.Gauge(pulled(name, help, labelNames, fill)));
  }

  /** `buckets` are upper bounds, ascending. */
  histogram(
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[],
  ): Histogram {
    const histogram = new this.#prom.Histogram({
      name,
      help,
      labelNames,
      buckets: [...buckets],
      registers: [this.#registry],
    });
    return { observe: (value, labels = {}) => histogram.observe({ ...labels }, value) };
  }
}

interface Filled {
  reset(): void;
  inc(labels: Record<string, string>, value: number): void;
}

function pulled(name: string, help: string, labelNames: readonly string[], fill: Fill) {
  return {
    name,
    help,
    labelNames,
    registers: [],
    collect(this: Filled) {
      this.reset();
      fill((value, labels = {}) => this.inc({ ...labels }, value));
    },
  };
}
