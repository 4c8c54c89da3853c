import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { type FakeEngine, fakeEngine, json } from '../../sources/docker/testing/fake-engine.js';
import { check } from './check.js';

const WEB = 'a'.repeat(64);
const LOCAL = 'b'.repeat(64);
const OUT = 'c'.repeat(64);

let folder: string;
let engine: FakeEngine;
let out: string;
let said: string[];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-check-'));
  engine = await fakeEngine();
  out = '';
  said = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(console, 'error').mockImplementation((text) => void said.push(String(text)));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function file(text: string): string {
  const name = path.join(folder, 'c.yaml');
  writeFileSync(name, text, { mode: 0o644 });
  return name;
}

function addContainer(id: string, name: string, driver: string): object {
  const labels = { team: name };
  const inspected = {
    Id: id,
    Name: `/${name}`,
    Config: { Labels: labels },
    HostConfig: { LogConfig: { Type: driver } },
  };
  engine.routes.set(`/containers/${id}/json`, json(inspected));
  return { Id: id, Names: [`/${name}`], State: 'running', Labels: labels, Created: 1 };
}

test('what it comes to, as YAML, with the containers that it takes as comments', async () => {
  const list = [
    addContainer(WEB, 'web', 'local'),
    addContainer(LOCAL, 'db', 'none'),
    addContainer(OUT, 'out', 'local'),
  ];
  engine.routes.set('/containers/json', json(list));
  const name = file(`
data_dir: ${folder}/data
labels: { env: prod }
sources: { containers: { endpoint: "${engine.socket}", exclude: { names: [out] }, container_labels: { team: team } } }
sinks: { loki: { url: "http://127.0.0.1", username: u, password: geheim } }
`);
  expect(await check(name, {})).toBe(0);
  expect(parse(out)).toMatchObject({
    labels: { env: 'prod' },
    sinks: { loki: { username: 'u', password: '<hidden>', batch_wait: '0ms' } },
  });
  const comments = out.split('\n').filter((line) => line.startsWith('#'));
  expect(comments).toEqual([
    '# sources.containers takes:',
    expect.stringMatching(
      /^# {3}web +running {2}api: its logging driver is local +to loki {2}\{container="web", env="prod", host="box", .*stream="stdout\|stderr", team="web"\}$/,
    ),
    expect.stringMatching(/^# {3}db +running {2}not captured: .*none/),
    expect.stringMatching(/^# {3}out +running {2}not captured: it matches exclude$/),
  ]);
  expect(said).toEqual([
    expect.stringMatching(/^Warning: sinks\.loki\.password stands in .*c\.yaml, which every user may read/),
    `OK: ${name}`,
  ]);
  expect(existsSync(path.join(folder, 'data'))).toBe(false);
  expect(engine.asked.filter((asked) => asked.includes('/logs'))).toEqual([]);
});

test('which sinks take a container, by the labels of its preset; one that takes none is warned of', async () => {
  engine.routes.set('/containers/json', json([addContainer(WEB, 'web', 'local')]));
  const name = file(`
sources: { containers: { endpoint: "${engine.socket}", label_preset: promtail } }
sinks:
  all: { type: stdout }
  errors: { type: stdout, match: '{logstream="stderr"}' }
  old: { type: stdout, match: '{catch_up="true", logstream=~"std.*"}' }
  wrong: { type: stdout, match: '{stream="stderr"}' }
`);
  expect(await check(name, {})).toBe(0);
  expect(out).toMatch(/^# {3}web .* to all, errors \(stderr\), old {2}\{.*logstream="stdout\|stderr"\}$/m);
  expect(said).toEqual([
    'Warning: sinks.wrong takes none of these containers: compare its match with their labels.',
    `OK: ${name}`,
  ]);
});

test.each([
  ['there is none', ''],
  ['another source could have what it wants', 'stdin: '],
])('nothing is said of a sink that takes none of the containers where %s', async (_why, other) => {
  if (other) engine.routes.set('/containers/json', json([addContainer(WEB, 'web', 'local')]));
  const name = file(`
sources: { containers: { endpoint: "${engine.socket}" }, ${other} }
sinks: { stdout: { match: '{container="stdin"}' } }
`);
  expect(await check(name, {})).toBe(0);
  expect(said).toEqual([`OK: ${name}`]);
});

test('an engine that is not there is told, and is no mistake of the configuration', async () => {
  const name = file(`sources: { containers: { endpoint: "${folder}/none.sock" } }`);
  expect(await check(name, {})).toBe(0);
  expect(out).toMatch(/^# sources\.containers: No Docker engine is there at .*none\.sock/m);
});

test('offline it asks nobody', async () => {
  const name = file(`sources: { containers: { endpoint: "${engine.socket}" } }`);
  expect(await check(name, { offline: true })).toBe(0);
  expect([engine.asked, out.includes('#')]).toEqual([[], false]);
});

test('a wrong configuration ends with 1 and nothing on stdout, an unreadable one is somebody else’s to tell', async () => {
  const name = file('server: { prot: 1 }');
  expect(await check(name, {})).toBe(1);
  expect(said).toEqual([
    expect.stringContaining(`${name}:1:11: server.prot: unknown key, did you mean port?`),
  ]);
  expect(await check(undefined, { config: file('server: { token_file: nowhere }') })).toBe(1);
  expect(said[1]).toMatch(/nowhere \(server\.token_file\) does not exist\./);
  expect(out).toBe('');
  await expect(check(path.join(folder, 'none'), {})).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
});
