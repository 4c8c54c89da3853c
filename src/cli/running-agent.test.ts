import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { healthcheck } from './commands/healthcheck.js';
import { findAgent } from './running-agent.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-running-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function configFile(text: string): string {
  const file = path.join(folder, 'c.yaml');
  writeFileSync(file, text);
  return file;
}

describe('where the agent is', () => {
  test.each([
    ['server: { port: 9000 }', 'http://127.0.0.1:9000'],
    ['server: { host: 0.0.0.0, port: 9000 }', 'http://127.0.0.1:9000'],
    ['server: { host: "::", port: 9000 }', 'http://[::1]:9000'],
    ['server: { host: logs.example.org }', 'http://logs.example.org:8401'],
  ])('by its configuration: %s', (text, url) => {
    expect(findAgent({ config: configFile(text) }).url.origin).toBe(url);
  });

  test('by the environment, as the agent itself takes it', () => {
    vi.stubEnv('LOG_CAPTURER_SERVER_PORT', '9001');
    expect(findAgent({}).url.origin).toBe('http://127.0.0.1:9001');
  });

  test('at the usual place, where the configuration is broken and nobody named it', () => {
    vi.stubEnv('LOG_CAPTURER_SERVER_PROT', '9001');
    expect(findAgent({})).toEqual({ url: new URL('http://127.0.0.1:8401'), token: undefined });
    expect(() => findAgent({ config: configFile('') })).toThrow('LOG_CAPTURER_SERVER_PROT');
  });

  test('nowhere, where the address is none', () => {
    expect(() => findAgent({ url: 'localhost:8401' })).toThrow('localhost:8401 is no address of an agent.');
  });
});

describe('the token', () => {
  test('by flag, environment, configuration, data directory, in this order', () => {
    writeFileSync(path.join(folder, 'token'), 'kept\n');
    const kept = configFile(`data_dir: ${folder}`);
    expect(findAgent({ config: kept }).token).toBe('kept');
    expect(findAgent({ config: configFile(`data_dir: ${folder}\nserver: { token: given }`) }).token).toBe(
      'given',
    );
    vi.stubEnv('LOG_CAPTURER_SERVER_TOKEN', 'env');
    expect(findAgent({ config: kept }).token).toBe('env');
    expect(findAgent({ config: kept, token: 'flag' }).token).toBe('flag');
  });

  test('of this machine goes nowhere that an address names', () => {
    writeFileSync(path.join(folder, 'token'), 'kept');
    const config = configFile(`data_dir: ${folder}\nserver: { token: given }`);
    expect(findAgent({ config, url: 'http://elsewhere:8401' }).token).toBeUndefined();
  });
});

describe('healthcheck', () => {
  let server: Server;

  afterEach(() => server?.close());

  async function answer(listener: RequestListener): Promise<string> {
    server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function check(url: string): Promise<[code: number, said: string]> {
    const said = vi.spyOn(console, 'log').mockImplementation(() => {});
    const code = await healthcheck({ url, token: 't' });
    expect(said).toHaveBeenCalledOnce();
    return [code, String(said.mock.calls[0][0])];
  }

  test.each([
    ['healthy', 200, 0],
    ['degraded', 200, 0],
    ['unhealthy', 503, 1],
  ])('an agent that is %s', async (status, statusCode, code) => {
    const paths: (string | undefined)[] = [];
    const url = await answer((request, response) => {
      paths.push(request.url, request.headers.authorization);
      response.writeHead(statusCode).end(JSON.stringify({ status }));
    });
    expect(await check(url)).toEqual([code, status]);
    expect(paths).toEqual(['/health', 'Bearer t']);
  });

  test('says what is not well, on one line', async () => {
    const components = {
      journal: { state: 'healthy', reason: '' },
      'sink/loki': { state: 'degraded', reason: 'Loki is\n away.' },
    };
    const url = await answer((_, response) =>
      response.end(JSON.stringify({ status: 'degraded', components })),
    );
    expect(await check(url)).toEqual([0, 'degraded; sink/loki: Loki is· away.']);
  });

  test('what is no agent, and nothing at all', async () => {
    const url = await answer((_, response) => response.end('<html>'));
    expect(await check(url)).toEqual([1, `unreachable: what answers at ${url} is no agent`]);
    vi.restoreAllMocks();
    await new Promise((resolve) => server.close(resolve));
    expect(await check(url)).toEqual([1, `unreachable: nothing listens at ${url}`]);
  });
});
