/** The otlp sink: otlp.ts says what it sends, http/request-sink.ts what it promises. */
import type { OtlpSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import type { Logger } from '../../runtime/log.js';
import { RequestSink } from '../http/request-sink.js';
import { Otlp } from './otlp.js';

export function createOtlpSink(
  name: string,
  config: OtlpSinkConfig,
  { log }: { readonly log: Logger },
): Sink {
  return new RequestSink(name, config, new Otlp(config), log);
}
