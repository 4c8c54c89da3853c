/** The syslog source: see source.ts. */
import type { SyslogSourceConfig } from '../../config/types.js';
import type { Source } from '../../pipeline/contract.js';
import { type SyslogContext, SyslogSource } from './source.js';

export function createSyslogSource(config: SyslogSourceConfig, context: SyslogContext): Source {
  return new SyslogSource(config, context);
}
