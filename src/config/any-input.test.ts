/** Whatever the file holds: it is accepted, or refused with the typed error. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { AgentError } from '../runtime/errors.js';
import { loadConfig } from './load.js';

const TYPED = new Set<string>(['CONFIG_INVALID', 'SECRET_UNREADABLE']);

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
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), onlyTyped), { numRuns: 300 });
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
    fc.assert(fc.property(text, onlyTyped), { numRuns: 1000 });
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
    fc.assert(fc.property(document, onlyTyped), { numRuns: 1000 });
  });
});
