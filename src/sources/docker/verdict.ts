/** What was decided about a container: captured, and how; left out on purpose; or hindered by something people can change. */

import type { DockerSourceConfig } from '../../config/types.js';
import { explain, type Trouble } from './announcer.js';
import type { ContainerFacts } from './facts.js';
import { whyNotSelected } from './select.js';
import { chooseTransport, type Transport, type Ways } from './transport.js';

export interface Verdict {
  readonly transport: Transport | 'none';
  /** Why this transport; empty where it is not captured. */
  readonly transportWhy: string;
  readonly trouble?: Trouble;
  /** Why it is not captured; empty where it is. */
  readonly why: string;
}

export type CaptureRules = Pick<DockerSourceConfig, 'include' | 'exclude' | 'transport'>;

export function judge(
  facts: ContainerFacts,
  rules: CaptureRules,
  selfId: string | undefined,
  ways: () => Ways,
): Verdict {
  const unselected = whyNotSelected(facts, rules, selfId);
  if (unselected) return { transport: 'none', transportWhy: '', why: unselected };
  const { transport, why, trouble } = chooseTransport(facts, rules.transport, ways());
  return {
    transport: transport ?? 'none',
    transportWhy: why,
    why: !transport && trouble ? explain(trouble, true) : '',
    ...(trouble && { trouble }),
  };
}
