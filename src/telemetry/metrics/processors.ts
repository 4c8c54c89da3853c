/** Metrics of processors, and those that processors make of lines. */
import type { LineMetric, Processor } from '../../pipeline/contract.js';
import type { Families, Put } from './families.js';
import { headOf, labelText, sampleLine } from './text-form.js';

/** What the metrics see of a processor. Where a container tunes one there are several of one name: they are one here. */
export type ProcessorView = Pick<Processor, 'name' | 'figures' | 'metrics'>;

export function addProcessorMetrics(
  families: Families,
  prefix: string,
  processors: () => readonly ProcessorView[],
  filtered: () => ReadonlyMap<string, number>,
): void {
  families.counter(
    `${prefix}lines_filtered_total`,
    'Lines that a processor took out, by the name of the processor; over restarts.',
    ['reason'],
    (put) => {
      for (const [reason, lines] of filtered()) put(lines, { reason });
    },
  );
  families.counter(
    `${prefix}processor_lines_total`,
    'Lines that a processor looked at.',
    ['processor'],
    (put) => {
      for (const { name, figures } of processors()) put(figures.lines, { processor: name });
    },
  );
  families.counter(
    `${prefix}processor_failed_total`,
    'Lines that a processor could not handle, by reason: they passed unchanged.',
    ['processor', 'reason'],
    (put) => {
      for (const { name, figures } of processors())
        each(figures.failed, (reason, lines) => put(lines, { processor: name, reason }));
    },
  );
  families.counter(
    `${prefix}processor_done_total`,
    'What a processor did, in words of its own: redactions by rule, fields that did not fit.',
    ['processor', 'what'],
    (put: Put) => {
      for (const { name, figures } of processors())
        each(figures.done, (what, times) => put(times, { processor: name, what }));
    },
  );
}

function each(counts: ReadonlyMap<string, number>, put: (name: string, count: number) => void): void {
  for (const [name, count] of counts) put(name, count);
}

/** Rendered apart: these families come and go with the configuration. */
export function lineMetricsText(processors: readonly ProcessorView[]): string {
  return processors
    .flatMap(({ metrics = [] }) => metrics)
    .map(familyText)
    .join('');
}

function familyText({ name, help, labelNames, buckets, series }: LineMetric): string {
  const rows = [headOf(name, buckets ? 'histogram' : 'counter', help)];
  for (const { labels, value, count, buckets: counts } of series) {
    const own = labelText(Object.fromEntries(labelNames.map((label, i) => [label, labels[i]])));
    if (!buckets) {
      rows.push(sampleLine(name, own, value));
      continue;
    }
    const before = own === '' ? '' : `${own},`;
    for (const [i, bound] of buckets.entries())
      rows.push(sampleLine(`${name}_bucket`, `${before}le="${bound}"`, counts[i]));
    rows.push(sampleLine(`${name}_bucket`, `${before}le="+Inf"`, count));
    rows.push(sampleLine(`${name}_sum`, own, value));
    rows.push(sampleLine(`${name}_count`, own, count));
  }
  return `${rows.join('\n')}\n`;
}
