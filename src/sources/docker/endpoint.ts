/**
 * Where the engine is, found as the docker command finds it: the configured endpoint, DOCKER_HOST, DOCKER_CONTEXT, the
 * current context, then the usual sockets.
 *
 *   <docker config>/config.json                       {"currentContext":"name"}
 *   <docker config>/contexts/meta/<sha256>/meta.json  {"Endpoints":{"docker":{"Host":"unix:///…","SkipTLSVerify":false}}}, sha256 of the name
 *   <docker config>/contexts/tls/<sha256>/docker/     ca.pem, cert.pem, key.pem, as far as the context has them
 *   <cert path>/                                      the same files, with DOCKER_TLS_VERIFY: DOCKER_CERT_PATH or the docker config
 */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsConfig } from '../../config/types.js';
import { isInContainer } from '../../runtime/container.js';
import { AgentError } from '../../runtime/errors.js';
import { object, parseJson, text } from './json.js';

/** What is missing where the agent runs in a container and sees no socket. */
export const MOUNT_SOCKET =
  "Mount the engine's socket into this container (-v /var/run/docker.sock:/var/run/docker.sock)";
const DEFAULT_PORT = 2375;
const DEFAULT_TLS_PORT = 2376;

export interface Endpoint {
  /** As an URL, for people: `unix:///var/run/docker.sock`. */
  readonly url: string;
  /** What node:http needs. */
  readonly target: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** Undefined: without TLS. */
  readonly tls?: TlsConfig;
}

export interface EndpointSearch {
  /** From the configuration: goes before everything else. */
  readonly endpoint?: string | undefined;
  /** From the configuration, likewise. */
  readonly tls?: TlsConfig | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Undefined where the platform has no user ids. */
  readonly uid: number | undefined;
}

/** Throws AgentError ENGINE_MISSING where no engine is installed, CONFIG_INVALID for an endpoint that cannot be used. */
export function findEndpoint(search: EndpointSearch, sockets = usualSockets(search)): Endpoint {
  const { endpoint, env } = search;
  const configDir = env['DOCKER_CONFIG'] || join(search.home, '.docker');
  const tls = search.tls ?? tlsOfEnvironment(env, configDir);
  if (endpoint) return parseEndpoint(endpoint, 'the configured endpoint', tls);
  if (env['DOCKER_HOST']) return parseEndpoint(env['DOCKER_HOST'], 'DOCKER_HOST', tls);
  const context = env['DOCKER_CONTEXT'] || currentContext(configDir);
  if (context && context !== 'default') return contextEndpoint(configDir, context, search.tls);
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
      remedy: `${isInContainer() ? MOUNT_SOCKET : 'Start Docker'}, or set DOCKER_HOST or the endpoint of the docker source to where it listens.`,
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

/** `tls`: how, where the endpoint is one that TLS can be spoken to. */
function parseEndpoint(endpoint: string, origin: string, tls?: TlsConfig): Endpoint {
  if (endpoint.startsWith('/')) return { url: `unix://${endpoint}`, target: { socketPath: endpoint } };
  const match = /^([a-z]+):\/\/(.*)$/i.exec(endpoint);
  const scheme = match?.[1].toLowerCase();
  const rest = match?.[2] ?? '';
  if (scheme === 'unix' && rest.startsWith('/')) return { url: endpoint, target: { socketPath: rest } };
  if (scheme === 'tcp' || scheme === 'http' || scheme === 'https') {
    // Not an http URL: there no port means 80, and 80 is hidden.
    const url = URL.canParse(`tcp://${rest}`) ? new URL(`tcp://${rest}`) : undefined;
    if (url?.hostname && !url.username && !url.password && (url.pathname === '' || url.pathname === '/')) {
      const secure =
        scheme === 'https' ? (tls ?? { insecureSkipVerify: false }) : scheme === 'tcp' ? tls : undefined;
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const port = Number(url.port || (secure ? DEFAULT_TLS_PORT : DEFAULT_PORT));
      return { url: endpoint, target: { host, port }, ...(secure && { tls: secure }) };
    }
  }
  const shown = endpoint.replace(/:[^/:]*@/, ':<hidden>@');
  throw new AgentError('CONFIG_INVALID', `The Docker endpoint "${shown}" (${origin}) cannot be used.`, {
    remedy:
      scheme === 'ssh'
        ? 'Engines behind ssh are not supported: run the agent on that host.'
        : 'Use unix:///path/to/docker.sock, tcp://host:port or https://host:port.',
  });
}

function currentContext(configDir: string): string {
  return text(readObject(join(configDir, 'config.json'))?.['currentContext']);
}

function contextEndpoint(configDir: string, context: string, tls: TlsConfig | undefined): Endpoint {
  const digest = createHash('sha256').update(context).digest('hex');
  const meta = readObject(join(configDir, 'contexts/meta', digest, 'meta.json'));
  const docker = object(object(meta?.['Endpoints'])['docker']);
  const host = text(docker['Host']);
  if (!host) {
    throw new AgentError('CONFIG_INVALID', `The Docker context "${context}" is not known in ${configDir}.`, {
      remedy: 'Choose one that `docker context ls` shows, or set the endpoint of the docker source.',
    });
  }
  const files = tlsFiles(join(configDir, 'contexts/tls', digest, 'docker'));
  const insecureSkipVerify = docker['SkipTLSVerify'] === true;
  const own =
    insecureSkipVerify || Object.keys(files).length > 0 ? { ...files, insecureSkipVerify } : undefined;
  return parseEndpoint(host, `Docker context "${context}"`, tls ?? own);
}

function tlsOfEnvironment(env: EndpointSearch['env'], configDir: string): TlsConfig | undefined {
  if (!env['DOCKER_TLS_VERIFY']) return undefined;
  return { ...tlsFiles(env['DOCKER_CERT_PATH'] || configDir), insecureSkipVerify: false };
}

/** Those that are there: without a CA of its own the engine's certificate is judged by the system's. */
function tlsFiles(dir: string): Omit<TlsConfig, 'insecureSkipVerify'> {
  const file = (name: string): string | undefined => {
    const path = join(dir, name);
    return existsSync(path) ? path : undefined;
  };
  const [caFile, certFile, keyFile] = ['ca.pem', 'cert.pem', 'key.pem'].map(file);
  return { ...(caFile && { caFile }), ...(certFile && { certFile }), ...(keyFile && { keyFile }) };
}

/** Undefined where the file is missing, unreadable or no JSON: the docker command goes on too. */
function readObject(path: string): Record<string, unknown> | undefined {
  try {
    return object(parseJson(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
