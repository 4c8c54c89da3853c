import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Scope } from '../runtime/scope.js';
import { checkConfig } from './check.js';
import { checkInWorker } from './check-link.js';
import { type ConfigDesk, configDesk, withoutReload } from './desk.js';
import { type ConfigRequest, loadConfig } from './load.js';
import type { ConfigCheck } from './shape.js';
import type { Config } from './types.js';

const SECRET = 'sesame-of-the-test';
const PRESENT = `
labels: { env: prod, shown: "\${PUBLIC}" }
sinks:
  loki: { url: "http://127.0.0.1:3100", username: me, password: "\${LOKI_PASSWORD}" }
`;

let cwd: string;
let request: ConfigRequest;
let desk: ConfigDesk;
let present: Config;

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'log-capturer-desk-'));
  writeFileSync(path.join(cwd, 'c.yaml'), PRESENT);
  const env = { LOKI_PASSWORD: SECRET, OTHER: 'another-secret', PUBLIC: 'berlin', PIN: '42', HOME: cwd };
  request = { file: 'c.yaml', env, cwd, flags: { port: '9999' } };
  const loaded = loadConfig(request);
  present = loaded.config;
  desk = configDesk(present, request, loaded);
});

afterEach(() => rmSync(cwd, { recursive: true }));

const check = (text: string): ConfigCheck => checkConfig({ text, request, present });

describe('what is shown', () => {
  test('the whole, where it came from, and no secret', () => {
    const view = desk.view();
    expect(view).toMatchObject({
      file: path.join(cwd, 'c.yaml'),
      labels: { env: 'prod', shown: 'berlin' },
      server: { port: 9999 },
      sinks: { loki: { password: '<hidden>' } },
    });
    expect(view.yaml).toContain('port: 9999');
    expect(JSON.stringify(view)).not.toContain(SECRET);
  });

  test('no file where there was none, or where it was standard input', () => {
    const { config } = loadConfig({ ...request, text: '' });
    expect(configDesk(config, request).view().file).toBeNull();
    expect(configDesk(config, { ...request, file: '-' }, { file: 'standard input' }).view().file).toBeNull();
  });
});

describe('what is in force changes', () => {
  test('the file is read anew, and shown once it is accepted', () => {
    writeFileSync(path.join(cwd, 'c.yaml'), PRESENT.replace('prod', 'test'));
    const { config } = desk.load();
    expect(desk.view()).toMatchObject({ labels: { env: 'prod' } });
    desk.accept(config);
    expect(desk.view()).toMatchObject({ labels: { env: 'test' } });
    expect(desk.present).toBe(config);
  });

  test('a file that goes is missed, and no other takes its place', () => {
    const found = loadConfig({ ...request, file: undefined } as never);
    expect(found.file).toBeUndefined();
    writeFileSync(path.join(cwd, 'log-capturer.yaml'), 'labels: { from: the-usual-one }');
    const { file: _, ...unnamed } = request;
    const usual = loadConfig(unnamed);
    const pinned = configDesk(usual.config, unnamed, usual);
    expect(pinned.file).toBe(path.join(cwd, 'log-capturer.yaml'));
    rmSync(path.join(cwd, 'log-capturer.yaml'));
    expect(() => pinned.load()).toThrow(/log-capturer\.yaml does not exist/);
  });

  test('what the disk had free at the start stays the default', () => {
    const { journalBytes: _, ...loaded } = loadConfig(request);
    const first = configDesk(loaded.config, request, { ...loaded, journalBytes: 77 * 2 ** 20 });
    expect(first.load().config.journal.maxBytes).toBe(77 * 2 ** 20);
  });

  test('standard input is read once, and a dry run keeps what it has', () => {
    const { config } = loadConfig(request);
    const piped = configDesk(config, { ...request, file: '-' }, { file: 'standard input' });
    expect(() => piped.load()).toThrow(/standard input/);
    const dry = withoutReload(desk, config, 'A dry run.');
    expect([dry.file, dry.present]).toEqual([undefined, config]);
    expect(() => dry.load()).toThrow('A dry run.');
  });

  test('what a reload would do is told of a text, and of the file', () => {
    const changesOf = (text?: string) =>
      checkConfig({ text, request, present }).changes.flatMap(({ component, change }) =>
        change === 'unchanged' ? [] : [`${component} ${change}`],
      );
    expect(changesOf(PRESENT.replace('3100', '3101'))).toEqual(['sinks.loki rebuilt']);
    expect(changesOf()).toEqual([]);
    writeFileSync(path.join(cwd, 'c.yaml'), `${PRESENT}processors: [{ type: level }]`);
    expect(changesOf()).toEqual(['processors.level added']);
  });
});

