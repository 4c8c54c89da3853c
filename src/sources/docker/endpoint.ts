/**
 * Where the engine is, found as the docker command finds it: the configured endpoint, DOCKER_HOST, DOCKER_CONTEXT, the
 * current context, then the usual sockets.
 *
 *   <docker config>/config.json                       {"currentContext":"name"}
 *   <docker config>/contexts/meta/<sha256>/meta.json  {"Endpoints":{"docker":{"Host":"unix:///…"}}}, sha256 of the name
 *   <docker config>/contexts/tls/<sha256>/            there where the context demands TLS
 */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../../runtime/errors.js';
import { object, parseJson, text } from './json.js';

const DEFAULT_PORT = 2375;

export interface Endpoint {
  /** As an URL, for people: `unix:///var/run/docker.sock`. */
  readonly url: string;
  /** What node:http needs. */
  readonly target: { readonly socketPath: string } | { readonly host: string; readonly port: number };
}

export interface EndpointSearch {
  /** From the configuration: goes before everything else. */
  readonly endpoint?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Undefined where the platform has no user ids. */
  readonly uid: number | undefined;
}

/** Throws AgentError ENGINE_MISSING where no engine is installed, CONFIG_INVALID for an endpoint that cannot be used. */
export function findEndpoint(search: EndpointSearch, sockets = usualSockets(search)): Endpoint {
  const { endpoint, env } = search;
  if (endpoint) return parseEndpoint(endpoint, 'the configured endpoint');
  if (env['DOCKER_HOST']) {
    refuseTls(
      env['DOCKER_TLS_VERIFY'] ? env['DOCKER_HOST'] : undefined,
      'DOCKER_HOST with DOCKER_TLS_VERIFY',
    );
    return parseEndpoint(env['DOCKER_HOST'], 'DOCKER_HOST');
  }
  const configDir = env['DOCKER_CONFIG'] || join(search.home, '.docker');
  const context = env['DOCKER_CONTEXT'] || currentContext(configDir);
  if (context && context !== 'default') return contextEndpoint(configDir, context);
  return usualEndpoint(sockets);
}

/** The sockets of Docker, rootless Docker, Docker Desktop, Colima, OrbStack and Podman, in this order. */
export function usualSockets({ env, home, uid }: EndpointSearch): string[] {
  const runtimeDir = env['XDG_RUNTIME_DIR'] || (uid ? `/run/user/${uid}` : undefined);
  const inRuntimeDir = (path: string): string[] => (runtimeDir ? [join(runtimeDir, path)] : []);
  return [
    '/var/run/docker.sock',
    ...inRuntimeDir('docker.sock'),
    join(home, '.docker/run/docker.sock'),
    join(home, '.colima/default/docker.sock'),
    join(home, '.orbstack/run/docker.sock'),
    ...inRuntimeDir('podman/podman.sock'),
    '/run/podman/podman.sock',
  ];
}

/** The first socket that may be opened; else the first that is there, so that the refusal names it. */
function usualEndpoint(sockets: readonly string[]): Endpoint {
  const there = sockets.filter((path) => existsSync(path));
  const path = there.find(mayOpen) ?? there[0] ?? sockets.find(isHidden);
  if (path) return parseEndpoint(`unix://${path}`, 'the usual socket');
  throw new AgentError(
    'ENGINE_MISSING',
    `No Docker engine was found: none of ${sockets.join(', ')} exists.`,
    {
      remedy: 'Start Docker, or set DOCKER_HOST or the endpoint of the docker source to where it listens.',
      retryable: true,
    },
  );
}

function mayOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a folder on the way forbids to look. */
function isHidden(path: string): boolean {
  try {
    accessSync(path);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

function parseEndpoint(endpoint: string, origin: string): Endpoint {
  if (endpoint.startsWith('/')) return { url: `unix://${endpoint}`, target: { socketPath: endpoint } };
  const match = /^([a-z]+):\/\/(.*)$/i.exec(endpoint);
  const scheme = match?.[1].toLowerCase();
  const rest = match?.[2] ?? '';
  if (scheme === 'unix' && rest.startsWith('/')) return { url: endpoint, target: { socketPath: rest } };
  if (scheme === 'tcp' || scheme === 'http') {
    // Not an http URL: there no port means 80, and 80 is hidden.
    const url = URL.canParse(`tcp://${rest}`) ? new URL(`tcp://${rest}`) : undefined;
    if (url?.hostname && (url.pathname === '' || url.pathname === '/')) {
      const host = url.hostname.replace(/^\[|\]$/g, '');
      return { url: endpoint, target: { host, port: Number(url.port || DEFAULT_PORT) } };
    }
  }
  if (scheme === 'https') refuseTls(endpoint, origin);
  throw new AgentError('CONFIG_INVALID', `The Docker endpoint "${endpoint}" (${origin}) cannot be used.`, {
    remedy:
      scheme === 'ssh'
        ? 'Engines behind ssh are not supported: run the agent on that host.'
        : 'Use unix:///path/to/docker.sock or tcp://host:port.',
  });
}

function currentContext(configDir: string): string {
  return text(readObject(join(configDir, 'config.json'))?.['currentContext']);
}

function contextEndpoint(configDir: string, context: string): Endpoint {
  const digest = createHash('sha256').update(context).digest('hex');
  const meta = readObject(join(configDir, 'contexts/meta', digest, 'meta.json'));
  const host = text(object(object(meta?.['Endpoints'])['docker'])['Host']);
  if (!host) {
    throw new AgentError('CONFIG_INVALID', `The Docker context "${context}" is not known in ${configDir}.`, {
      remedy: 'Choose one that `docker context ls` shows, or set the endpoint of the docker source.',
    });
  }
  const origin = `Docker context "${context}"`;
  refuseTls(existsSync(join(configDir, 'contexts/tls', digest, 'docker')) ? host : undefined, origin);
  return parseEndpoint(host, origin);
}

function refuseTls(endpoint: string | undefined, origin: string): void {
  if (endpoint === undefined) return;
  throw new AgentError('CONFIG_INVALID', `The Docker endpoint "${endpoint}" (${origin}) demands TLS.`, {
    remedy: 'TLS to the engine is not supported: run the agent on that host.',
  });
}

/** Undefined where the file is missing, unreadable or no JSON: the docker command goes on too. */
function readObject(path: string): Record<string, unknown> | undefined {
  try {
    return object(parseJson(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
