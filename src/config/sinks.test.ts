/** Sinks for other servers than Loki: what little they need, what is refused, and that no secret is shown. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSink } from '../components.js';
import { silentLogger } from '../runtime/log.js';
import { Health } from '../telemetry/health.js';
import { loadConfig } from './load.js';
import { configYaml } from './render.js';

const SECRET = 'hunter2-hunter2';
let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'log-capturer-sinks-'));
});

afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function load(sinks: string, mode = 0o600) {
  writeFileSync(path.join(cwd, 'c.yaml'), `sinks:\n  ${sinks}\n`, { mode });
  return loadConfig({ cwd, env: {}, file: 'c.yaml' });
}

const problemOf = (sinks: string): string => {
  try {
    load(sinks);
  } catch (error) {
    return String(error);
  }
  return 'none';
};

test.each([
  ['otlp: { url: "http://127.0.0.1:4318" }', { type: 'otlp', gzip: true, headers: {}, batchWaitMs: 1_000 }],
  ['http: { url: "https://h/in" }', { type: 'http', gzip: false, headers: {}, fields: true }],
  ['elasticsearch: { url: "http://h:9200" }', { type: 'elasticsearch', index: 'logs-docker-default' }],
  [
    'splunk: { url: "https://h:8088", token: abc }',
    { type: 'splunk', acknowledge: false, acknowledgeTimeoutMs: 120_000 },
  ],
  [
    'syslog: { host: h }',
    { type: 'syslog', port: 514, facility: 1, maxMessageBytes: 8192, timeoutMs: 30_000 },
  ],
])('%s is enough, and makes a sink', async (text, expected) => {
  const { config, warnings } = load(text);
  const [[name, sink]] = Object.entries(config.sinks);
  expect(sink).toMatchObject(expected);
  expect(warnings).toEqual([]);
  const made = await createSink(name, sink, { log: silentLogger, health: new Health() });
  expect([made.name, made.batchWaitMs]).toEqual([name, 1_000]);
  await made.close();
});

test.each([
  ['out: { type: elastic, url: "http://h" }', /elasticsearch/],
  ['splunk: { url: "https://h" }', /splunk\.token: is missing/],
  ['splunk: { url: "https://u:p@h", token: a }', /token and the user in url exclude each other/],
  ['elasticsearch: { url: "http://h", index: Logs }', /index: must be the name of a data stream or index/],
  ['elasticsearch: { url: "http://h", index: .. }', /index: must be the name of a data stream or index/],
  ['elasticsearch: { url: "http://h", api_key: a, bearer_token: b }', /bearer_token and api_key exclude/],
  ['http: { url: "ftp://h" }', /url: must be an address with http/],
  ['http: { url: "http://h", headers: { "a b": c } }', /headers/],
  ['http: { url: "http://h", username: u }', /username: needs password/],
  ['otlp: { url: "http://h", endpoint: x }', /unknown key/],
  ['syslog: { port: 0 }', /port: must be a whole number from 1/],
  ['syslog: { facility: 24 }', /facility: must be a whole number from 0 to 23/],
  ['syslog: { tls: { cert_file: a } }', /cert_file: needs key_file/],
])('%s is refused with what to do', (text, expected) => {
  expect(problemOf(text)).toMatch(expected);
});

describe('secrets', () => {
  const configs = [
    `http: { url: "https://u:${SECRET}@h/in" }`,
    `http: { url: "https://h/in", headers: { X-Key: ${SECRET} } }`,
    `otlp: { url: "https://h", bearer_token: ${SECRET} }`,
    `elasticsearch: { url: "https://h", api_key: ${SECRET} }`,
    `splunk: { url: "https://h", token: ${SECRET} }`,
  ];

  test.each(configs)('%s is not shown', (text) => {
    expect(configYaml(load(text).config)).not.toContain(SECRET);
    expect(problemOf(`${text.slice(0, -1)}, nonsense: 1 }`)).not.toContain(SECRET);
  });

  test.each(configs.slice(1))('%s is warned of where everybody may read the file, or the line', (text) => {
    const { warnings } = load(text.replace('https', 'http'), 0o644);
    expect(warnings).toEqual([
      expect.stringMatching(/sends its login without encryption/) as string,
      expect.stringMatching(/stands in c\.yaml, which every user may read/) as string,
    ]);
    expect(warnings.join()).not.toContain(SECRET);
  });

  test('come from files', () => {
    writeFileSync(path.join(cwd, 'token'), `${SECRET}\n`, { mode: 0o600 });
    const { config } = load('splunk: { url: "https://h", token_file: token }');
    expect(config.sinks['splunk']).toMatchObject({ token: SECRET });
  });
});
