/** Whatever the file holds: it is accepted, or refused with the typed error. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentError } from '../runtime/errors.js';
import { loadConfig } from './load.js';

/** As much as is read of a file. */
const LARGEST = 128 * 1024;
const FACTOR = process.env['LOG_CAPTURER_TEST_LONG'] === undefined ? 1 : 100;
const TYPED = new Set<string>(['CONFIG_INVALID', 'SECRET_UNREADABLE']);

const GOOD = `
data_dir: ./data
labels: { env: prod }
server: { host: 127.0.0.1, port: 8401 }
journal: { max_bytes: 2GiB, max_age: 7d, min_free: 5%, sync_interval: 200ms }
sources:
  containers:
    type: docker
    start_at: 24h
    include: { names: ["web-*"], labels: &team { team: payments } }
    exclude: { labels: *team }
sinks:
  loki: { type: loki, url: "http://127.0.0.1:3100", tenant: "\${TENANT:-acme}", match: '{env="prod"}' }
  local: { type: file, directory: ./data/logs, max_bytes: 100MiB, max_files: 10, compress: true }
`;

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'log-capturer-config-'));
});

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

function load(text: string | Uint8Array): void {
  writeFileSync(path.join(cwd, 'c.yaml'), text);
  loadConfig({ cwd, env: {}, file: 'c.yaml' });
}

/** Passes where the text is accepted, or refused with the typed error. */
function onlyTyped(text: string | Uint8Array): void {
  try {
    load(text);
  } catch (error) {
    if (error instanceof AgentError && TYPED.has(error.code) && error.message !== '') return;
    throw error;
  }
}

describe('accepted or refused', () => {
  test('any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), onlyTyped), { numRuns: 300 * FACTOR });
  });

  test('any text of YAML signs', () => {
    const signs = [
      ...Array.from('{}[]:,&*!|>-?#%@`"\'\n\t  '),
      'a',
      '1',
      '<<',
      '${',
      '}',
      'sources',
      'type',
      'docker',
      '\n  ',
    ];
    const text = fc.array(fc.constantFrom(...signs), { maxLength: 60 }).map((parts) => parts.join(''));
    fc.assert(fc.property(text, onlyTyped), { numRuns: 1000 * FACTOR });
  });

  test('any value at any key', () => {
    const key = fc.constantFrom(
      'data_dir',
      'log_level',
      'labels',
      'server',
      'journal',
      'sources',
      'sinks',
      'metrics',
      'x',
    );
    const inner = fc.constantFrom(
      'type',
      'host',
      'port',
      'include',
      'names',
      'labels',
      'max_bytes',
      'loki',
      'url',
      'tls',
      'password_file',
      'a b',
      '',
    );
    const leaf = fc.oneof(
      fc.constantFrom('docker', 'demo', 'file', 'loki', 'stdin', '5%', '1GiB', null, true, 0, -1, 1e300),
      fc.string(),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(inner, tie('value'), { maxKeys: 4 }),
      ),
    }));
    const document = fc.dictionary(key, value, { maxKeys: 5 }).map((tree) => JSON.stringify(tree));
    fc.assert(fc.property(document, onlyTyped), { numRuns: 1000 * FACTOR });
  });

  test('a good one with anything put in, taken out or repeated', () => {
    const good = Buffer.from(GOOD);
    load(good);
    const edit = fc.record({
      at: fc.nat(good.length),
      taken: fc.nat(40),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 12 }),
        fc.string({ maxLength: 12 }).map((text) => Buffer.from(text)),
      ),
      times: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 0, max: 3 }) },
        { weight: 1, arbitrary: fc.nat(3_000) },
      ),
    });
    const edited = fc
      .array(edit, { minLength: 1, maxLength: 4 })
      .map((edits) =>
        edits.reduce<Uint8Array>(
          (text, { at, taken, put, times }) =>
            Buffer.concat([
              text.subarray(0, at),
              ...Array.from({ length: times }, () => put),
              text.subarray(at + taken),
            ]),
          good,
        ),
      );
    fc.assert(fc.property(edited, onlyTyped), { numRuns: 200 * FACTOR });
  });

  // The parser takes stack by depth and time by the square of the length; what is endless must not be read.
  test.each([
    '[',
    '{',
    '- ',
    '? ',
    'a: ',
    '[{a: ',
    '"',
    '*a ',
    '&a ',
    '!a ',
    ': ',
    ',',
    '- a\n',
    'k: 1\n',
    ' ',
    '\n',
    '%a\n',
    '${A:-',
  ])('nothing but %j', (sign) => {
    for (const length of FACTOR === 1 ? [1_000, 10_000] : [1_000, 10_000, LARGEST]) {
      onlyTyped(sign.repeat(length / sign.length));
      onlyTyped(`a: &a [b]\nc: ${sign.repeat(length / sign.length - 16)}`);
    }
  });

  test('as many keys as there may be', () => {
    const keys = Array.from({ length: LARGEST / 9 / (FACTOR === 1 ? 4 : 1) }, (_, i) => `k${i}: 1`).join(
      '\n',
    );
    onlyTyped(keys.slice(0, LARGEST));
    onlyTyped(`a: &a {b: 1}\n${keys.replaceAll(': 1', ': *a')}`.slice(0, LARGEST));
  });

  test('a file without an end', () => {
    expect(() => loadConfig({ cwd, env: {}, file: '/dev/zero' })).toThrow(/is larger than 128 KiB/);
  });
});
