/** Where the agent of this host answers, and how to be let in: by its own configuration, where nothing else is said. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/types.js';
import { AgentError } from '../runtime/errors.js';
import { type ConfigOptions, loadFrom } from './config-options.js';

const DEFAULT_URL = 'http://127.0.0.1:8401';
const TOKEN_VARIABLE = 'LOG_CAPTURER_SERVER_TOKEN';
/** In the data directory: what the agent made for its login. */
const TOKEN_FILE = 'token';

export interface AgentQuestion extends ConfigOptions {
  readonly url?: string;
  readonly token?: string;
}

export interface RunningAgent {
  /** With its base path; its own addresses are relative to it. */
  readonly url: URL;
  /** Undefined where none is known. */
  readonly token: string | undefined;
  /** The one that the agent of this machine shows, in PEM form; undefined: whoever is trusted usually. */
  readonly certificate?: string | undefined;
}

/**
 * A token that lies on this machine is for the agent of this machine only: it goes nowhere that `--url` names. Throws
 * AGENT_UNREACHABLE for an address that is none, and what `loadConfig` throws for a configuration that was named.
 */
export function findAgent({ url, token, ...options }: AgentQuestion): RunningAgent {
  const given = token ?? (process.env[TOKEN_VARIABLE] || undefined);
  if (url !== undefined) return { url: parseUrl(url), token: given };
  const config = configOf(options);
  if (!config) return { url: new URL(DEFAULT_URL), token: given };
  return {
    url: localUrl(config),
    token: given ?? config.server.token ?? keptToken(config.dataDir),
    certificate: config.server.tls && ownCertificate(config.server.tls.certFile),
  };
}

/** A configuration that is broken, or another user's, must not hinder who did not even name it. */
function configOf(options: ConfigOptions): Config | undefined {
  try {
    return loadFrom(options).config;
  } catch (error) {
    if (options.config === undefined && error instanceof AgentError) return undefined;
    throw error;
  }
}

function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') {
    if (!parsed.pathname.endsWith('/')) parsed.pathname += '/';
    return parsed;
  }
  throw new AgentError('AGENT_UNREACHABLE', `${url} is no address of an agent.`, {
    remedy: 'Write it as http://127.0.0.1:8401.',
  });
}

/** An agent that listens everywhere is asked here. */
function localUrl({ server: { host, port, basePath, tls } }: Config): URL {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return new URL(
    `${tls ? 'https' : 'http'}://${near.includes(':') ? `[${near}]` : near}:${port}${basePath}/`,
  );
}

/** The first of the file: those after it are authorities, which could vouch for others too. */
function ownCertificate(file: string): string | undefined {
  try {
    return /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/s.exec(readFileSync(file, 'utf8'))?.[0];
  } catch {
    return undefined;
  }
}

function keptToken(dataDir: string): string | undefined {
  try {
    return readFileSync(path.join(dataDir, TOKEN_FILE), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
