import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ConfigDesk, configDesk } from '../config/desk.js';
import { loadConfig } from '../config/load.js';
import { silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { Health } from '../telemetry/health.js';
import { Reloader, type ReloadParts } from './reload.js';

const OLD = 'labels: { env: old }\n';
const NEW = 'labels: { env: new }\n';

let cwd: string;
let desk: ConfigDesk;
let health: Health;
let scope: Scope;

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'log-capturer-reload-'));
  write(OLD);
  const request = { file: 'c.yaml', env: { HOME: cwd }, cwd };
  const loaded = loadConfig(request);
  desk = configDesk(loaded.config, request, loaded);
  health = new Health();
  scope = Scope.root('test', (error) => {
    throw error;
  });
});

afterEach(async () => {
  await scope.close();
  rmSync(cwd, { recursive: true });
});

function write(text: string): void {
  writeFileSync(path.join(cwd, 'c.yaml'), text);
}

/** Applies by `apply`; open. */
function reloaderThat(apply: () => Promise<void>): { reloader: Reloader; prepared: string[] } {
  const prepared: string[] = [];
  const prepare: ReloadParts['prepare'] = (then) => {
    prepared.push(then.labels['env']);
    return Promise.resolve(apply);
  };
  const reloader = new Reloader({ desk, log: silentLogger, health, prepare });
  reloader.open(scope);
  return { reloader, prepared };
}

const inForce = (): unknown => desk.present.labels['env'];

test('what is applied is in force when all of it runs, and not before', async () => {
  let duringApply: unknown;
  const { reloader } = reloaderThat(async () => {
    duringApply = inForce();
    await Promise.resolve();
  });
  write(NEW);
  await expect(reloader.reload('API')).resolves.toMatchObject({ result: 'applied', problems: [] });
  expect([duringApply, inForce()]).toEqual(['old', 'new']);
});

test('one that fails half-way is not called in force, and nothing is applied on top of it', async () => {
  const { reloader, prepared } = reloaderThat(() => Promise.reject(new Error('the sinks burn')));
  write(NEW);
  const failed = {
    result: 'failed',
    changes: [],
    problems: [
      expect.objectContaining({
        severity: 'error',
        message: 'A reload failed half-way, part of it may be in force (the sinks burn).',
        remedy: 'Restart the agent.',
      }),
    ],
  };
  await expect(reloader.reload('API')).resolves.toEqual(failed);
  expect(inForce()).toBe('old');
  write(OLD);
  await expect(reloader.reload('file')).resolves.toEqual(failed);
  expect(prepared).toEqual(['new']);
  expect(health.components().get('config')).toMatchObject({
    state: 'degraded',
    reason: expect.stringMatching(/^INTERNAL: .*the sinks burn.*Restart the agent\.$/),
  });
  expect(reloader.figures).toEqual({
    results: { applied: 0, unchanged: 0, refused: 0, failed: 2 },
    isLastGood: false,
  });
});

test('one that cannot be made is refused, and the next one that can heals it', async () => {
  const { reloader } = reloaderThat(() => Promise.resolve());
  write('labels: 5\n');
  await expect(reloader.reload('API')).resolves.toMatchObject({ result: 'refused' });
  expect([inForce(), health.components().get('config')?.state]).toEqual(['old', 'degraded']);
  write(NEW);
  await expect(reloader.reload('API')).resolves.toMatchObject({ result: 'applied' });
  expect([inForce(), health.components().get('config')?.state]).toEqual(['new', 'healthy']);
  expect(reloader.figures.isLastGood).toBe(true);
});

test('they wait for the start and for each other, and end with the agent', async () => {
  const steps: string[] = [];
  let goOn!: () => void;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const prepare: ReloadParts['prepare'] = ({ labels }) =>
    Promise.resolve(async () => {
      steps.push(`${labels['env']} begins`);
      await held;
      steps.push(`${labels['env']} ends`);
    });
  const reloader = new Reloader({ desk, log: silentLogger, health, prepare });
  write(NEW);
  const first = reloader.reload('SIGHUP');
  const second = reloader.reload('API');
  await Promise.resolve();
  expect(steps).toEqual([]);
  reloader.open(scope);
  await expect.poll(() => steps).toEqual(['new begins']);
  write('labels: { env: third }\n');
  const closing = scope.close();
  goOn();
  await expect(first).resolves.toMatchObject({ result: 'applied' });
  await expect(second).resolves.toBeUndefined();
  await closing;
  expect([steps, inForce()]).toEqual([['new begins', 'new ends'], 'new']);
  await expect(reloader.reload('API')).resolves.toBeUndefined();
});
