/** Finds, reads and judges the configuration. Precedence: flags, environment, file, defaults. */
import { isUtf8 } from 'node:buffer';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { AgentError } from '../runtime/errors.js';
import { clashesIn } from './clashes.js';
import { wrongCombinations } from './combinations.js';
import { defaultDataDir, defaultHost, defaultJournalBytes } from './defaults.js';
import { isTree, type ParsedDocument, parseConfigText } from './document.js';
import { overlayEnvironment, setValue } from './environment.js';
import { addImplied } from './implied.js';
import { problemsOf } from './issues.js';
import { ConfigError, type Place, Places, type Problem } from './problems.js';
import { configSchema, type GivenConfig } from './schema/index.js';
import { settle, whyUnreadable } from './settle.js';
import type { Config } from './types.js';
import { type ConfigText, warningsOf } from './warnings.js';

const SYSTEM_FILE = '/etc/log-capturer/config.yaml';
const LOCAL_FILE = 'log-capturer.yaml';
/** What a text without a file is called. */
const GIVEN = 'configuration';
/** As the name of a file: standard input. */
const STDIN = '-';
/** The parser's time goes up with the square of it. */
const MAX_FILE_BYTES = 128 * 1024;

export interface ConfigRequest {
  /** The file to read, as the user named it, `-` for standard input; else the usual ones are looked for. */
  readonly file?: string;
  /** Judged in place of a file. */
  readonly text?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly flags?: ConfigFlags;
  readonly cwd: string;
  /** What `journal.max_bytes` is by default, where it was found out before: it depends on the free disk of a moment. */
  readonly journalBytes?: number;
}

/** As given on the command line. */
export interface ConfigFlags {
  readonly dataDir?: string;
  readonly host?: string;
  readonly port?: string;
  readonly logLevel?: string;
  /** Address of Loki: adds the sink `loki`, or gives it another address. */
  readonly loki?: string;
  /** Standard input as the only source; ports are 0 where nothing else is said. */
  readonly stdin?: boolean;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The file that was read; undefined where there was none. */
  readonly file: string | undefined;
  /** What is accepted and yet looks like a mistake: one sentence each, which begins with the key. */
  readonly warnings: readonly string[];
  readonly places: Places;
  /** For later requests: the default of `journal.max_bytes`. */
  readonly journalBytes: number;
}

const FLAG_PATHS = {
  dataDir: ['--data-dir', ['data_dir']],
  host: ['--host', ['server', 'host']],
  port: ['--port', ['server', 'port']],
  logLevel: ['--log-level', ['log_level']],
  loki: ['--loki', ['sinks', 'loki', 'url']],
} as const satisfies Record<Exclude<keyof ConfigFlags, 'stdin'>, readonly [string, readonly string[]]>;

/**
 * Throws CONFIG_UNREADABLE, CONFIG_INVALID (a ConfigError) with all that was found, or SECRET_UNREADABLE.
 * Reads standard input where `file` is `-`.
 */
export function loadConfig({ file, text, env, flags = {}, cwd, ...known }: ConfigRequest): LoadedConfig {
  const read =
    text === undefined ? readFound(file ?? findFile(cwd), cwd) : textOf(Buffer.from(text), GIVEN, 0);
  const document = read ? parseConfigText(read.text, read.name, env) : nothing();
  const { tree, places } = document;
  const problems = [...document.problems];

  problems.push(...overlayEnvironment(tree, configSchema, env, places));
  for (const [name, [label, keys]] of Object.entries(FLAG_PATHS)) {
    const value = flags[name as keyof typeof FLAG_PATHS];
    if (value !== undefined) setValue(tree, keys, value, { label, line: 0, column: 0 }, places);
  }
  if (flags.stdin) {
    const given = isTree(tree['sources']) ? tree['sources']['stdin'] : undefined;
    const place: Place = { label: '--stdin', line: 0, column: 0 };
    setValue(tree, ['sources'], { stdin: given }, place, places);
    // It is there for one input, mostly beside the agent that has the usual ports.
    for (const part of ['server', 'metrics']) {
      const section = tree[part];
      if (section === undefined || (isTree(section) && section['port'] === undefined))
        setValue(tree, [part, 'port'], 0, place, places);
    }
  }
  addImplied(tree, configSchema);
  problems.push(...settle(tree, configSchema, places, { cwd, home: env['HOME'] || homedir() }));

  const result = configSchema.safeParse(tree);
  if (!result.success) problems.push(...problemsOf(result.error.issues, configSchema, tree, places));
  if (!result.success || problems.length > 0) throw new ConfigError(firstPerPlace(problems));
  const dataDir = result.data.dataDir ?? path.resolve(cwd, defaultDataDir(env));
  const journalBytes = known.journalBytes ?? defaultJournalBytes(dataDir);
  const config = complete(result.data, dataDir, journalBytes);
  const wrong = [...wrongCombinations(config, places), ...clashesIn(config, places)];
  if (wrong.length > 0) throw new ConfigError(wrong);
  return { config, file: read?.name, warnings: warningsOf(config, read), places, journalBytes };
}

function findFile(cwd: string): string | undefined {
  if (existsSync(path.join(cwd, LOCAL_FILE))) return LOCAL_FILE;
  return existsSync(SYSTEM_FILE) ? SYSTEM_FILE : undefined;
}

function nothing(): ParsedDocument {
  return { tree: {}, places: new Places({ label: 'configuration', line: 0, column: 0 }), problems: [] };
}

function readFound(file: string | undefined, cwd: string): ConfigText | undefined {
  if (file === undefined) return undefined;
  const isStdin = file === STDIN;
  const name = isStdin ? 'standard input' : file;
  const { bytes, mode } = readConfigFile(isStdin ? 0 : path.resolve(cwd, file), name);
  return textOf(bytes, name, mode);
}

function textOf(bytes: Buffer, name: string, mode: number): ConfigText {
  const place = { label: name, line: 0, column: 0 };
  if (bytes.length > MAX_FILE_BYTES) {
    throw new ConfigError([{ place, message: 'is larger than 128 KiB; is this the configuration?' }]);
  }
  if (!isUtf8(bytes) || bytes.includes(0)) {
    throw new ConfigError([{ place, message: 'is not text in UTF-8; is this the configuration?' }]);
  }
  return { name, text: bytes.toString('utf8'), mode };
}

function readConfigFile(file: string | 0, name: string): { bytes: Buffer; mode: number } {
  try {
    return { bytes: readUpTo(file, MAX_FILE_BYTES + 1), mode: file === 0 ? 0 : statSync(file).mode };
  } catch (error) {
    throw new AgentError('CONFIG_UNREADABLE', `The configuration file ${name} ${whyUnreadable(error)}.`, {
      remedy: 'Name a readable file with --config, or leave it out to run with the defaults.',
      cause: error,
    });
  }
}

/** The first `limit` bytes: a device or a pipe may have no end. */
function readUpTo(file: string | 0, limit: number): Buffer {
  const fd = file === 0 ? 0 : openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(limit);
    let length = 0;
    for (let read = 1; read > 0 && length < limit; length += read)
      read = readSync(fd, bytes, length, limit - length, null);
    return bytes.subarray(0, length);
  } finally {
    if (file !== 0) closeSync(fd);
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

function complete(given: GivenConfig, dataDir: string, journalBytes: number): Config {
  const maxBytes = given.journal.maxBytes ?? journalBytes;
  const host = defaultHost();
  return {
    ...given,
    dataDir,
    server: { host, ...given.server },
    metrics: { host, ...given.metrics },
    journal: { ...given.journal, maxBytes },
  };
}
