/** Metrics of what sources read, and of what of it was lost count of. */
import type { OpenStream, ReadTotals, SourceFigures } from '../../pipeline/contract.js';
import { addReads, noReads } from '../../pipeline/read-totals.js';
import { ContainerSeries, type Row } from './container-series.js';
import type { Families } from './families.js';

const MAX_CONTAINERS = 1_000;
const TRANSPORTS = ['file', 'api'] as const;

/** `figures` and `unaccounted` are of one moment; each scrape has its own. */
export function addSourceMetrics(
  families: Families,
  prefix: string,
  figures: () => readonly SourceFigures[],
  unaccounted: () => Readonly<Record<string, number>>,
  gaps: () => ReadonlyMap<string, number>,
  streamMaxAgeMs: () => number,
): void {
  const series = new ContainerSeries(MAX_CONTAINERS);
  let rows = new Map<string, Row>();
  let totals = noReads();

  // The first family to be filled takes stock for the others.
  families.counter(
    `${prefix}lines_read_total`,
    'Lines read in this run. What ended is in container="_retired", which therefore jumps: leave it out of rates.',
    ['container'],
    (put) => {
      ({ rows, totals } = stock(series, figures()));
      for (const [container, { lines }] of rows) put(lines, { container });
    },
  );
  families.counter(
    `${prefix}bytes_read_total`,
    'Bytes of logs read in this run, as the runtime keeps them; series as of lines_read_total.',
    ['container'],
    (put) => {
      for (const [container, { bytes }] of rows) put(bytes, { container });
    },
  );
  families.gauge(
    `${prefix}unaccounted_lines`,
    'Lines that were lost count of, by stage, over restarts: 0, or the agent is wrong. "log-capturer ledger" shows whose.',
    ['stage'],
    (put) => {
      for (const [stage, lines] of Object.entries(unaccounted())) put(lines, { stage });
    },
  );
  families.counter(
    `${prefix}stream_gaps_total`,
    'Gaps, which are lines of a container that are missing, by reason; /api/v1/gaps tells whose, and from when to when.',
    ['reason'],
    (put) => {
      for (const [reason, count] of gaps()) put(count, { reason });
    },
  );
  families.counter(
    `${prefix}late_lines_total`,
    "Lines that an engine's API had left out when a log rotated, and that were delivered behind later ones.",
    [],
    (put) => put(totals.linesLate),
  );
  families.counter(
    `${prefix}stream_rotations_total`,
    "Streams of an engine's API that came to their age, and log files that the engine replaced while they were read.",
    [],
    (put) => put(totals.rotations),
  );
  families.counter(
    `${prefix}log_requests_total`,
    "Requests for logs at the engine's API: streams, and looks at the newest lines of a log.",
    [],
    (put) => put(totals.requests),
  );
  families.gauge(
    `${prefix}stream_capacity`,
    "How many logs may be read through an engine's API at once.",
    [],
    (put) => {
      put(0);
      for (const { streamCapacity } of figures()) put(streamCapacity);
    },
  );
  families.gauge(`${prefix}streams_waiting`, 'Logs that wait for their turn to be read.', [], (put) => {
    put(0);
    for (const { waiting } of figures()) put(waiting);
  });
  families.counter(
    `${prefix}heartbeats_total`,
    'One every 30 seconds for each captured container that runs and has shown a sign of life within that time.',
    [],
    (put) => put(totals.heartbeats),
  );
  families.gauge(
    `${prefix}stalled_containers`,
    'Captured containers that run and have shown no sign of life for liveness_timeout.',
    [],
    (put) => {
      put(0);
      for (const { stalled } of figures()) put(stalled);
    },
  );
  families.gauge(
    `${prefix}active_streams`,
    'Logs that are open now, by how they are read.',
    ['transport'],
    (put) => {
      for (const transport of TRANSPORTS) put(0, { transport });
      for (const { streams } of figures()) for (const { transport } of streams) put(1, { transport });
    },
  );
  families.gauge(
    `${prefix}stream_age_seconds`,
    'Since when the open log of a container, the oldest of several, is open.',
    ['container', 'transport'],
    (put) => {
      for (const transport of TRANSPORTS)
        for (const [container, seconds] of ages(series, figures(), transport))
          put(seconds, { container, transport });
    },
  );
  families.gauge(
    `${prefix}stream_max_age_seconds`,
    "Streams of an engine's API that are older are ended and opened again; 0 where there is no such source.",
    [],
    (put) => put(streamMaxAgeMs() / 1000),
  );
  families.gauge(
    `${prefix}containers`,
    'Known containers by how they are read; none: not captured.',
    ['transport'],
    (put) => {
      for (const transport of ['file', 'api', 'none']) put(0, { transport });
      for (const { containers } of figures()) {
        for (const [transport, count] of Object.entries(containers)) put(count, { transport });
      }
    },
  );
}

function stock(
  series: ContainerSeries,
  sources: readonly SourceFigures[],
): { rows: Map<string, Row>; totals: ReadTotals } {
  const totals = noReads();
  const retired = noReads();
  const active = new Map<string, Row>();
  for (const source of sources) {
    addReads(retired, source.retired);
    addReads(totals, source.retired);
    for (const [name, read] of source.active) {
      addReads(totals, read);
      const before = active.get(name);
      active.set(name, {
        lines: (before?.lines ?? 0) + read.linesRead,
        bytes: (before?.bytes ?? 0) + read.bytesRead,
      });
    }
  }
  return { rows: series.rows(active, { lines: retired.linesRead, bytes: retired.bytesRead }), totals };
}

function ages(
  series: ContainerSeries,
  sources: readonly SourceFigures[],
  by: OpenStream['transport'],
): Map<string, number> {
  const oldest = new Map<string, number>();
  const now = Date.now();
  for (const { streams } of sources) {
    for (const { container, transport, openedMs } of streams) {
      if (transport !== by) continue;
      const name = series.seriesOf(container);
      oldest.set(name, Math.max(oldest.get(name) ?? 0, (now - openedMs) / 1000));
    }
  }
  return oldest;
}
