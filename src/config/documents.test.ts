/** The committed documents are those that the schema makes. `npx vitest run --project unit src/config -u` renews them. */
import path from 'node:path';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configJsonSchema } from './json-schema.js';
import { configReference } from './reference.js';

const DOCS = path.resolve(import.meta.dirname, '../../docs');

test('docs/config.schema.json is current', async () => {
  const text = `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot(path.join(DOCS, 'config.schema.json'));
});

test('docs/configuration.md is current', async () => {
  await expect(configReference()).toMatchFileSnapshot(path.join(DOCS, 'configuration.md'));
});

describe('what an editor says', () => {
  const strict = { removeAdditional: false, coerceTypes: false, useDefaults: false, allowUnionTypes: true };
  const app = fastify({ ajv: { customOptions: strict } });

  beforeAll(async () => {
    app.post('/', { schema: { body: configJsonSchema() } }, () => 'fine');
    await app.ready();
  });

  afterAll(() => app.close());

  async function accepts(config: object): Promise<boolean> {
    const response = await app.inject({ method: 'POST', url: '/', payload: config });
    return response.statusCode === 200;
  }

  test.each<object>([
    {},
    { sinks: null, sources: { containers: null }, labels: { env: 'prod' } },
    { sinks: { loki: { url: 'http://127.0.0.1:3100', password_file: '/run/secrets/loki' }, stdout: null } },
    { sinks: { loki: { type: 'file', directory: 'x' }, other: { type: 'loki', url: '${LOKI}' } } },
    {
      sinks: {
        local: { type: 'file', directory: './x', max_bytes: '10MB', max_total_bytes: 1e9, max_age: '1h' },
      },
    },
    { sources: { containers: { start_at: 'end', include: { names: ['a*'] }, transport: 'api' } } },
    { server: { port: '${PORT:-8401}', auth: 'none' }, journal: { sync_interval: 0, min_free: '7.5%' } },
  ])('accepts %j', async (config) => {
    expect(await accepts(config)).toBe(true);
  });

  test.each<object>([
    { sink: {} },
    { sinks: { other: { url: 'http://127.0.0.1:3100' } } },
    { sinks: { loki: { directory: 'x', url: 'http://h' } } },
    { sinks: { loki: {} } },
    { sinks: { other: null } },
    { sinks: { loki: { url: 'loki:3100' } } },
    { sinks: { loki: { url: 'http://h', timeout: '5 parsec' } } },
    { sinks: { 'a b': { type: 'stdout' } } },
    { sources: { containers: { transport: 'pigeon' } } },
    { server: { port: 70_000 } },
    { labels: { 'a-b': 'x' } },
  ])('refuses %j', async (config) => {
    expect(await accepts(config)).toBe(false);
  });
});
