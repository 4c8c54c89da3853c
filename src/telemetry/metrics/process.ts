/**
 * Metrics of the process, under the names that dashboards for Node.js know. The runtime's own monitor of
 * the event loop is not used: it alone costs 0.7 % of a core.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import type { Scope } from '../../runtime/scope.js';
import type { Families } from './families.js';

const MICROS = 1e6;
const GC_KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};
/** As Node.js has it; its types do not. */
interface CollectionEntry {
  readonly duration: number;
  readonly detail: { readonly kind: number };
}
const GC_BUCKETS = [0.001, 0.01, 0.1, 1];

/** `lagSeconds` as measured for this scrape. */
export function addProcessMetrics(families: Families, scope: Scope, lagSeconds: () => number): void {
  addProcessor(families);
  addMemory(families);
  addDescriptors(families);
  families.gauge('nodejs_eventloop_lag_seconds', 'How late the event loop came to this scrape.', [], (put) =>
    put(lagSeconds()),
  );
  families.gauge('nodejs_active_resources', 'What keeps the event loop alive, by type.', ['type'], (put) => {
    for (const type of process.getActiveResourcesInfo()) put(1, { type });
  });
  const collections = families.histogram(
    'nodejs_gc_duration_seconds',
    'How long garbage collections took, by kind.',
    ['kind'],
    GC_BUCKETS,
  );
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as unknown as CollectionEntry;
      const kind = GC_KINDS[detail.kind] ?? 'unknown';
      collections.observe(duration / 1000, { kind });
    }
  });
  scope.own('listener', 'garbage collections', () => observer.disconnect());
  observer.observe({ entryTypes: ['gc'] });
}

function addProcessor(families: Families): void {
  const cpu = (name: string, help: string, micros: (usage: NodeJS.CpuUsage) => number): void =>
    families.counter(name, help, [], (put) => put(micros(process.cpuUsage()) / MICROS));
  cpu('process_cpu_user_seconds_total', 'Processor time in user mode.', ({ user }) => user);
  cpu('process_cpu_system_seconds_total', 'Processor time in the kernel.', ({ system }) => system);
  cpu('process_cpu_seconds_total', 'Processor time.', ({ user, system }) => user + system);
  const startSeconds = Math.round(Date.now() / 1000 - process.uptime());
  families.gauge('process_start_time_seconds', 'When the process started, since 1970.', [], (put) =>
    put(startSeconds),
  );
  const [major = '', minor = '', patch = ''] = process.versions.node.split('.');
  families.gauge(
    'nodejs_version_info',
    'Which Node.js this is; always 1.',
    ['version', 'major', 'minor', 'patch'],
    (put) => put(1, { version: process.version, major, minor, patch }),
  );
}

function addMemory(families: Families): void {
  const memory = (name: string, help: string, figure: keyof NodeJS.MemoryUsage): void =>
    families.gauge(name, help, [], (put) => put(process.memoryUsage()[figure]));
  families.gauge('process_resident_memory_bytes', 'Memory that is resident.', [], (put) =>
    put(process.memoryUsage.rss()),
  );
  memory('nodejs_heap_size_total_bytes', 'Size of the JavaScript heap.', 'heapTotal');
  memory('nodejs_heap_size_used_bytes', 'What of the JavaScript heap is used.', 'heapUsed');
  memory('nodejs_external_memory_bytes', 'Memory outside the heap that objects hold.', 'external');
}

function addDescriptors(families: Families): void {
  const maximum = maxDescriptors();
  if (maximum === undefined) return;
  families.gauge('process_max_fds', 'Most file descriptors that may be open.', [], (put) => put(maximum));
  families.gauge('process_open_fds', 'Open file descriptors.', [], (put) => {
    // Without the one that reading the folder takes.
    put(readdirSync('/proc/self/fd').length - 1);
  });
}

/** Undefined where there is no /proc. */
function maxDescriptors(): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return limit ? Number(limit[1]) : Number.POSITIVE_INFINITY;
  } catch {
    return undefined;
  }
}
