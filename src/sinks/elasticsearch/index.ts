/** The elasticsearch sink: bulk.ts says what it sends, http/request-sink.ts what it promises. */
import type { ElasticsearchSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import type { Logger } from '../../runtime/log.js';
import { RequestSink } from '../http/request-sink.js';
import { Bulk } from './bulk.js';

export function createElasticsearchSink(
  name: string,
  config: ElasticsearchSinkConfig,
  { log }: { readonly log: Logger },
): Sink {
  return new RequestSink(name, config, new Bulk(config), log);
}
