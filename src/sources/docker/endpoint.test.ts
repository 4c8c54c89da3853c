import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentError } from '../../runtime/errors.js';
import { type EndpointSearch, findEndpoint, usualSockets } from './endpoint.js';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'endpoint-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function config(content: unknown): void {
  mkdirSync(join(home, '.docker'), { recursive: true });
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(home, '.docker/config.json'), text);
}

function context(name: string, host: string, { tls = [] as string[], skipVerify = false } = {}): void {
  const digest = createHash('sha256').update(name).digest('hex');
  mkdirSync(join(home, '.docker/contexts/meta', digest), { recursive: true });
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: skipVerify } } };
  writeFileSync(join(home, '.docker/contexts/meta', digest, 'meta.json'), JSON.stringify(meta));
  const dir = join(home, '.docker/contexts/tls', digest, 'docker');
  if (tls.length > 0) mkdirSync(dir, { recursive: true });
  for (const file of tls) writeFileSync(join(dir, file), '');
}

function tlsDir(name: string): string {
  const digest = createHash('sha256').update(name).digest('hex');
  return join(home, '.docker/contexts/tls', digest, 'docker');
}

function find(search: Partial<EndpointSearch>, sockets: string[] = []) {
  return findEndpoint({ env: {}, home, uid: 1000, ...search }, sockets);
}

