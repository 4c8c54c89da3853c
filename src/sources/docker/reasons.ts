/** The one place that says in which health the source is, and why. */
import type { ComponentHealth } from '../../telemetry/health.js';
import { explain, type Trouble } from './announcer.js';

export interface Hindrances {
  /** Why there is no engine. */
  readonly engine: string | undefined;
  /** Of containers without a sign of life. */
  readonly silence: string | undefined;
  /** What is in the way of containers that are wanted but not captured, and of how many. */
  readonly captures: readonly { readonly trouble: Trouble; readonly containers: number }[];
}

export function healthOf({
  engine,
  silence,
  captures,
}: Hindrances): Pick<ComponentHealth, 'state' | 'reason'> {
  const reasons = [engine, silence].filter((reason) => reason !== undefined);
  // Without an engine it is not known whether they still are.
  if (engine === undefined)
    reasons.push(...captures.flatMap(({ trouble, containers }) => sentence(trouble, containers)));
  return { state: reasons.length > 0 ? 'degraded' : 'healthy', reason: reasons.join(' ') };
}

function sentence(trouble: Trouble, containers: number): string[] {
  // Whoever chose the driver none wanted it so.
  if (trouble.kind === 'driver' && trouble.driver === 'none') return [];
  const who = containers === 1 ? '1 container is' : `${containers} containers are`;
  return [`${who} not captured: ${explain(trouble, containers === 1)}.`];
}
