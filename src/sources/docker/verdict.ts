/** What was decided about a container: captured, left out on purpose, or hindered by something people can change. */

import type { DockerSourceConfig } from '../../config/types.js';
import { explain, type Trouble } from './announcer.js';
import type { ContainerFacts } from './facts.js';
import { whyNotSelected } from './select.js';

export interface Verdict {
  readonly transport: 'file' | 'none';
  readonly trouble?: Trouble;
  /** Empty where it is captured. */
  readonly why: string;
}

export const CAPTURED: Verdict = { transport: 'file', why: '' };

export function hindered(trouble: Trouble): Verdict {
  return { transport: 'none', trouble, why: explain(trouble, true) };
}

/** By what is known of the container; whether its file is there and readable shows when it is opened. */
export function judge(
  facts: ContainerFacts,
  config: Pick<DockerSourceConfig, 'include' | 'exclude'>,
  selfId: string | undefined,
): Verdict {
  const unselected = whyNotSelected(facts, config, selfId);
  if (unselected) return { transport: 'none', why: unselected };
  if (facts.driver === undefined || facts.driver === 'json-file') return CAPTURED;
  return hindered({ kind: 'driver', driver: facts.driver });
}
