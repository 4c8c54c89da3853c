import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import type { ConfigCheck, ReloadResult } from '../config/shape.js';
import { Scope } from '../runtime/scope.js';
import { addConfigRoutes } from './config-route.js';
import type { PrivateOptions } from './private.js';

const FINE: ConfigCheck = { ok: true, problems: [], effective: 'a: 1\n', differs: [], changes: [] };
const RELOADED: ReloadResult = { result: 'unchanged', changes: [], problems: [] };
const YAML = { 'content-type': 'text/yaml' };
const LOCAL = { host: '127.0.0.1', hasLogin: false };

function serve(
  check: (text: string) => Promise<ConfigCheck>,
  who: PrivateOptions = LOCAL,
  reload = (): Promise<ReloadResult | undefined> => Promise.resolve(RELOADED),
) {
  const root = Scope.root('test', (error) => {
    throw error;
  });
  const app = fastify();
  addConfigRoutes(app, root, {
    ...who,
    config: { check: (_, text) => check(text ?? 'the file') },
    reload,
  });
  return (payload: string, headers: Record<string, string> = YAML, url = '/api/v1/config/check') =>
    app.inject({ method: 'POST', url, ...(payload !== '' && { payload }), headers });
}

test.each(['text/yaml', 'application/yaml', 'text/plain', 'text/yaml; charset=utf-8'])(
  '%s is judged',
  async (type) => {
    const asked: string[] = [];
    const ask = serve((text) => {
      asked.push(text);
      return Promise.resolve(FINE);
    });
    const { statusCode, body } = await ask('a: ü', { 'content-type': type });
    expect([statusCode, JSON.parse(body), asked]).toEqual([200, FINE, ['a: ü']]);
  },
);

test('another kind of body is refused, and one that is too large', async () => {
  const ask = serve(() => Promise.resolve(FINE));
  const json = await ask('{}', { 'content-type': 'application/json' });
  expect([json.statusCode, json.json().error.message]).toEqual([400, 'Send the configuration as text/yaml.']);
  expect((await ask('a'.repeat(128 * 1024))).statusCode).toBe(200);
  expect((await ask('a'.repeat(128 * 1024 + 1))).statusCode).toBe(413);
});

test('nobody may, where everybody could', async () => {
  const asked: string[] = [];
  const judge = (text: string): Promise<ConfigCheck> => {
    asked.push(text);
    return Promise.resolve(FINE);
  };
  const open = serve(judge, { host: '0.0.0.0', hasLogin: false });
  expect((await open('a: 1')).json().error.code).toBe('CHANGE_REFUSED');
  const local = serve(judge);
  expect((await local('a: 1', { ...YAML, via: '1.1 proxy' })).statusCode).toBe(403);
  expect((await local('a: 1', { ...YAML, origin: 'http://evil.example' })).statusCode).toBe(403);
  expect(asked).toEqual([]);
  expect((await serve(judge, { host: '0.0.0.0', hasLogin: true })('a: 1')).statusCode).toBe(200);
});

test('without a body it is the file that is judged', async () => {
  const asked: string[] = [];
  const ask = serve((text) => {
    asked.push(text);
    return Promise.resolve(FINE);
  });
  expect((await ask('', {})).statusCode).toBe(200);
  expect(asked).toEqual(['the file']);
});

test('a reload is for those who may change something', async () => {
  const judge = (): Promise<ConfigCheck> => Promise.resolve(FINE);
  const to = '/api/v1/config/reload';
  const { statusCode, body } = await serve(judge)('', {}, to);
  expect([statusCode, JSON.parse(body)]).toEqual([200, RELOADED]);
  const open = serve(judge, { host: '0.0.0.0', hasLogin: false });
  expect((await open('', {}, to)).json().error.code).toBe('CHANGE_REFUSED');
  expect((await serve(judge)('', { origin: 'http://evil.example' }, to)).statusCode).toBe(403);
});

test('a reload tells apart what was refused, what failed, and an agent that is stopping', async () => {
  const judge = (): Promise<ConfigCheck> => Promise.resolve(FINE);
  const told = async (result: ReloadResult | undefined) => {
    const ask = serve(judge, LOCAL, () => Promise.resolve(result));
    const { statusCode, body } = await ask('', {}, '/api/v1/config/reload');
    return [statusCode, JSON.parse(body)];
  };
  for (const result of ['refused', 'failed'] as const)
    expect(await told({ ...RELOADED, result })).toEqual([200, { ...RELOADED, result }]);
  const stopping = { code: 'STOPPING', message: 'The agent is stopping.' };
  expect(await told(undefined)).toEqual([503, { error: stopping }]);
});

test('two at once and no more; one that fails makes room', async () => {
  const waiting: ((error: Error) => void)[] = [];
  const ask = serve(() => new Promise((_, reject) => waiting.push(reject)));
  const first = ask('a: 1');
  const second = ask('a: 2');
  await expect.poll(() => waiting.length).toBe(2);
  const third = await ask('a: 3');
  expect([third.statusCode, third.json().error.code]).toEqual([503, 'TOO_MANY']);
  for (const fail of waiting) fail(new Error('It takes too long.'));
  for (const { statusCode, body } of [await first, await second])
    expect([statusCode, JSON.parse(body).error]).toEqual([
      422,
      { code: 'BAD_REQUEST', message: 'It takes too long.' },
    ]);
  const fourth = ask('a: 4');
  await expect.poll(() => waiting.length).toBe(3);
  waiting[2](new Error('gone'));
  await fourth;
});
