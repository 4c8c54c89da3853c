/** What a sink's own TLS settings mean for a connection. Files are read for each, so that exchanged ones need no restart. */
import { readFileSync } from 'node:fs';
import type { TlsConfig } from '../config/types.js';
import { AgentError, systemCode } from '../runtime/errors.js';

/** Throws SECRET_UNREADABLE. */
export function tlsOptions(tls: TlsConfig | undefined) {
  return {
    ...(tls?.caFile === undefined ? {} : { ca: readPem(tls.caFile) }),
    ...(tls?.certFile === undefined ? {} : { cert: readPem(tls.certFile) }),
    ...(tls?.keyFile === undefined ? {} : { key: readPem(tls.keyFile) }),
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: tls?.insecureSkipVerify !== true,
  };
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new AgentError('SECRET_UNREADABLE', `${file} cannot be read (${systemCode(cause)}).`, {
      remedy: 'Check the tls section of the sink, and who may read the file.',
      cause,
    });
  }
}
