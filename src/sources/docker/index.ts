/** The docker source: captures the containers of one Docker engine by reading their json-files. */
import type { DockerSourceConfig } from '../../config/types.js';
import { JsonFileReaders } from './json-file/index.js';
import type { StartAt } from './json-file/types.js';
import { createSource, type DockerSource, type DockerSourceContext } from './source.js';

export type { ContainerSelector, DockerSourceConfig } from '../../config/types.js';
export type { EngineInfo } from './engine.js';
export type { ContainerStatus } from './entry.js';
export type { DockerSource, DockerSourceContext } from './source.js';

export function createDockerSource(config: DockerSourceConfig, context: DockerSourceContext): DockerSource {
  const { maxLineBytes, maxHistoryBytes } = config;
  const startAt = startAtOf(config.startAt);
  return createSource(
    config,
    context,
    (pipeline, onNotice) =>
      new JsonFileReaders({ pipeline, log: context.log, startAt, maxLineBytes, maxHistoryBytes, onNotice }),
    true,
  );
}

function startAtOf(startAt: DockerSourceConfig['startAt']): StartAt {
  return typeof startAt === 'number' ? { kind: 'age', ageMs: startAt } : { kind: startAt };
}
