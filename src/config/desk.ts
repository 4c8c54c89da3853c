/** The configuration that is in force, as the agent shows it, and what another one would come to in its place. */
import path from 'node:path';
import { AgentError } from '../runtime/errors.js';
import type { Scope } from '../runtime/scope.js';
import { checkInWorker } from './check-link.js';
import { type ConfigRequest, type LoadedConfig, loadConfig } from './load.js';
import { configYaml, renderConfig } from './render.js';
import type { ConfigCheck } from './shape.js';
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
  /** In force. */
  readonly present: Config;
  /** What `load` reads, absolute; undefined where that is no file. */
  readonly file: string | undefined;
  view(): ConfigView;
  /** Judges a text as the configuration file of this agent, without one that file. Throws AgentError where that takes too long. */
  check(scope: Scope, text?: string): Promise<ConfigCheck>;
  /** Reads the file anew, with the flags and the environment of the start. Throws as `loadConfig` does. */
  load(): LoadedConfig;
  /** `config` is in force from now on. */
  accept(config: Config): void;
}

/** `request`: as `config` was loaded with, from `loaded.file`. */
export function configDesk(
  config: Config,
  given: ConfigRequest,
  loaded: Partial<Pick<LoadedConfig, 'file' | 'journalBytes'>> = {},
): ConfigDesk {
  const isFile = loaded.file !== undefined && given.file !== '-';
  const file = isFile ? path.resolve(given.cwd, loaded.file ?? '') : undefined;
  // The one that was found stays the one: were it to go, another must not take its place unasked.
  const { journalBytes } = loaded;
  const request = {
    ...given,
    ...(isFile && { file: loaded.file }),
    ...(journalBytes !== undefined && { journalBytes }),
  };
  let present = config;
  return {
    file,
    get present() {
      return present;
    },
    view: () => ({ ...renderConfig(present), file: file ?? null, yaml: configYaml(present) }),
    // The environment of a process is no plain object, which alone can be given to a worker.
    check: (scope, text) =>
      checkInWorker(scope, { text, request: { ...request, env: { ...request.env } }, present }),
    load() {
      if (request.file === '-') {
        throw new AgentError(
          'CONFIG_UNREADABLE',
          'The configuration came from standard input, which is read once.',
          {
            remedy: 'Start the agent with a file, --config FILE, so that it can be reloaded.',
          },
        );
      }
      return loadConfig(request);
    },
    accept(config) {
      present = config;
    },
  };
}

/** Of an agent that runs with `present`, which no file says, and keeps it for the reason `why`. */
export function withoutReload(desk: ConfigDesk, present: Config, why: string): ConfigDesk {
  return {
    ...desk,
    present,
    file: undefined,
    load() {
      throw new AgentError('CONFIG_UNREADABLE', why);
    },
  };
}
