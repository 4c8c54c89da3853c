import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TlsConfig } from '../../config/types.js';
import { Scope } from '../../runtime/scope.js';
import { findEndpoint } from './endpoint.js';
import { Engine } from './engine.js';
import { makeCertificates, whyNoCertificates } from './testing/certificates.js';

const VERSION = JSON.stringify({ Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12' });
const INFO = JSON.stringify({ Name: 'box', DockerRootDir: '/var/lib/docker' });

describe.skipIf(whyNoCertificates !== undefined)(`an engine behind TLS ${whyNoCertificates ?? ''}`, () => {
  let dir: string;
  let scope: Scope;
  let server: Server | undefined;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'tls-'));
    makeCertificates(dir);
    // As the docker command wants them named.
    mkdirSync(join(dir, 'docker'));
    for (const [from, to] of [
      ['ca.pem', 'ca.pem'],
      ['client-cert.pem', 'cert.pem'],
      ['client-key.pem', 'key.pem'],
    ])
      copyFileSync(join(dir, from), join(dir, 'docker', to));
  });
  afterAll(() => rmSync(dir, { recursive: true }));
  beforeEach(() => {
    scope = Scope.root('test', (error) => {
      throw error;
    });
  });
  afterEach(async () => {
    await scope.close();
    expect([...scope.census()]).toEqual([]);
    server?.closeAllConnections();
    server?.close();
  });

  const file = (name: string): string => join(dir, name);

  /** The port of an engine that demands a client's certificate; a plain one with `isPlain`. */
  async function listen(isPlain = false): Promise<number> {
    const options: ServerOptions = {
      ca: readFileSync(file('ca.pem')),
      cert: readFileSync(file('server-cert.pem')),
      key: readFileSync(file('server-key.pem')),
      requestCert: true,
    };
    server = isPlain ? createPlainServer() : createServer(options);
    server.on('request', (request, response) => {
      response.end(request.url?.endsWith('/version') ? VERSION : INFO);
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  const trusting = (more: Partial<TlsConfig> = {}): TlsConfig => ({
    caFile: file('ca.pem'),
    certFile: file('client-cert.pem'),
    keyFile: file('client-key.pem'),
    insecureSkipVerify: false,
    ...more,
  });

  function connect(endpoint: string, tls?: TlsConfig, env: Record<string, string> = {}) {
    return new Engine(scope, findEndpoint({ endpoint, tls, env, home: '/nowhere', uid: 0 })).connect();
  }

  test('is reached with its CA and a certificate, by tcp and https', async () => {
    const port = await listen();
    for (const scheme of ['tcp', 'https'])
      expect(await connect(`${scheme}://127.0.0.1:${port}`, trusting())).toMatchObject({ name: 'box' });
  });

  test('as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say', async () => {
    const env = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: file('docker') };
    const port = await listen();
    expect(await connect(`tcp://127.0.0.1:${port}`, undefined, env)).toMatchObject({ name: 'box' });
    const found = { env: { ...env, DOCKER_HOST: `tcp://127.0.0.1:${port}` }, home: '/nowhere', uid: 0 };
    expect(await new Engine(scope, findEndpoint(found)).connect()).toMatchObject({ name: 'box' });
  });

  test('by another name, if the certificate is for it', async () => {
    const url = `tcp://localhost:${await listen()}`;
    await expect(connect(url, trusting())).rejects.toMatchObject({
      code: 'ENGINE_DENIED',
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    });
    expect(await connect(url, trusting({ serverName: 'engine.test' }))).toMatchObject({ name: 'box' });
  });

  test('is not trusted without its CA, unless everybody is', async () => {
    const url = `tcp://127.0.0.1:${await listen()}`;
    const { caFile: _, ...withoutCa } = trusting();
    await expect(connect(url, withoutCa)).rejects.toMatchObject({
      code: 'ENGINE_DENIED',
      remedy: expect.stringContaining("The engine's certificate is not trusted"),
      retryable: true,
    });
    expect(await connect(url, { ...withoutCa, insecureSkipVerify: true })).toMatchObject({ name: 'box' });
  });

  test('says what it wants where no certificate is given', async () => {
    const url = `tcp://127.0.0.1:${await listen()}`;
    await expect(connect(url, { caFile: file('ca.pem'), insecureSkipVerify: false })).rejects.toMatchObject({
      code: 'ENGINE_DENIED',
      remedy: expect.stringContaining('The engine wants a certificate'),
    });
  });

  test('TLS where there is none', async () => {
    await expect(connect(`https://127.0.0.1:${await listen(true)}`)).rejects.toMatchObject({
      code: 'ENGINE_DENIED',
      remedy: expect.stringContaining('does not speak TLS'),
    });
  });

  test('none where there is TLS', async () => {
    const port = await listen(true);
    server?.removeAllListeners('request');
    // As Go answers such a request.
    server?.on('request', (_request, response) =>
      response.writeHead(400).end('Client sent an HTTP request to an HTTPS server.\n'),
    );
    await expect(connect(`tcp://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'ENGINE_ANSWER',
      message: expect.stringContaining('with 400 and wants TLS'),
      remedy: expect.stringContaining('https://'),
    });
  });

  test('a file that is not there is named', async () => {
    const missing = trusting({ keyFile: file('gone.pem') });
    await expect(async () => connect('tcp://127.0.0.1:1', missing)).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
      message: expect.stringContaining(file('gone.pem')),
    });
  });
});
