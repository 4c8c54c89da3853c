/** The Loki sink. */
import type { LokiSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import { AgentError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';

export function createLokiSink(name: string, _config: LokiSinkConfig, _context: { log: Logger }): Sink {
  throw new AgentError('INTERNAL', `sink ${name}: Loki is not built yet.`);
}
