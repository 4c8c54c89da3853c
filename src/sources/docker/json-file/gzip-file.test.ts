import { closeSync, fstatSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Scope } from '../../../runtime/scope.js';
import { memoryWithoutGarbage } from '../../../telemetry/census/garbage.js';
import { GzipFile } from './gzip-file.js';

const RUNS = process.env['LOG_CAPTURER_TEST_LONG'] === undefined ? 200 : 50_000;
const MIB = 1024 * 1024;

test('a file that cannot be read is closed once: its descriptor may be another one by then', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-gzip-'));
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  const unreadable = path.join(folder, 'log.1.gz');
  mkdirSync(unreadable);
  expect(() => GzipFile.open(scope, unreadable)).toThrow('EISDIR');
  // It gets the number that has just become free.
  const other = openSync(folder, 'r');
  await scope.close();
  expect(fstatSync(other).isDirectory()).toBe(true);
  closeSync(other);
  rmSync(folder, { recursive: true });
});

test('what is passed over on the way to a place is not held', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-gzip-'));
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  const name = path.join(folder, 'log.1.gz');
  writeFileSync(name, gzipSync(Buffer.alloc(128 * MIB)));
  const file = GzipFile.open(scope, name);
  const before = await memoryWithoutGarbage(scope);
  const reading = file.read(Buffer.alloc(1024), 1024, 127 * MIB);
  let most = 0;
  for (let isRead: boolean | undefined; !isRead; ) {
    most = Math.max(most, (await memoryWithoutGarbage(scope)).arrayBuffers);
    isRead = await Promise.race([
      reading.then(() => true),
      new Promise<false>((r) => setImmediate(r, false)),
    ]);
  }
  expect(await reading).toBe(1024);
  expect(most - before.arrayBuffers).toBeLessThan(16 * MIB);
  expect(file.head(512)).toEqual(Buffer.alloc(512));
  await scope.close();
  rmSync(folder, { recursive: true });
});

test('whatever the file holds: text as far as it is good, in any pieces, or a failure', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-gzip-'));
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  const name = path.join(folder, 'log.1.gz');
  const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `{"log":"line ${i}\\n"}\n`).join(''));
  const good = gzipSync(text);
  const edit = fc.record({
    at: fc.nat(good.length),
    taken: fc.nat(500),
    put: fc.uint8Array({ maxLength: 40 }),
  });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((put) => ({ bytes: Buffer.from(put), goodUpTo: 0 })),
    edit.map(({ at, taken, put }) => ({
      bytes: Buffer.concat([good.subarray(0, at), put, good.subarray(at + taken)]),
      goodUpTo: at,
    })),
  );
  const reads = fc.array(
    fc.record({ at: fc.nat(text.length + 10), length: fc.integer({ min: 1, max: 300_000 }) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  await fc.assert(
    fc.asyncProperty(bytes, reads, async ({ bytes, goodUpTo }, reads) => {
      writeFileSync(name, bytes);
      const file = GzipFile.open(scope, name);
      const head = file.head(512);
      expect(head.length).toBeLessThanOrEqual(512);
      if (goodUpTo > 8192) expect(head).toEqual(text.subarray(0, 512));
      for (const { at, length } of reads) {
        const buf = Buffer.alloc(length);
        // Damage is told by a system's error of zlib.
        const read = await file.read(buf, length, at).catch((error: { code?: string }) => {
          expect(error.code).toMatch(/^Z_/);
          return 0;
        });
        expect(read).toBeLessThanOrEqual(length);
        // What comes before the damage is the text that was written.
        const certain = Math.min(at + read, Math.floor(goodUpTo / 2));
        if (certain > at) expect(buf.subarray(0, certain - at)).toEqual(text.subarray(at, certain));
      }
      await file.close();
    }),
    { numRuns: RUNS },
  );
  await scope.close();
  rmSync(folder, { recursive: true });
});