function failure(action: () => unknown): AgentError {
  try {
    action();
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('which one', () => {
  test('the configuration goes before DOCKER_HOST, that before DOCKER_CONTEXT, that before the current context', () => {
    config({ currentContext: 'current' });
    context('current', 'unix:///current.sock');
    context('chosen', 'unix:///chosen.sock');
    const env = { DOCKER_HOST: 'unix:///host.sock', DOCKER_CONTEXT: 'chosen' };
    expect(find({ endpoint: 'unix:///own.sock', env }).url).toBe('unix:///own.sock');
    expect(find({ env }).url).toBe('unix:///host.sock');
    expect(find({ env: { DOCKER_CONTEXT: 'chosen' } }).url).toBe('unix:///chosen.sock');
    expect(find({}).url).toBe('unix:///current.sock');
  });

  test('DOCKER_CONFIG says where contexts are kept', () => {
    config({ currentContext: 'c' });
    context('c', 'tcp://10.0.0.1:2375');
    const env = { DOCKER_CONFIG: join(home, '.docker') };
    expect(findEndpoint({ env, home: '/nowhere', uid: 0 }, []).url).toBe('tcp://10.0.0.1:2375');
  });

  test('the context "default", no context and a broken config.json mean the usual sockets', () => {
    const socket = join(home, 'docker.sock');
    writeFileSync(socket, '');
    expect(find({ env: { DOCKER_CONTEXT: 'default' } }, [socket]).target).toEqual({ socketPath: socket });
    expect(find({}, ['/nowhere.sock', socket]).target).toEqual({ socketPath: socket });
    config('{"currentContext":');
    expect(find({}, [socket]).target).toEqual({ socketPath: socket });
  });

  test('the usual sockets of a user and of root', () => {
    const env = { XDG_RUNTIME_DIR: '/run/user/7' };
    expect(usualSockets({ env, home: '/home/u', uid: 7 })).toEqual([
      '/var/run/docker.sock',
      '/run/user/7/docker.sock',
      '/home/u/.docker/run/docker.sock',
      '/home/u/.colima/default/docker.sock',
      '/home/u/.orbstack/run/docker.sock',
      '/run/user/7/podman/podman.sock',
      '/run/podman/podman.sock',
    ]);
    expect(usualSockets({ env: {}, home: '/home/u', uid: 8 })).toContain('/run/user/8/docker.sock');
    expect(usualSockets({ env: {}, home: '/root', uid: 0 }).join()).not.toContain('/run/user');
  });
});

describe('how it is written', () => {
  test.each([
    ['unix:///a/b.sock', { socketPath: '/a/b.sock' }],
    ['/a/b.sock', { socketPath: '/a/b.sock' }],
    ['tcp://127.0.0.1:2375', { host: '127.0.0.1', port: 2375 }],
    ['tcp://box', { host: 'box', port: 2375 }],
    ['http://box:80/', { host: 'box', port: 80 }],
    ['tcp://[::1]:99', { host: '::1', port: 99 }],
    ['https://box', { host: 'box', port: 2376 }],
    ['https://box:443', { host: 'box', port: 443 }],
  ])('%s', (endpoint, target) => {
    expect(find({ endpoint }).target).toEqual(target);
  });

  test.each(['ssh://me@box', 'npipe:////./pipe/docker', 'tcp://', 'tcp://box/path', 'unix://a', 'box'])(
    '%s cannot be used, and the error says what can',
    (endpoint) => {
      const error = failure(() => find({ endpoint }));
      expect(error.code).toBe('CONFIG_INVALID');
      expect(error.message).toContain(endpoint);
      expect(error.remedy).toBeTruthy();
    },
  );

  test('a password in it is not repeated', () => {
    const { code, message } = failure(() => find({ endpoint: 'tcp://me:secret@box' }));
    expect([code, message]).toEqual(['CONFIG_INVALID', expect.not.stringContaining('secret')]);
  });

  test('anything at all is an endpoint or CONFIG_INVALID', () => {
    const scheme = fc.constantFrom('unix://', 'tcp://', 'http://', 'https://', 'ssh://', '');
    fc.assert(
      fc.property(scheme, fc.string({ minLength: 1 }), (prefix, rest) => {
        try {
          expect(find({ endpoint: prefix + rest }).target).toBeTypeOf('object');
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
        }
      }),
    );
  });
});

describe('with TLS', () => {
  const verified = { insecureSkipVerify: false };

  test('not for a socket, and not for tcp where nobody asks for it', () => {
    const env = { DOCKER_TLS_VERIFY: '1' };
    expect(find({ endpoint: '/a.sock', env, tls: verified }).tls).toBeUndefined();
    expect(find({ endpoint: 'http://box:80', env }).tls).toBeUndefined();
    expect(find({ endpoint: 'tcp://box' }).tls).toBeUndefined();
    expect(find({ endpoint: 'https://box' }).tls).toEqual(verified);
  });

  test('DOCKER_TLS_VERIFY, with what there is in DOCKER_CERT_PATH or in the docker config', () => {
    config({});
    writeFileSync(join(home, '.docker/ca.pem'), '');
    const env = { DOCKER_HOST: 'tcp://box', DOCKER_TLS_VERIFY: '1' };
    expect(find({ env })).toEqual({
      url: 'tcp://box',
      target: { host: 'box', port: 2376 },
      tls: { ...verified, caFile: join(home, '.docker/ca.pem') },
    });
    for (const file of ['cert.pem', 'key.pem']) writeFileSync(join(home, file), '');
    expect(find({ env: { ...env, DOCKER_CERT_PATH: home } }).tls).toEqual({
      ...verified,
      certFile: join(home, 'cert.pem'),
      keyFile: join(home, 'key.pem'),
    });
  });

  test('a context, with what belongs to it, and the configuration before it', () => {
    context('secure', 'tcp://box:2376', { tls: ['ca.pem', 'cert.pem', 'key.pem'] });
    context('lax', 'tcp://box', { skipVerify: true });
    const [caFile, certFile, keyFile] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) =>
      join(tlsDir('secure'), name),
    );
    expect(find({ env: { DOCKER_CONTEXT: 'secure' } }).tls).toEqual({
      caFile,
      certFile,
      keyFile,
      ...verified,
    });
    expect(find({ env: { DOCKER_CONTEXT: 'lax' } })).toMatchObject({
      target: { port: 2376 },
      tls: { insecureSkipVerify: true },
    });
    const tls = { caFile: '/own.pem', insecureSkipVerify: false };
    expect(find({ tls, env: { DOCKER_CONTEXT: 'secure' } }).tls).toEqual(tls);
  });
});

test('an unknown context and no engine at all are different errors', () => {
  const unknown = failure(() => find({ env: { DOCKER_CONTEXT: 'gone' } }));
  expect([unknown.code, unknown.message]).toEqual(['CONFIG_INVALID', expect.stringContaining('"gone"')]);
  const missing = failure(() => find({}, ['/nowhere/a.sock']));
  expect([missing.code, missing.retryable]).toEqual(['ENGINE_MISSING', true]);
  expect(missing.message).toContain('/nowhere/a.sock');
});
