/** The docker source: captures the containers of one Docker engine, from their json-files or through the engine's API. */
import type { DockerSourceConfig } from '../../config/types.js';
import { ApiReaders } from './api/index.js';
import { JsonFileReaders } from './json-file/index.js';
import type { StartAt } from './json-file/types.js';
import { createSource, type DockerSource, type DockerSourceContext } from './source.js';

export type { ContainerSelector, DockerSourceConfig } from '../../config/types.js';
export type { EngineInfo } from './engine.js';
export type { ContainerStatus } from './entry.js';
export type { DockerSource, DockerSourceContext } from './source.js';

const LONGEST_STALL_MS = 60_000;

export function createDockerSource(config: DockerSourceConfig, context: DockerSourceContext): DockerSource {
  const { maxLineBytes, maxHistoryBytes, maxStreams, streamMaxAgeMs } = config;
  const { log } = context;
  const startAt = startAtOf(config.startAt);
  // A stream that does not bring what is in the log is found within the time.
  const stallMs = Math.min(LONGEST_STALL_MS, config.livenessTimeoutMs);
  return createSource(
    config,
    context,
    (parts) => {
      const options = { ...parts, log, startAt, maxLineBytes, maxHistoryBytes };
      return {
        file: new JsonFileReaders(options),
        api: new ApiReaders({ ...options, maxStreams, streamMaxAgeMs, stallMs }),
      };
    },
    true,
  );
}

function startAtOf(startAt: DockerSourceConfig['startAt']): StartAt {
  return typeof startAt === 'number' ? { kind: 'age', ageMs: startAt } : { kind: startAt };
}
