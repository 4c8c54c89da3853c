/** Not there, not allowed, not answering, answering nonsense: four different sentences, each with its remedy. */
import { userInfo } from 'node:os';
import { isInContainer } from '../../runtime/container.js';
import { AgentError, systemCode } from '../../runtime/errors.js';
import { type Endpoint, MOUNT_SOCKET } from './endpoint.js';

const MISSING = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENOTSOCK', 'ENOTDIR']);
const DENIED = new Set(['EACCES', 'EPERM']);
/** Of Node.js, and OpenSSL's reasons to refuse a certificate. */
const TLS_CODE = /^(ERR_SSL_|ERR_TLS_|EPROTO$)|CERT|ISSUER|SIGNATURE/;

/** What a failed request to `endpoint` means. */
export function engineError(endpoint: Endpoint, cause: unknown): AgentError {
  if (cause instanceof AgentError) return cause;
  const code = systemCode(cause) ?? '';
  if (MISSING.has(code)) {
    const isUnmounted = code === 'ENOENT' && isInContainer();
    return new AgentError('ENGINE_MISSING', `No Docker engine is there at ${endpoint.url} (${code}).`, {
      remedy: `${isUnmounted ? MOUNT_SOCKET : 'Start Docker (`sudo systemctl start docker`)'}, or set DOCKER_HOST to where it listens.`,
      retryable: true,
      cause,
    });
  }
  if (DENIED.has(code)) {
    const user = userName();
    return new AgentError('ENGINE_DENIED', `User ${user} may not open ${endpoint.url} (${code}).`, {
      remedy: `Run \`sudo usermod -aG docker ${user}\` and log in again, or run the agent as root.`,
      retryable: true,
      cause,
    });
  }
  if (endpoint.tls && TLS_CODE.test(code)) return tlsError(endpoint, code, cause);
  return silentError(endpoint, code || String(cause), cause);
}

function tlsError(endpoint: Endpoint, code: string, cause: unknown): AgentError {
  return new AgentError('ENGINE_DENIED', `TLS to the Docker engine at ${endpoint.url} failed (${code}).`, {
    remedy: tlsRemedy(`${code} ${String(cause)}`),
    retryable: true,
    cause,
  });
}

function tlsRemedy(reason: string): string {
  if (/wrong.version|packet.length/i.test(reason))
    return 'This port does not speak TLS: use its tcp:// address without tls and DOCKER_TLS_VERIFY, or the port that does (mostly 2376).';
  // The other side has said no.
  if (/alert/i.test(reason))
    return 'The engine wants a certificate that it trusts: give cert_file and key_file in tls of the docker source, or cert.pem and key.pem in DOCKER_CERT_PATH.';
  return "The engine's certificate is not trusted: give its CA as ca_file in tls of the docker source, or as ca.pem in DOCKER_CERT_PATH, and use the name that the certificate is for.";
}

export function silentError(endpoint: Endpoint, what: string, cause?: unknown): AgentError {
  return new AgentError('ENGINE_SILENT', `The Docker engine at ${endpoint.url} does not answer (${what}).`, {
    remedy: 'See whether `docker ps` answers; if not, restart Docker (`sudo systemctl restart docker`).',
    retryable: true,
    cause,
  });
}

export function answerError(endpoint: Endpoint, what: string, remedy?: string): AgentError {
  return new AgentError('ENGINE_ANSWER', `The Docker engine at ${endpoint.url} ${what}.`, {
    remedy: remedy ?? 'See whether this endpoint is a Docker engine, and what its own log says.',
    retryable: true,
  });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
