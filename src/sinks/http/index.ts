/** The http sink: json-lines.ts says what it sends, request-sink.ts what it promises. */
import type { HttpSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import type { Logger } from '../../runtime/log.js';
import { JsonLines } from './json-lines.js';
import { RequestSink } from './request-sink.js';

export function createHttpSink(
  name: string,
  config: HttpSinkConfig,
  { log }: { readonly log: Logger },
): Sink {
  return new RequestSink(name, config, new JsonLines(config), log);
}
