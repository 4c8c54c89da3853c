/** The stdout sink: see stdout-sink.ts for what it writes. */
import type { StdoutSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import { StdoutSink } from './stdout-sink.js';

export function createStdoutSink(name: string, _config: StdoutSinkConfig, _context: object): Sink {
  return new StdoutSink(name, process.stdout);
}
