/** The options that say with which configuration a command works: the same for every command that takes one. */
import { type Command, Option } from 'commander';
import { type ConfigFlags, type ConfigRequest, type LoadedConfig, loadConfig } from '../config/load.js';
import { LOG_LEVELS } from '../telemetry/logger.js';

export interface ConfigOptions extends ConfigFlags {
  readonly config?: string;
}

export function withConfigFile(command: Command): Command {
  return command.option(
    '-c, --config <file>',
    'configuration file, - for standard input (default: ./log-capturer.yaml, /etc/log-capturer/config.yaml, or none)',
  );
}

export function withConfigOptions(command: Command): Command {
  return withConfigFile(command)
    .option('--loki <url>', 'deliver to this Loki')
    .option(
      '--stdin',
      'capture the lines of standard input instead of containers, with the page on any free port',
    )
    .option('--data-dir <folder>', 'where the history and all positions are kept')
    .option('--host <address>', 'address of the page and the API')
    .option('--port <port>', 'port of the page and the API')
    .addOption(
      new Option('--log-level <level>', "how much of the agent's own log is shown").choices([...LOG_LEVELS]),
    );
}

export function requestOf({ config: file, ...flags }: ConfigOptions): ConfigRequest {
  const named = file === undefined ? {} : { file };
  return { ...named, flags, env: process.env, cwd: process.cwd() };
}

/** Throws as `loadConfig` does. */
export function loadFrom(options: ConfigOptions): LoadedConfig {
  return loadConfig(requestOf(options));
}
