/** The file sink: see file-sink.ts for what it promises. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { FileSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import { lockDirectory } from '../../runtime/data-dir.js';
import { AgentError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import { FileSink } from './file-sink.js';
import { NodeFiles } from './files.js';

export type { FileSinkConfig } from '../../config/types.js';

export function createFileSink(name: string, config: FileSinkConfig, { log }: { log: Logger }): Sink {
  const use = { what: 'output directory', elsewhere: `in sinks.${name}.directory` };
  return new FileSink(name, {
    config,
    log,
    files: new NodeFiles(),
    bootId: readBootId(),
    now: Date.now,
    lock: (directory, scope) => lockDirectory(directory, use, scope).catch(rethrowSystemError),
  });
}

/** Other systems than Linux have no boot id: there the time of the start, to the minute, is as good as it gets. */
function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `boot-${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}

/** The sink says of its directory itself what is wrong with it. */
function rethrowSystemError(error: unknown): never {
  throw error instanceof AgentError && error.code === 'DATA_DIR_UNUSABLE' ? error.cause : error;
}
