/** Metrics of the agent as a whole: which build, how its components are, what it holds. */
import type { HealthState } from '../health.js';
import type { Families } from './families.js';
import type { MetricsView } from './view.js';

const HEALTH: Readonly<Record<HealthState, number>> = { healthy: 1, degraded: 0.5, unhealthy: 0 };

export function addAgentMetrics(
  families: Families,
  prefix: string,
  { build, health, census }: Pick<MetricsView, 'build' | 'health' | 'census'>,
): void {
  const { version, revision, digest, dirty } = build;
  families.gauge(
    `${prefix}build_info`,
    'Which build this is; always 1.',
    ['version', 'revision', 'digest', 'dirty'],
    (put) => put(1, { version, revision, digest, dirty: String(dirty) }),
  );
  families.gauge(
    `${prefix}component_health`,
    'How a component is: 1 healthy, 0.5 degraded, 0 unhealthy.',
    ['component'],
    (put) => {
      for (const [component, { state }] of health.components()) put(HEALTH[state], { component });
    },
  );
  const kinds = new Set<string>();
  families.gauge(
    `${prefix}resources`,
    'What the parts of the agent own and will end, by kind.',
    ['kind'],
    (put) => {
      const owned = census();
      for (const kind of owned.keys()) kinds.add(kind);
      for (const kind of kinds) put(owned.get(kind) ?? 0, { kind });
    },
  );
}
