/** The Loki sink: see loki-sink.ts for what it promises. */
import type { LokiSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import { LokiSink, type LokiSinkContext } from './loki-sink.js';

export function createLokiSink(name: string, config: LokiSinkConfig, context: LokiSinkContext): Sink {
  return new LokiSink(name, config, context);
}
