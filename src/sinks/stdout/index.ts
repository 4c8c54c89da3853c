/** The stdout sink. */
import type { StdoutSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import { AgentError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';

export function createStdoutSink(name: string, _config: StdoutSinkConfig, _context: { log: Logger }): Sink {
  throw new AgentError('INTERNAL', `sink ${name}: stdout is not built yet.`);
}
