import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addWindow, readWindow } from './window.js';

const PAGE = '<!doctype html><p>the page</p>';
const SCRIPT = 'console.log("the window");';

let folder: string;
let app: FastifyInstance;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-window-'));
  mkdirSync(path.join(folder, 'assets'));
  write('index.html', PAGE);
  write('login.html', 'the form');
  write('assets/index-1.js', SCRIPT);
  write('assets/map.json', '{}');
  app = fastify();
});

afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text);
  writeFileSync(path.join(folder, `${name}.br`), brotliCompressSync(text));
  writeFileSync(path.join(folder, `${name}.gz`), gzipSync(text));
}

function ask(url: string, headers: Record<string, string> = {}) {
  return app.inject({ url, headers });
}

test('what was built is served: the page at the root, all else by its name, and nothing besides', async () => {
  addWindow(app, readWindow(folder));
  const page = await ask('/');
  expect([page.statusCode, page.headers['content-type'], page.body]).toEqual([
    200,
    'text/html; charset=utf-8',
    PAGE,
  ]);
  const script = await ask('/assets/index-1.js');
  expect([script.headers['content-type'], script.body]).toEqual(['text/javascript; charset=utf-8', SCRIPT]);
  for (const url of [
    '/index.html',
    '/login.html',
    '/assets/map.json',
    '/assets/index-1.js.br',
    '/assets/%2e%2e/login.html',
  ])
    expect([url, (await ask(url)).statusCode]).toEqual([url, 404]);
});

describe('compression', () => {
  test.each([
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['GZIP;q=0.5', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0.0, gzip;q=0', undefined],
    ['identity', undefined],
    ['brotli', undefined],
    ['', undefined],
  ])('who takes %j gets %j', async (accepted, coding) => {
    addWindow(app, readWindow(folder));
    const { headers, rawPayload } = await ask('/assets/index-1.js', { 'accept-encoding': accepted });
    expect([headers['content-encoding'], headers['vary']]).toEqual([coding, 'accept-encoding']);
    const decode =
      coding === 'br' ? brotliDecompressSync : coding === 'gzip' ? gunzipSync : (all: Buffer) => all;
    expect(decode(rawPayload).toString()).toBe(SCRIPT);
  });
});

test('a browser keeps what has a hash in its name, and asks for the page each time', async () => {
  addWindow(app, readWindow(folder));
  expect((await ask('/assets/index-1.js')).headers['cache-control']).toBe(
    'public, max-age=31536000, immutable',
  );
  const { headers } = await ask('/');
  expect(headers['cache-control']).toBe('no-cache');
  const again = await ask('/', { 'if-none-match': String(headers['etag']) });
  expect([again.statusCode, again.body]).toEqual([304, '']);
  write('index.html', `${PAGE} later`);
  const restarted = fastify();
  addWindow(restarted, readWindow(folder));
  const later = await restarted.inject({ url: '/', headers: { 'if-none-match': String(headers['etag']) } });
  expect([later.statusCode, later.body]).toEqual([200, `${PAGE} later`]);
  await restarted.close();
});

test('where nothing was built the root says so', async () => {
  addWindow(app, readWindow(path.join(folder, 'missing')));
  const { statusCode, body } = await ask('/');
  expect([statusCode, body]).toEqual([503, expect.stringContaining('npm run build')]);
});
