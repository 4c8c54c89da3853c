/** Finds, reads and judges the configuration. Precedence: flags, environment, file, defaults. */
import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { AgentError, systemCode } from '../runtime/errors.js';
import { clashesIn } from './clashes.js';
import { defaultDataDir, defaultJournalBytes } from './defaults.js';
import { isTree, type ParsedDocument, parseConfigText, type Tree } from './document.js';
import { overlayEnvironment, setValue } from './environment.js';
import { problemsOf } from './issues.js';
import { ConfigError, Places, type Problem } from './problems.js';
import { configSchema, type GivenConfig } from './schema.js';
import type { Config, SinkConfig } from './types.js';

const SYSTEM_FILE = '/etc/log-capturer/config.yaml';
const LOCAL_FILE = 'log-capturer.yaml';
const MAX_FILE_BYTES = 1024 ** 2;

export interface ConfigRequest {
  /** The file to read, as the user named it; else the usual ones are looked for. */
  readonly file?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly flags?: ConfigFlags;
  readonly cwd: string;
}

/** As given on the command line. */
export interface ConfigFlags {
  readonly dataDir?: string;
  readonly host?: string;
  readonly port?: string;
  readonly logLevel?: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The file that was read; undefined where there was none. */
  readonly file: string | undefined;
}

const FLAG_PATHS = {
  dataDir: ['--data-dir', ['data_dir']],
  host: ['--host', ['server', 'host']],
  port: ['--port', ['server', 'port']],
  logLevel: ['--log-level', ['log_level']],
} as const satisfies Record<keyof ConfigFlags, readonly [string, readonly string[]]>;

/** Throws CONFIG_UNREADABLE, or CONFIG_INVALID (a ConfigError) with all that was found. */
export function loadConfig({ file, env, flags = {}, cwd }: ConfigRequest): LoadedConfig {
  const found = file ?? findFile(cwd);
  const document = found === undefined ? nothing() : readDocument(found, cwd, env);
  const { tree, places } = document;
  const problems = [...document.problems];

  problems.push(...overlayEnvironment(tree, configSchema, env, places));
  for (const [name, [label, keys]] of Object.entries(FLAG_PATHS)) {
    const value = flags[name as keyof ConfigFlags];
    if (value !== undefined) setValue(tree, keys, value, { label, line: 0, column: 0 }, places);
  }
  addDefaultSource(tree);

  const result = configSchema.safeParse(tree);
  if (!result.success) problems.push(...problemsOf(result.error.issues, configSchema, tree, places));
  if (!result.success || problems.length > 0) throw new ConfigError(firstPerPlace(problems));
  const config = complete(result.data, env, cwd);
  const clashes = clashesIn(config, places);
  if (clashes.length > 0) throw new ConfigError(clashes);
  return { config, file: found };
}

/** No source given: the containers of this host. A source of that name need not say its type. */
function addDefaultSource(tree: Tree): void {
  tree['sources'] ??= {};
  const sources = tree['sources'];
  if (!isTree(sources)) return;
  if (Object.keys(sources).length === 0) sources['containers'] = {};
  const containers = sources['containers'];
  if (isTree(containers)) containers['type'] ??= 'docker';
}

function findFile(cwd: string): string | undefined {
  if (existsSync(path.join(cwd, LOCAL_FILE))) return LOCAL_FILE;
  return existsSync(SYSTEM_FILE) ? SYSTEM_FILE : undefined;
}

function nothing(): ParsedDocument {
  return { tree: {}, places: new Places({ label: 'configuration', line: 0, column: 0 }), problems: [] };
}

function readDocument(file: string, cwd: string, env: NodeJS.ProcessEnv): ParsedDocument {
  const bytes = readConfigFile(path.resolve(cwd, file), file);
  const place = { label: file, line: 0, column: 0 };
  if (bytes.length > MAX_FILE_BYTES) {
    throw new ConfigError([{ place, message: 'is larger than 1 MiB; is this the configuration?' }]);
  }
  if (!isUtf8(bytes) || bytes.includes(0)) {
    throw new ConfigError([{ place, message: 'is not text in UTF-8; is this the configuration?' }]);
  }
  return parseConfigText(bytes.toString('utf8'), file, env);
}

function readConfigFile(absolute: string, named: string): Buffer {
  try {
    return readFileSync(absolute);
  } catch (error) {
    const code = systemCode(error);
    const why =
      code === 'ENOENT'
        ? 'does not exist'
        : code === 'EACCES'
          ? 'may not be read by this user'
          : code === 'EISDIR'
            ? 'is a folder'
            : (error as Error).message;
    throw new AgentError('CONFIG_UNREADABLE', `The configuration file ${named} ${why}.`, {
      remedy: 'Name a readable file with --config, or leave it out to run with the defaults.',
      cause: error,
    });
  }
}

/** What follows from a value that is wrong already is not worth a second line. */
function firstPerPlace(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ place, message }) => {
    const id = place.line > 0 ? place.label : `${place.label}: ${message}`;
    return !seen.has(id) && seen.add(id);
  });
}

function complete(given: GivenConfig, env: NodeJS.ProcessEnv, cwd: string): Config {
  const dataDir = path.resolve(cwd, given.dataDir ?? defaultDataDir(env));
  const maxBytes = given.journal.maxBytes ?? defaultJournalBytes(dataDir);
  const sinks = Object.entries(given.sinks).map(([name, sink]): [string, SinkConfig] => [
    name,
    sink.type === 'file' ? { ...sink, directory: path.resolve(cwd, sink.directory) } : sink,
  ]);
  return { ...given, dataDir, journal: { ...given.journal, maxBytes }, sinks: Object.fromEntries(sinks) };
}
