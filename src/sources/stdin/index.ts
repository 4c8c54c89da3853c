/** The stdin source: see stdin-source.ts. */
import type { StdinSourceConfig } from '../../config/types.js';
import type { Source } from '../../pipeline/contract.js';
import type { Labels } from '../../pipeline/streams.js';
import { StdinSource } from './stdin-source.js';

export function createStdinSource(
  name: string,
  config: StdinSourceConfig,
  { labels }: { labels: Labels },
): Source {
  return new StdinSource(name, config, labels, process.stdin);
}
