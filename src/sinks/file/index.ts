/** The file sink: see file-sink.ts for what it promises. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { Sink } from '../../pipeline/contract.js';
import type { Logger } from '../../runtime/log.js';
import type { FileSinkConfig } from './config.js';
import { FileSink } from './file-sink.js';
import { nodeFiles } from './files.js';

export type { FileSinkConfig } from './config.js';

export function createFileSink(name: string, config: FileSinkConfig, { log }: { log: Logger }): Sink {
  return new FileSink(name, { config, log, files: nodeFiles, bootId: readBootId(), now: Date.now });
}

/** Other systems than Linux have no boot id: there the time of the start, to the minute, is as good as it gets. */
function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `boot-${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}
