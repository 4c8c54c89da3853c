/** A folder with a configuration file, a new one for each test of a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { AgentError } from '../../runtime/errors.js';
import { type ConfigFlags, type LoadedConfig, loadConfig } from '../load.js';

type Given = [text: string | Uint8Array | undefined, env?: NodeJS.ProcessEnv, flags?: ConfigFlags];

export interface LoadKit {
  readonly cwd: string;
  /** Loads `text` as the file c.yaml; without one where it is undefined. */
  readonly load: (...given: Given) => LoadedConfig;
  /** What is wrong with it; empty where nothing is. */
  readonly problems: (...given: Given) => string[];
}

export function loadKit(): LoadKit {
  let cwd = '';
  beforeEach(() => {
    cwd = mkdtempSync(path.join(tmpdir(), 'log-capturer-config-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));
  const load = (...[text, env = {}, flags = {}]: Given): LoadedConfig => {
    if (text === undefined) return loadConfig({ cwd, env, flags });
    writeFileSync(path.join(cwd, 'c.yaml'), text);
    return loadConfig({ cwd, env, flags, file: 'c.yaml' });
  };
  return {
    get cwd() {
      return cwd;
    },
    load,
    problems(...given) {
      try {
        load(...given);
      } catch (error) {
        expect(error).toBeInstanceOf(AgentError);
        expect((error as AgentError).code).toBe('CONFIG_INVALID');
        return (error as AgentError).message.split('\n');
      }
      return [];
    },
  };
}
