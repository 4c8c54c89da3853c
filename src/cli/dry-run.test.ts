import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/types.js';
import { prepareDryRun } from './dry-run.js';

function configWith(env: NodeJS.ProcessEnv): Config {
  return loadConfig({ cwd: '/', env }).config;
}

test('the sources as configured, nothing of the rest, and no trace', () => {
  const config = configWith({
    LOG_CAPTURER_LOKI_URL: 'http://loki',
    LOG_CAPTURER_SERVER_HOST: '0.0.0.0',
    LOG_CAPTURER_LABELS_ENV: 'prod',
    LOG_CAPTURER_SOURCES_CONTAINERS_TRANSPORT: 'api',
  });
  const dry = prepareDryRun(config);
  const { dataDir } = dry.config;
  expect(dry.config).toMatchObject({
    labels: config.labels,
    sources: config.sources,
    server: { host: '127.0.0.1', port: 0 },
    metrics: { port: 0 },
  });
  expect(dry.config.sinks).toEqual({ stdout: { type: 'stdout' } });
  expect(dataDir).not.toBe(config.dataDir);
  writeFileSync(path.join(dataDir, 'something'), '');
  dry.remove();
  dry.remove();
  expect(existsSync(dataDir)).toBe(false);
});

test('where every sink selects, what they select, once for each different selector', () => {
  const dry = prepareDryRun(
    configWith({
      LOG_CAPTURER_SINKS_LOKI_URL: 'http://loki',
      LOG_CAPTURER_SINKS_LOKI_MATCH: '{env="a"}',
      LOG_CAPTURER_SINKS_FILE_DIRECTORY: '/x',
      LOG_CAPTURER_SINKS_FILE_MATCH: '{env="b"}',
      LOG_CAPTURER_SINKS_STDOUT_MATCH: '{env="a"}',
    }),
  );
  dry.remove();
  expect(
    Object.values(dry.config.sinks)
      .map(({ match }) => match)
      .sort(),
  ).toEqual(['{env="a"}', '{env="b"}']);
});
