/**
 * `check [file]`: what is wrong with a configuration; else the whole of what it comes to as YAML, then, as comments of
 * that YAML, the containers that it would take. Warnings go to stderr. 0: it is right, 1: it is not.
 */
import { configYaml } from '../../config/render.js';
import type { Config, DockerSourceConfig } from '../../config/types.js';
import { AgentError, describeError } from '../../runtime/errors.js';
import { type ConfigOptions, loadFrom } from '../config-options.js';
import { containerTable } from '../container-table.js';
import { inspectContainers } from '../inspect.js';
import { EXIT_FAILED } from '../program.js';

const INVALID = new Set(['CONFIG_INVALID', 'SECRET_UNREADABLE']);

export interface CheckOptions extends ConfigOptions {
  /** Ask no engine. */
  readonly offline?: boolean;
}

/** Answers the exit code. Throws CONFIG_UNREADABLE. */
export async function check(
  file: string | undefined,
  { offline, ...options }: CheckOptions,
): Promise<number> {
  let loaded: ReturnType<typeof loadFrom>;
  try {
    const named = file ?? options.config;
    loaded = loadFrom({ ...options, ...(named === undefined ? {} : { config: named }) });
  } catch (error) {
    if (!(error instanceof AgentError) || !INVALID.has(error.code)) throw error;
    console.error(describeError(error));
    return EXIT_FAILED;
  }
  const { config, warnings } = loaded;
  process.stdout.write(configYaml(config));
  if (!offline) process.stdout.write(await containersAsComments(config));
  for (const warning of warnings) console.error(`Warning: ${warning}`);
  console.error(`OK: ${loaded.file ?? 'no configuration file, all defaults'}`);
  return 0;
}

async function containersAsComments(config: Config): Promise<string> {
  let text = '';
  for (const [name, source] of Object.entries(config.sources)) {
    if (source.type === 'docker') text += `\n${await containersOf(name, source, config)}`;
  }
  return text.replace(/^(?=.)/gm, '# ');
}

async function containersOf(name: string, source: DockerSourceConfig, config: Config): Promise<string> {
  const { trouble, containers } = await inspectContainers(name, source, config.labels);
  if (trouble !== undefined) return `sources.${name}: ${trouble}\n`;
  return `sources.${name} takes:\n${containerTable(containers)}`;
}
