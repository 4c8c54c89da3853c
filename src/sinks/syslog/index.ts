/** The syslog sink: see syslog-sink.ts for what it promises. */
import type { SyslogSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import type { Logger } from '../../runtime/log.js';
import { SyslogSink } from './syslog-sink.js';

export function createSyslogSink(
  name: string,
  config: SyslogSinkConfig,
  { log }: { readonly log: Logger },
): Sink {
  return new SyslogSink(name, config, log);
}
