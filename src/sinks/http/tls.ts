/** What a sink's own TLS settings mean for a connection. Files are read for each, so that exchanged ones need no restart. */
import { readFileSync } from 'node:fs';
import type { TlsConfig } from '../../config/types.js';
import { AgentError, systemCode } from '../../runtime/errors.js';

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

const TLS_TROUBLE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_SSL|ERR_TLS|EPROTO|SIGNATURE|PRX_TLS/;
/** As OpenSSL says it of an answer that is text. */
const NOT_TLS = /wrong.version.number|packet.length.too.long/i;

/** Whether the error with this code is about TLS, and nothing but a person can mend it. */
export function isTlsTrouble(code: string): boolean {
  return TLS_TROUBLE.test(code);
}

/** Whether what answered does not speak TLS at all, by the words of the error. */
export function speaksPlain(words: string): boolean {
  return NOT_TLS.test(words);
}
