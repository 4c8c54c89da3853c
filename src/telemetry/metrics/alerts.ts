/** Metrics of alerts on lines. */
import type { Families } from './families.js';
import type { AlertFigures } from './view.js';

export function addAlertMetrics(families: Families, prefix: string, figures: () => AlertFigures): void {
  families.counter(`${prefix}alerts_fired_total`, 'Times that an alert fired.', ['alert'], (put) => {
    for (const [alert, times] of figures().fired) put(times, { alert });
  });
  families.counter(
    `${prefix}alert_deliveries_total`,
    'Messages of alerts, tests included: ok, or failed after all attempts.',
    ['alert', 'outcome'],
    (put) => {
      const { delivered, failed } = figures();
      for (const [alert, times] of delivered) put(times, { alert, outcome: 'ok' });
      for (const [alert, times] of failed) put(times, { alert, outcome: 'failed' });
    },
  );
}
