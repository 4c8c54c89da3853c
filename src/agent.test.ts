import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { startAgent } from './agent.js';
import type { Config } from './config/types.js';
import type { Sink } from './pipeline/contract.js';
import { silentLogger } from './runtime/log.js';
import type { Scope } from './runtime/scope.js';
import { countMessages } from './telemetry/message-counts.js';

vi.mock('./components.js', () => ({ createSink: () => badSink, processorMaker: () => undefined }));

/** What it opens does not close. */
const badSink: Sink = {
  name: 'bad',
  concurrency: 1,
  maxRawBytes: 1,
  batchWaitMs: 0,
  retained: undefined,
  open: (scope: Scope) => {
    scope.own('file', 'bad', () => Promise.reject(new Error('it does not close')));
    return Promise.resolve(undefined);
  },
  deliver: () => Promise.reject(new Error('never')),
  close: () => Promise.resolve(),
};

test('a start that fails says why, also where not everything can be ended after it', async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'log-capturer-agent-'));
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const said: string[] = [];
  const log = countMessages({ ...silentLogger, error: (_, message) => void said.push(message) });
  const { port } = other.address() as AddressInfo;
  const config: Config = {
    dataDir,
    logLevel: 'info',
    labels: {},
    server: { host: '127.0.0.1', port, auth: 'none', allowedHosts: [], basePath: '' },
    metrics: { host: '127.0.0.1', port: 0 },
    journal: { maxBytes: 1e9, maxAgeMs: 1e9, minFree: 0, syncIntervalMs: 200 },
    deadLetters: { maxBytes: 1e6, maxAgeMs: 1e9 },
    alerts: {},
    processors: [],
    sources: {},
    sinks: { bad: { type: 'stdout' } },
  };
  await expect(startAgent(config, log)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  expect(said).toEqual([expect.stringContaining('it does not close')]);
  other.close();
  rmSync(dataDir, { recursive: true });
});
