/** How an endpoint is reached: over TLS or not, and what a request needs beside its path. */
import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { AgentError, systemCode } from '../../runtime/errors.js';
import type { Endpoint } from './endpoint.js';

export interface Dial {
  readonly isTls: boolean;
  /** For each request. */
  readonly options: RequestOptions;
}

/** Certificates are read anew each time: they may have been renewed. Throws AgentError SECRET_UNREADABLE. */
export function dial({ target, tls }: Endpoint): Dial {
  if (!tls) return { isTls: false, options: { ...target } };
  const { caFile, certFile, keyFile, serverName, insecureSkipVerify } = tls;
  const options = {
    ...target,
    ...(caFile !== undefined && { ca: read(caFile) }),
    ...(certFile !== undefined && { cert: read(certFile) }),
    ...(keyFile !== undefined && { key: read(keyFile) }),
    servername: serverName ?? nameOf(target),
    rejectUnauthorized: !insecureSkipVerify,
  };
  return { isTls: true, options };
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
