/** The journald source: see source.ts. */
import type { JournaldSourceConfig } from '../../config/types.js';
import type { Source } from '../../pipeline/contract.js';
import { type JournaldContext, JournaldSource } from './source.js';

export function createJournaldSource(config: JournaldSourceConfig, context: JournaldContext): Source {
  return new JournaldSource(config, context);
}
