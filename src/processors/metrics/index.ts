/** `metrics`: counts lines, and what their fields say, for /metrics. It changes no line but to mark what is no number. */
import type { MetricsProcessorConfig } from '../../config/processor-types.js';
import type { Processor } from '../../pipeline/contract.js';
import type { Draft } from '../../pipeline/draft.js';
import type { Labels } from '../../pipeline/streams.js';
import { Budget } from '../../regex/index.js';
import { PerStream } from '../per-stream.js';
import { Tally } from '../tally.js';
import { CountedMetric } from './counted-metric.js';

export function createMetricsProcessor(name: string, config: MetricsProcessorConfig): Processor {
  const tally = new Tally(name);
  const budget = new Budget();
  const metrics = config.metrics.map((metric) => new CountedMetric(metric, budget, tally));

  function count(draft: Draft, row: number, labels: Labels): void {
    tally.lines++;
    budget.renew();
    let failure: string | undefined;
    for (const metric of metrics) failure = metric.count(draft, row, labels) ?? failure;
    if (failure !== undefined) tally.fail(draft, row, failure);
  }

  return {
    name,
    figures: tally,
    metrics,
    begin({ selects, streams }) {
      const known = new PerStream<Labels>(streams, ({ labels }) => labels);
      return {
        process(draft) {
          for (const metric of metrics) metric.begin(draft);
          for (let row = 0; row < draft.length; row++) {
            const id = draft.stream[row];
            if (selects(id)) count(draft, row, known.of(id));
          }
        },
      };
    },
  };
}
