/** The certificate that a server shows. One that was renewed on the disk is taken within a minute, without a restart. */
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions, type Server } from 'node:tls';
import { AgentError, describeError } from './errors.js';
import type { Logger } from './log.js';
import type { Scope } from './scope.js';

const LOOK_MS = 60_000;

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Whose clients are let in; undefined: no client is asked for a certificate. */
  readonly clientCaFile?: string;
}

/** `of`: the key of the configuration that names the files. Throws SECRET_UNREADABLE where they cannot be read, or do not fit. */
export function readCertificate(
  { certFile, keyFile, clientCaFile }: CertificateFiles,
  of: string,
): SecureContextOptions {
  try {
    const options: SecureContextOptions = {
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      minVersion: 'TLSv1.2',
      ...(clientCaFile !== undefined && { ca: readFileSync(clientCaFile) }),
    };
    createSecureContext(options);
    return options;
  } catch (cause) {
    throw new AgentError(
      'SECRET_UNREADABLE',
      `${certFile} and ${keyFile} (${of}) cannot be used as a certificate and its key (${describeError(cause)}).`,
      { remedy: 'Name files in PEM form that this user may read and that belong together.', cause },
    );
  }
}

/** Has `server` show what `files` hold, until `scope` closes; it began with what they held just before. */
export function followCertificate(
  scope: Scope,
  server: Pick<Server, 'setSecureContext'>,
  files: CertificateFiles,
  of: string,
  log: Logger,
): void {
  let seen = stateOf(files);
  scope.interval('certificate', LOOK_MS, () => {
    const now = stateOf(files);
    if (now === seen) return;
    seen = now;
    try {
      server.setSecureContext(readCertificate(files, of));
      log.info({}, `The new certificate of ${of} is in use.`);
    } catch (error) {
      log.warn({ err: error }, `The old certificate of ${of} stays in use. ${describeError(error)}`);
    }
  });
}

/** Changes with the files; what cannot be looked at counts as unchanged until it can. */
function stateOf({ certFile, keyFile, clientCaFile }: CertificateFiles): string | undefined {
  const files = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
  try {
    return files.map((file) => statSync(file).mtimeMs).join(' ');
  } catch {
    return undefined;
  }
}
