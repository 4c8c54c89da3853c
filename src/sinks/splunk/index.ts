/** The splunk sink: collector.ts says what it sends and waits for, http/request-sink.ts what it promises. */
import type { SplunkSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import type { Logger } from '../../runtime/log.js';
import { RequestSink } from '../http/request-sink.js';
import { Collector } from './collector.js';

export function createSplunkSink(
  name: string,
  config: SplunkSinkConfig,
  { log }: { readonly log: Logger },
): Sink {
  return new RequestSink(name, config, new Collector(config), log);
}
