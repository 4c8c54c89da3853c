/** The API's document is what the server does: every route is in it, and what a real agent answers has the form it tells. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Scope } from '../../src/runtime/scope.js';
import { Login } from '../../src/server/login/login.js';
import { ROUTES } from '../../src/server/openapi/paths.js';
import type { Schema } from '../../src/server/openapi/schema.js';
import { addRoutes } from '../../src/server/routes.js';
import { serverOptions } from '../../src/server/testing/server-options.js';
import { Agent } from '../support/agent.js';

const PATIENCE = { timeout: 30_000, interval: 50 };

interface Operation {
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema: Schema }> }>>;
}

let folder: string;
let agent: Agent;
let document: { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-openapi-'));
  const sources = { demo: { type: 'demo', lines_per_second: 100, containers: 2 } };
  const sinks = { local: { type: 'file', directory: path.join(folder, 'logs') } };
  agent = await Agent.start({ folder, config: { sources, sinks } });
  await agent.ready();
  document = await agent.get('/api/v1/openapi.json');
  await vi.waitFor(async () => {
    const { linesCommitted } = await agent.get<{ linesCommitted: number }>('/api/v1/journal');
    expect(linesCommitted).toBeGreaterThan(100);
  }, PATIENCE);
});

afterAll(async () => {
  await agent?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(
  method: string,
  target: string,
  body = '',
): Promise<{ readonly status: number; readonly body: string }> {
  const headers = { 'content-type': 'text/yaml' };
  const sent = request(`${agent.url}${target}`, { method, agent: false, headers }).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}

test('every route of the server is in the document, and none besides', async () => {
  const app = fastify({ exposeHeadRoutes: false });
  const served: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) served.push(`${one.toLowerCase()} ${url.replace(/:(\w+)/g, '{$1}')}`);
  });
  const root = Scope.root('test', (error) => {
    throw error;
  });
  addRoutes(app, root, serverOptions(), new Login('a-token', { basePath: '', isSecure: false }));
  await app.ready();
  const told = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(told.toSorted()).toEqual(served.toSorted());
  expect(new Set(ROUTES.map(({ method, path }) => `${method} ${path}`)).size).toBe(ROUTES.length);
  await app.close();
  await root.close();
});

describe('answers of a running agent', () => {
  const judge = fastify({
    bodyLimit: 64 * 1024 ** 2,
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        useDefaults: false,
        allowUnionTypes: true,
      },
    },
  });
  const judged = new Map<string, string>();

  /** Throws with what is wrong. By a validator that knows nothing of this project. */
  async function mustFit(schema: Schema, value: unknown): Promise<void> {
    const key = JSON.stringify(schema);
    if (!judged.has(key)) throw new Error('no judge was made for it');
    const { statusCode, body } = await judge.inject({
      method: 'POST',
      url: judged.get(key) ?? '',
      payload: { value },
    });
    if (statusCode !== 200) throw new Error(`${body}\n${JSON.stringify(value).slice(0, 2000)}`);
  }

  function schemaOf(method: string, target: string, type = 'application/json'): Schema {
    const { responses } = document.paths[target][method];
    return closed(responses['200']?.content?.[type]?.schema ?? {});
  }

  /** References followed, and no keys allowed but those that are told. */
  function closed(schema: Schema & { $ref?: string }): Schema {
    const { $ref, properties, items, additionalProperties: others } = schema;
    if ($ref !== undefined) {
      const { components } = document as unknown as { components: { schemas: Record<string, Schema> } };
      return closed(components.schemas[$ref.slice($ref.lastIndexOf('/') + 1)]);
    }
    return {
      ...schema,
      ...(properties && {
        properties: Object.fromEntries(Object.entries(properties).map(([key, part]) => [key, closed(part)])),
        additionalProperties: others ?? false,
      }),
      ...(items && { items: closed(items) }),
      ...(typeof others === 'object' && { additionalProperties: closed(others) }),
    };
  }

  const QUERIES: Readonly<Record<string, string>> = {
    '/api/v1/context': '?container=demo-web&time=now',
    '/api/v1/dead-letters': '?n=5',
  };
  const SLOW = ['/debug/profile', '/debug/heap', '/debug/objects'];
  const plain = ROUTES.filter(
    ({ method, path, answer }) => method === 'get' && 'application/json' in answer && !SLOW.includes(path),
  ).map(({ path }) => path);

  beforeAll(async () => {
    const all = [
      ...plain.map((path) => schemaOf('get', path)),
      schemaOf('post', '/api/v1/config/check'),
      schemaOf('get', '/api/v1/tail', 'text/event-stream'),
    ];
    for (const schema of all) {
      const key = JSON.stringify(schema);
      if (judged.has(key)) continue;
      const url = `/${judged.size}`;
      judged.set(key, url);
      const body = { type: 'object', properties: { value: schema }, required: ['value'] };
      judge.post(url, { schema: { body } }, () => 'fine');
    }
    await judge.ready();
  });

  afterAll(() => judge.close());

  test.each(plain)('%s', async (path) => {
    const { status, body } = await ask('GET', path + (QUERIES[path] ?? ''));
    expect([status, body]).toEqual([200, expect.any(String)]);
    await mustFit(schemaOf('get', path), JSON.parse(body));
  });

  test.each(['labels: { a: b }', 'server: { prot: 1 }', 'server: { auth: none, host: 0.0.0.0 }'])(
    'a configuration that is checked: %s',
    async (yaml) => {
      const { status, body } = await ask('POST', '/api/v1/config/check', yaml);
      expect(status).toBe(200);
      await mustFit(schemaOf('post', '/api/v1/config/check'), JSON.parse(body));
    },
  );

  test('lines of the tail', async () => {
    const { body } = await ask('GET', '/api/v1/tail?follow=0&n=20');
    const lines = [...body.matchAll(/^data: (.*"line":.*)$/gm)].map(
      ([, line]) => JSON.parse(line) as unknown,
    );
    expect(lines).toHaveLength(20);
    for (const line of lines) await mustFit(schemaOf('get', '/api/v1/tail', 'text/event-stream'), line);
  });

  test('the judge refuses what does not fit', async () => {
    const schema = schemaOf('get', '/api/v1/build');
    const build = { version: '1', revision: 'a', digest: 'b', dirty: false, onDisk: null };
    await mustFit(schema, build);
    await expect(mustFit(schema, { ...build, dirty: 'no' })).rejects.toThrow('boolean');
    await expect(mustFit(schema, { ...build, more: 1 })).rejects.toThrow('additional');
    await expect(mustFit(schema, { version: '1' })).rejects.toThrow('required');
  });
});
