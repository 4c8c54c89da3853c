/** The docker source without the reading: what others see of it. */
import type { DockerSourceConfig } from '../../config/types.js';
import type { Source } from '../../pipeline/contract.js';
import { type CreateReaders, Discovery, type DockerSourceContext } from './discovery.js';
import type { EngineInfo } from './engine.js';
import type { ContainerStatus } from './entry.js';

export type { DockerSourceContext } from './discovery.js';

export interface DockerSource extends Source {
  /** Resolves when the first list is handled, or when no engine could be reached. */
  readonly ready: Promise<void>;
  /** Undefined until the engine was reached for the first time. */
  engineInfo(): EngineInfo | undefined;
  /** Why there is no engine now, with the remedy; undefined while there is one. */
  engineTrouble(): string | undefined;
  containers(): ContainerStatus[];
}

export function createSource(
  config: DockerSourceConfig,
  context: DockerSourceContext,
  createReaders: CreateReaders,
  holdsNewLogs = false,
): DockerSource {
  let onReady!: () => void;
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  let discovery: Discovery | undefined;
  return {
    name: context.name,
    ready,
    engineInfo: () => discovery?.info,
    engineTrouble: () => discovery?.trouble,
    containers: () => discovery?.captures.statuses() ?? [],
    figures: () => discovery?.figures(),
    tellReads: (tell) => discovery?.tellReads(tell),
    async run(scope, pipeline) {
      discovery = new Discovery({
        scope,
        pipeline,
        config,
        context,
        createReaders,
        holdsNewLogs,
        onReady,
      });
      await discovery.run();
    },
  };
}
