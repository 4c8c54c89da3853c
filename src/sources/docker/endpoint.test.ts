import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentError } from '../../runtime/errors.js';
import { findEndpoint, usualSockets } from './endpoint.js';

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

function context(name: string, host: string, { withTls = false } = {}): void {
  const digest = createHash('sha256').update(name).digest('hex');
  mkdirSync(join(home, '.docker/contexts/meta', digest), { recursive: true });
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
  writeFileSync(join(home, '.docker/contexts/meta', digest, 'meta.json'), JSON.stringify(meta));
  if (withTls) mkdirSync(join(home, '.docker/contexts/tls', digest, 'docker'), { recursive: true });
}

function find(search: { endpoint?: string; env?: Record<string, string> }, sockets: string[] = []) {
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
  ])('%s', (endpoint, target) => {
    expect(find({ endpoint }).target).toEqual(target);
  });

  test.each([
    'ssh://me@box',
    'https://box:2376',
    'npipe:////./pipe/docker',
    'tcp://',
    'tcp://box/path',
    'unix://a',
    'box',
  ])('%s cannot be used, and the error says what can', (endpoint) => {
    const error = failure(() => find({ endpoint }));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(endpoint);
    expect(error.remedy).toBeTruthy();
  });

  test('TLS is refused wherever it is asked for', () => {
    context('secure', 'tcp://box:2376', { withTls: true });
    expect(failure(() => find({ env: { DOCKER_CONTEXT: 'secure' } })).message).toMatch(/TLS/);
    const env = { DOCKER_HOST: 'tcp://box:2376', DOCKER_TLS_VERIFY: '1' };
    expect(failure(() => find({ env })).message).toMatch(/TLS/);
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

test('an unknown context and no engine at all are different errors', () => {
  const unknown = failure(() => find({ env: { DOCKER_CONTEXT: 'gone' } }));
  expect([unknown.code, unknown.message]).toEqual(['CONFIG_INVALID', expect.stringContaining('"gone"')]);
  const missing = failure(() => find({}, ['/nowhere/a.sock']));
  expect([missing.code, missing.retryable]).toEqual(['ENGINE_MISSING', true]);
  expect(missing.message).toContain('/nowhere/a.sock');
});
