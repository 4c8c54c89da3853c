/** Metrics of what becomes of journaled lines, by sink. */
import { sinkDelivery, sinkRequest } from '../../runtime/probes.js';
import type { Scope } from '../../runtime/scope.js';
import { listen } from './channels.js';
import type { Families } from './families.js';
import type { SinkFigures } from './view.js';

const CIRCUIT = { closed: 0, 'half-open': 1, open: 2 } as const;
const LOSSES = ['cap', 'damaged'];
const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function addSinkMetrics(
  families: Families,
  prefix: string,
  scope: Scope,
  figures: () => readonly SinkFigures[],
): void {
  const counter = (name: string, help: string, value: (sink: SinkFigures) => number): void =>
    families.counter(`${prefix}${name}`, help, ['sink'], (put) => {
      for (const sink of figures()) put(value(sink), { sink: sink.name });
    });
  const gauge = (name: string, help: string, value: (sink: SinkFigures) => number): void =>
    families.gauge(`${prefix}${name}`, help, ['sink'], (put) => {
      for (const sink of figures()) put(value(sink), { sink: sink.name });
    });

  counter('lines_delivered_total', 'Lines that the sink has.', (sink) => sink.linesDelivered);
  counter(
    'lines_passed_over_total',
    'Lines that are not for the sink, by its match.',
    (sink) => sink.linesPassedOver,
  );
  families.counter(
    `${prefix}lines_rejected_total`,
    'Lines that the sink will not have, by reason.',
    ['sink', 'reason'],
    (put) => {
      for (const { name, linesRejected } of figures()) {
        for (const [reason, lines] of Object.entries(linesRejected)) put(lines, { sink: name, reason });
      }
    },
  );
  families.counter(
    `${prefix}lines_dropped_total`,
    'Lines that the journal no longer had for the sink: cap, its size limit was reached; damaged, they cannot be read.',
    ['sink', 'reason'],
    (put) => {
      for (const { name, linesLost } of figures()) {
        for (const reason of LOSSES) put(linesLost[reason] ?? 0, { sink: name, reason });
      }
    },
  );
  gauge(
    'lines_pending',
    'Lines in the journal that the sink has still to get, or to pass over.',
    (sink) => sink.linesPending,
  );
  gauge(
    'sink_pending_bytes',
    'Bytes of the journal from the oldest line that waits for the sink on; lost from the front where they fill it.',
    (sink) => sink.bytesPending,
  );
  gauge(
    'sink_lag_seconds',
    'Age of the oldest live line that waits for the sink; old lines being caught up do not count.',
    (sink) => sink.lagSeconds,
  );
  gauge(
    'sink_circuit_state',
    'The circuit breaker: 0 closed (deliveries go through), 1 half-open (one is tried), 2 open (waiting after failures).',
    (sink) => CIRCUIT[sink.circuit],
  );
  const durations = families.histogram(
    `${prefix}sink_delivery_duration_seconds`,
    'How long the sink took for one delivery, failed ones, pauses and all its requests included.',
    ['sink'],
    BUCKETS,
  );
  listen(scope, sinkDelivery, (message) => {
    const { sink, seconds } = message as { sink: string; seconds: number };
    durations.observe(seconds, { sink });
  });
  const requests = families.histogram(
    `${prefix}sink_request_duration_seconds`,
    "How long the sink's server took to answer a request; status is error where there was no answer.",
    ['sink', 'status'],
    BUCKETS,
  );
  listen(scope, sinkRequest, (message) => {
    const { sink, seconds, status } = message as { sink: string; seconds: number; status: number | 'error' };
    requests.observe(seconds, { sink, status: String(status) });
  });
}