describe('another one', () => {
  test('is judged with the same flags and environment, and told by what differs', () => {
    const then = PRESENT.replace('prod', 'test').replace('sinks:', 'journal: { max_age: 1d }\nsinks:');
    const { ok, problems, effective, differs } = check(then);
    expect([ok, problems]).toEqual([true, []]);
    expect(effective).toContain('port: 9999');
    expect(differs).toEqual([
      { key: 'labels.env', now: 'prod', then: 'test' },
      { key: 'journal.max_age', now: '7d', then: '1d' },
    ]);
  });

  test('what is not there on one side is null', () => {
    const { differs } = check(PRESENT.replace('env: prod, ', 'more: [], ').replace('[]', '"x"'));
    expect(differs).toEqual([
      { key: 'labels.env', now: 'prod', then: null },
      { key: 'labels.more', now: null, then: 'x' },
    ]);
  });

  test('the present one differs in nothing', () => {
    expect(check(PRESENT)).toMatchObject({ ok: true, problems: [], differs: [] });
  });

  test('what is wrong has its place, its key and what is accepted', () => {
    const { ok, problems, effective } = check('server:\n  prot: 1\nsinks:\n  loki: { url: nowhere }\n');
    expect([ok, effective]).toEqual([false, null]);
    expect(problems).toEqual([
      {
        severity: 'error',
        line: 2,
        column: 3,
        key: 'server.prot',
        message: expect.stringMatching(/^server\.prot: unknown key, did you mean port\?/),
        remedy: null,
      },
      {
        severity: 'error',
        line: 4,
        column: 16,
        key: 'sinks.loki.url',
        message: expect.stringMatching(/^sinks\.loki\.url: must be an address with http:/),
        remedy: null,
      },
    ]);
  });

  test.each<[string, string, object]>([
    ['no YAML', 'a: [', { line: 1, key: '' }],
    ['a list', '- a', { line: 1, key: '', message: 'must be sections of keys, not a list' }],
    [
      'more than fits',
      `# ${'x'.repeat(128 * 1024)}`,
      { line: null, message: 'is larger than 128 KiB; is this the configuration?' },
    ],
    [
      'a secret in a file that is not there',
      'server: { token_file: /nowhere/token }',
      { line: null, message: expect.stringContaining('/nowhere/token'), remedy: expect.any(String) },
    ],
    [
      'an unset variable',
      'data_dir: "${NO_SUCH}"',
      { line: 1, column: 11, message: expect.stringContaining('NO_SUCH is not set') },
    ],
  ])('%s', (_, text, expected) => {
    const { ok, problems } = check(text);
    expect([ok, problems[0]]).toEqual([false, expect.objectContaining(expected)]);
  });

  test('what looks like a mistake is a warning at its key', () => {
    const { ok, problems } = check('server:\n  host: 0.0.0.0\n  auth: none\n');
    expect(ok).toBe(true);
    expect(problems).toEqual([
      {
        severity: 'warning',
        line: 3,
        column: 9,
        key: 'server.auth',
        message: expect.stringContaining('everybody who can reach 0.0.0.0'),
        remedy: null,
      },
    ]);
  });
});

describe('what variables hold is nobody’s to read here', () => {
  test.each([
    'labels: { a: "${OTHER}" }',
    'labels: { a: "x-${OTHER}-y" }',
    'labels: { a: "${LOKI_PASSWORD}" }',
    'data_dir: "/${OTHER}"',
    'labels: { a: "${NO_SUCH:-${OTHER}" }',
    'sinks: { "loki": { url: "http://${OTHER}.example" } }',
    'server: { port: "${OTHER}" }',
    'server: { "${OTHER}": 1 }',
  ])('%s', (text) => {
    const told = JSON.stringify(check(text));
    expect(told).not.toContain('another-secret');
    expect(told).not.toContain(SECRET);
  });

  test('a short one is hidden where it stands alone', () => {
    const { effective } = check('labels: { a: "${PIN}", b: "x42" }\njournal: { max_age: 42d }');
    expect(effective).toContain('a: <hidden>');
    expect(effective).toContain('b: x42');
  });

  test('what is shown already may be shown', () => {
    expect(check('labels: { city: "${PUBLIC}" }').effective).toContain('city: berlin');
  });
});

describe('the worker', () => {
  let root: Scope;

  beforeEach(() => {
    root = Scope.root('test', (error) => {
      throw error;
    });
  });

  const worker = (body: string): URL =>
    new URL(
      `data:text/javascript,import { workerData } from "node:worker_threads"; ${encodeURIComponent(body)}`,
    );
  const ask = (body: string): Promise<ConfigCheck> =>
    checkInWorker(root, { text: 'a: 1', request, present }, worker(body));

  test('is given all that is needed, and is gone with its answer', async () => {
    const echo =
      'const { given, port } = workerData; port.postMessage({ effective: given.text, at: given.request.cwd });';
    expect(await ask(echo)).toEqual({ effective: 'a: 1', at: cwd });
    expect(root.holdings()).toMatchObject({ worker: 0, timer: 0 });
    await root.close();
  });

  test('that fails is told, and leaves nothing', async () => {
    await expect(ask('throw new Error("broken");')).rejects.toThrow('broken');
    expect(root.holdings().worker).toBe(0);
    await root.close();
  });

  test('that does not come to an end ends with the agent', async () => {
    const asked = ask('setInterval(() => {}, 1000);');
    const refused = expect(asked).rejects.toThrow('the agent is stopping');
    expect(root.holdings().worker).toBe(1);
    await root.close();
    await refused;
    expect(root.holdings().worker).toBe(0);
  });
});
