import { join, resolve, sep } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelText } from '../../pipeline/streams.js';
import { fileName, linkName, outputName, parseFileName, STATE_DIRECTORY, targetOf } from './names.js';

const key = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
  fc.stringMatching(/^[a-zA-Z0-9._/~\\-]{1,30}$/),
  fc.constantFrom(
    '..',
    '.',
    '../../etc/passwd',
    '/etc/passwd',
    STATE_DIRECTORY,
    'a/../b',
    'a\0b',
    'web.log',
    'web.catch-up',
  ),
);

describe('output names', () => {
  test.each([
    ['web', 'web'],
    ['my-project_db.1', 'my-project_db.1'],
  ])('%s is used as it is', (given, expected) => {
    expect(outputName(given)).toBe(expected);
  });

  test.each([
    ['../../etc/passwd', /^etc_passwd~[0-9a-f]{16}$/],
    ['/var/log/syslog', /^var_log_syslog~[0-9a-f]{16}$/],
    ['..', /^~[0-9a-f]{16}$/],
    [STATE_DIRECTORY, /^log-capturer~[0-9a-f]{16}$/],
    ['web.log', /^web\.log~[0-9a-f]{16}$/],
    ['web.catch-up', /^web\.catch-up~[0-9a-f]{16}$/],
    ['größe', /^gr_e~[0-9a-f]{16}$/],
    ['x'.repeat(500), /^x{100}~[0-9a-f]{16}$/],
  ])('%s is made safe', (given, expected) => {
    expect(outputName(given)).toMatch(expected);
  });

  test('no key leaves the directory, and different keys never share a path', () => {
    fc.assert(
      fc.property(fc.uniqueArray(key, { minLength: 1, maxLength: 20 }), (keys) => {
        const paths = keys.flatMap((key) =>
          [false, true].flatMap((catchUp) => {
            const labels = { container: key, stream: 'stdout', ...(catchUp && { catch_up: 'true' }) };
            const { output } = targetOf(labelText(labels));
            expect(Buffer.byteLength(`${fileName(output, 999_999_999, true)}.partial`)).toBeLessThan(255);
            return [join('/logs', output), join('/logs', linkName(output))];
          }),
        );
        const known = keys.map((key) => key.toWellFormed());
        if (new Set(known).size === keys.length) expect(new Set(paths).size).toBe(paths.length);
        for (const path of paths) {
          expect(resolve(path)).toBe(path);
          expect(path.slice('/logs/'.length)).not.toContain(sep);
          expect(path).not.toBe(join('/logs', STATE_DIRECTORY));
        }
      }),
    );
  });

  test('a stream without names has an output of its own', () => {
    const a = targetOf(labelText({ job: 'a' }));
    expect(a.output).toMatch(/^stream~[0-9a-f]{16}$/);
    expect(a.tag).toBe('-');
    expect(targetOf(labelText({ job: 'b' })).output).not.toBe(a.output);
    expect(targetOf('not a label set').output).toMatch(/^stream~/);
    expect(targetOf(labelText({ filename: '/var/log/x' })).output).toMatch(/^var_log_x~/);
  });

  test('the tag is one word whatever the label', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (stream) => {
        expect(targetOf(labelText({ container: 'web', stream })).tag).toMatch(/^[A-Za-z0-9._-]{1,100}$/);
      }),
    );
  });
});

test('file names are read back, and others are not the sink’s', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.boolean(), (generation, compressed) => {
      expect(parseFileName('web', fileName('web', generation, compressed))).toEqual({
        generation,
        kind: compressed ? 'compressed' : 'plain',
      });
    }),
  );
  expect(parseFileName('web', 'web.000001.log.gz.partial')).toEqual({ generation: 1, kind: 'partial' });
  for (const other of ['web.log', 'web.1.log', 'db.000001.log', 'web.000001.log.bak', 'web.000001.txt']) {
    expect(parseFileName('web', other)).toBeUndefined();
  }
});
