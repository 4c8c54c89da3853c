/** The engine as the captures know it, and what it tells of one container. */
import { AgentError } from '../../runtime/errors.js';
import type { Entry } from './entry.js';
import { type ContainerFacts, factsFromInspect } from './facts.js';
import type { FolderWatch } from './folder-watch.js';

/** The engine as of the present session. */
export interface ConnectedEngine {
  /** Its name. */
  readonly host: string;
  readonly folder: FolderWatch;
  /** Milliseconds since 1970: `start_at` is about containers made before. */
  readonly firstSeenMs: number;
  readonly inspect: (id: string) => Promise<unknown>;
}

/** Undefined where the container is gone. An engine that fails over one container must not hide the others. */
export async function inspected(engine: ConnectedEngine, entry: Entry): Promise<ContainerFacts | undefined> {
  try {
    const answer = await engine.inspect(entry.id);
    if (answer !== undefined) return factsFromInspect(entry.id, answer);
    return entry.isOpen ? entry.names : undefined;
  } catch (error) {
    if (error instanceof AgentError && error.code === 'ENGINE_ANSWER') return entry.names;
    throw error;
  }
}
