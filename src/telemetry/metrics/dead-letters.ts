/** Metrics of what sinks refused for good. */
import type { Families } from './families.js';
import type { DeadLetterFigures } from './view.js';

export function addDeadLetterMetrics(
  families: Families,
  prefix: string,
  figures: () => DeadLetterFigures,
): void {
  families.gauge(
    `${prefix}dead_letters`,
    'Lines that sinks refused and that are kept, to be looked at and delivered again.',
    ['sink', 'reason'],
    (put) => {
      for (const { sink, reason, lines } of figures().counts) put(lines, { sink, reason });
    },
  );
  families.gauge(`${prefix}dead_letters_bytes`, 'Bytes of them on disk.', [], (put) => put(figures().bytes));
  families.counter(
    `${prefix}dead_letters_dropped_total`,
    'Lines that were refused and are kept no more: for room, for their age, or because the disk would not take them.',
    ['sink', 'reason'],
    (put) => {
      for (const { sink, reason, lines } of figures().dropped) put(lines, { sink, reason });
    },
  );
}
