/**
 * A real engine for the tests and the demo: one that answers and whose log files this process can read, else a private one.
 */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { EngineApi, eachLimited } from './engine-api.js';
import { ensureImage } from './image.js';
import { PrivateEngine, whyNoPrivateEngine } from './private-engine.js';
import { projectRoot } from './project.js';

/** What a test process must know to use the engine; plain data, so that it can cross processes. */
export interface EngineFacts {
  readonly endpoint: string;
  /** True for a dockerd that the tests started: its disk and its life are theirs to play with. */
  readonly isPrivate: boolean;
  readonly rootDir: string;
  readonly image: string;
  /** Names the run; the value of the containers' label log-capturer.test. */
  readonly run: string;
}

export interface ObtainedEngine {
  readonly facts: EngineFacts;
  /** Removes this run's containers and the image, and the engine if it is a private one. */
  close(): Promise<void>;
}

/** There is no engine to be had, and why, as half a sentence. */
export class NoEngineError extends Error {}

export const SUPPORT_FOLDER = path.join(projectRoot(), 'test/support');
const DEFAULT_ENDPOINT = 'unix:///var/run/docker.sock';

/** Finds or starts an engine that has the test image and no containers of earlier runs. Throws NoEngineError. */
export async function obtainEngine(): Promise<ObtainedEngine> {
  const run = `${process.pid}-${Date.now().toString(36)}`;
  const endpoint = process.env['DOCKER_HOST'] || DEFAULT_ENDPOINT;
  const why = await whyNotUsable(endpoint);
  if (why === undefined) return prepared(endpoint, run, undefined);
  const whyNot = whyNoPrivateEngine();
  if (whyNot !== undefined) throw new NoEngineError(`${why}, and ${whyNot}`);
  const engine = await PrivateEngine.start().catch((error: Error) => {
    throw new NoEngineError(`${why}, and a private one could not be had: ${error.message}`, { cause: error });
  });
  try {
    return await prepared(engine.endpoint, run, engine);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

async function prepared(
  endpoint: string,
  run: string,
  engine: PrivateEngine | undefined,
): Promise<ObtainedEngine> {
  const api = new EngineApi(endpoint, run);
  const removeAll = async (whose: 'mine' | 'all'): Promise<void> =>
    eachLimited(await api.testContainers(whose), 8, (id) => api.remove(id));
  await removeAll('all');
  const image = await ensureImage(api, SUPPORT_FOLDER);
  const rootDir = await api.rootDir();
  return {
    facts: { endpoint, isPrivate: engine !== undefined, rootDir, image, run },
    close: async () => {
      try {
        if (!engine) {
          await removeAll('mine');
          // Refused while another run uses it.
          await api.request('DELETE', `/images/${image}`);
        }
      } finally {
        api.close();
        await engine?.close();
      }
    },
  };
}

async function whyNotUsable(endpoint: string): Promise<string | undefined> {
  const api = new EngineApi(endpoint, '');
  if (!(await api.answers())) return `no Docker engine answers at ${endpoint}`;
  const containers = path.join(await api.rootDir(), 'containers');
  try {
    accessSync(containers, constants.R_OK | constants.X_OK);
    return undefined;
  } catch {
    return `the log files of the engine at ${endpoint} (${containers}) cannot be read by this user`;
  } finally {
    api.close();
  }
}
