/** Metrics of the agent as a whole: which build, how its components are, what it holds. */
import type { HealthState } from '../health.js';
import type { Families } from './families.js';
import type { MetricsView } from './view.js';

const HEALTH: Readonly<Record<HealthState, number>> = { healthy: 1, degraded: 0.5, unhealthy: 0 };

/** `unowned` is of the moment of the scrape. */
export function addAgentMetrics(
  families: Families,
  prefix: string,
  {
    build,
    isBuildStale,
    health,
    owned,
    messages,
    reloads,
  }: Pick<MetricsView, 'build' | 'isBuildStale' | 'health' | 'owned' | 'messages' | 'reloads'>,
  unowned: () => Readonly<Record<string, number>> | undefined,
): void {
  const { version, revision, digest, dirty } = build;
  families.gauge(
    `${prefix}build_info`,
    'Which build this is; always 1.',
    ['version', 'revision', 'digest', 'dirty'],
    (put) => put(1, { version, revision, digest, dirty: String(dirty) }),
  );
  families.gauge(
    `${prefix}build_stale`,
    'Whether the program on the disk is another build than the one that runs, which has to be restarted: 0 or 1.',
    [],
    (put) => put(isBuildStale() ? 1 : 0),
  );
  families.gauge(
    `${prefix}component_health`,
    'How a component is: 1 healthy, 0.5 degraded, 0 unhealthy.',
    ['component'],
    (put) => {
      for (const [component, { state }] of health.components()) put(HEALTH[state], { component });
    },
  );
  families.counter(
    `${prefix}config_reloads_total`,
    'Reloads of the configuration: applied, unchanged (nothing was different), refused (the one before goes on), failed (half-way: only a restart helps).',
    ['result'],
    (put) => {
      for (const [result, count] of Object.entries(reloads().results)) put(count, { result });
    },
  );
  families.gauge(
    `${prefix}config_last_reload_successful`,
    'Whether the configuration in force is that of the last reload: 0 where it was refused or failed.',
    [],
    (put) => put(reloads().isLastGood ? 1 : 0),
  );
  const kinds = new Set<string>();
  families.gauge(
    `${prefix}resources`,
    'What the parts of the agent own and will end, by kind.',
    ['kind'],
    (put) => {
      const counts = owned();
      for (const kind of counts.keys()) kinds.add(kind);
      for (const kind of kinds) put(counts.get(kind) ?? 0, { kind });
    },
  );
  families.gauge(
    `${prefix}unowned_resources`,
    'What the process holds and no part of the agent owns, by kind: 0, or something leaks.',
    ['kind'],
    (put) => {
      for (const [kind, count] of Object.entries(unowned() ?? {})) put(count, { kind });
    },
  );
  families.counter(
    `${prefix}errors_logged_total`,
    "Messages of the agent's own log at level warn and error, those too that were held back as repetitions.",
    ['level'],
    (put) => {
      for (const [level, count] of Object.entries(messages)) put(count, { level });
    },
  );
}
