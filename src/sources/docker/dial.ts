/** How node:http reaches an endpoint: which `request`, and what it needs beside the path. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { AgentError, systemCode } from '../../runtime/errors.js';
import type { Endpoint } from './endpoint.js';

export interface Dial {
  readonly request: typeof http.request;
  readonly Agent: typeof http.Agent;
  /** For each request, and for the agent. */
  readonly options: https.RequestOptions;
}

/** Certificates are read anew each time: they may have been renewed. Throws AgentError SECRET_UNREADABLE. */
export function dial({ target, tls }: Endpoint): Dial {
  if (!tls) return { request: http.request, Agent: http.Agent, options: { ...target } };
  const { caFile, certFile, keyFile, serverName, insecureSkipVerify } = tls;
  const options = {
    ...target,
    ...(caFile !== undefined && { ca: read(caFile) }),
    ...(certFile !== undefined && { cert: read(certFile) }),
    ...(keyFile !== undefined && { key: read(keyFile) }),
    servername: serverName ?? nameOf(target),
    rejectUnauthorized: !insecureSkipVerify,
  };
  return { request: https.request, Agent: https.Agent, options };
}

/** Without it Node.js takes the Host header, which the engine does not care for. Addresses have no name. */
function nameOf(target: Endpoint['target']): string {
  return 'host' in target && isIP(target.host) === 0 ? target.host : '';
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const code = systemCode(cause) ?? String(cause);
    throw new AgentError(
      'SECRET_UNREADABLE',
      `${path}, for TLS to the Docker engine, cannot be read (${code}).`,
      {
        remedy:
          'Let this user read it, or name another file in tls of the docker source or by DOCKER_CERT_PATH.',
        retryable: true,
        cause,
      },
    );
  }
}
