/** Certificates for tests, made by the openssl command: a CA, and a server and a client that it vouches for. */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Why none can be made; undefined where they can. */
export const whyNoCertificates =
  spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not installed';

const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/**
 * Writes ca.pem, and server and client certificates `<name>-cert.pem` with `<name>-key.pem`, into a folder. The server's
 * is for 127.0.0.1 and the name engine.test.
 */
export function makeCertificates(dir: string): void {
  const at = (name: string): string => join(dir, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  openssl(
    'req',
    '-x509',
    ...EC_KEY,
    '-keyout',
    at('ca-key.pem'),
    '-out',
    at('ca.pem'),
    '-subj',
    '/CN=test CA',
  );
  for (const name of ['server', 'client']) {
    const [key, request, extensions] = [`${name}-key.pem`, `${name}.csr`, `${name}.ext`].map(at);
    writeFileSync(
      extensions,
      'subjectAltName=IP:127.0.0.1,DNS:engine.test\nextendedKeyUsage=serverAuth,clientAuth\n',
    );
    openssl('req', ...EC_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${name}`);
    const signing = [
      '-req',
      '-in',
      request,
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca-key.pem'),
      '-CAcreateserial',
    ];
    openssl('x509', ...signing, '-out', at(`${name}-cert.pem`), '-extfile', extensions);
  }
}
