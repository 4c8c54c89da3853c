/** The token of the login, made at the first start and kept in the data directory, so that it survives restarts. */
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { AgentError, systemCode } from '../../runtime/errors.js';
import { writePrivate } from '../../runtime/private-file.js';

const TOKEN_BYTES = 24;
/** What a header and a URL carry, and nobody guesses. */
const USABLE = /^[!-~]{16,512}$/;

/** The token in `dataDir`/token, made where there is none; only one agent at a time may call it. Throws SECRET_UNREADABLE. */
export function keptToken(dataDir: string): string {
  const file = path.join(dataDir, 'token');
  const kept = readToken(file);
  if (kept !== undefined) return kept;
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  try {
    writePrivate(file, `${token}\n`);
  } catch (cause) {
    throw new AgentError('SECRET_UNREADABLE', `The login token cannot be written to ${file}.`, {
      remedy: 'Make the data directory writable, or give a token with server.token.',
      cause,
    });
  }
  return token;
}

function readToken(file: string): string | undefined {
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw unusable(file, cause);
  }
  if (!USABLE.test(text)) throw unusable(file);
  return text;
}

function unusable(file: string, cause?: unknown): AgentError {
  return new AgentError(
    'SECRET_UNREADABLE',
    `The file ${file} cannot be read, or holds no token of 16 characters or more.`,
    { remedy: 'Remove it, so that a new token is made.', cause },
  );
}
