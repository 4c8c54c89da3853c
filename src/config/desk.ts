/** The configuration as a running agent shows it, and what another one would come to in its place: nothing is applied. */
import path from 'node:path';
import type { Scope } from '../runtime/scope.js';
import type { ConfigCheck } from './check.js';
import { checkInWorker } from './check-link.js';
import type { ConfigRequest } from './load.js';
import { configYaml, renderConfig } from './render.js';
import type { Config } from './types.js';

export interface ConfigView {
  /** The file that it was read from, absolute; null where there was none. */
  readonly file: string | null;
  /** The whole of it, secrets hidden. */
  readonly yaml: string;
  /** The same as values, by the keys of the file. */
  readonly [key: string]: unknown;
}

export interface ConfigDesk {
  view(): ConfigView;
  /** Judges a text as the configuration file of this agent. Throws AgentError where that takes too long. */
  check(scope: Scope, text: string): Promise<ConfigCheck>;
}

/** `request`: as `config` was loaded with, from `file`. */
export function configDesk(config: Config, request: ConfigRequest, file?: string): ConfigDesk {
  const shownFile = file === undefined || request.file === '-' ? null : path.resolve(request.cwd, file);
  return {
    view: () => ({ ...renderConfig(config), file: shownFile, yaml: configYaml(config) }),
    // The environment of a process is no plain object, which alone can be given to a worker.
    check: (scope, text) =>
      checkInWorker(scope, { text, request: { ...request, env: { ...request.env } }, present: config }),
  };
}
