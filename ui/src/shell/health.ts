/** What the agent says of itself, asked every few seconds while somebody looks. */
import { signal } from '@preact/signals';

export interface ComponentHealth {
  readonly state: string;
  readonly reason: string;
}

export interface Health {
  /** `lost`: the agent does not answer; then the rest is what it said last. */
  readonly status: 'healthy' | 'degraded' | 'unhealthy' | 'lost';
  readonly components: Readonly<Record<string, ComponentHealth>>;
  readonly build?: { readonly version: string; readonly revision: string; readonly digest: string };
}

const INTERVAL_MS = 5_000;

/** Undefined until the first answer. */
export const health = signal<Health | undefined>(undefined);

/** Asks now and from then on, but not in a hidden tab. Called once, by the shell. */
export function followHealth(): () => void {
  const ask = (): void => {
    if (!document.hidden) void refresh();
  };
  ask();
  const timer = setInterval(ask, INTERVAL_MS);
  document.addEventListener('visibilitychange', ask);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', ask);
  };
}

async function refresh(): Promise<void> {
  try {
    // 503 is an answer too: that of an agent that is unhealthy.
    const response = await fetch('health');
    const said = (await response.json()) as Health;
    if (said.components === undefined) location.reload();
    else health.value = said;
  } catch {
    health.value = { components: {}, ...health.value, status: 'lost' };
  }
}

/** The components that are not well, with what they say. */
export function reasonsOf({
  components,
}: Health): { readonly name: string; readonly reason: string; readonly state: string }[] {
  return Object.entries(components)
    .filter(([, { state }]) => state !== 'healthy')
    .map(([name, { state, reason }]) => ({ name, state, reason }));
}
