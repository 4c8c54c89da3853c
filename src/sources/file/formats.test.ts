import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LineFlag } from '../../pipeline/batch.js';
import { fileKits } from './testing/file-kit.js';

const begin = fileKits();

test('cri: labels of the pod, the time of the runtime, pieces joined over rotation and restart', async () => {
  const kit = begin(({ folder }) => ({ include: [join(folder, '*/*/*.log')], format: 'cri' }));
  const pod = 'shop_web-7d4b9c_0a1b2c3d/app';
  mkdirSync(kit.path(pod), { recursive: true });
  const path = kit.path(`${pod}/0.log`);
  const record = (second: number, output: string, tag: string, text: string): string =>
    `2026-11-22T10:00:0${second}.5Z ${output} ${tag} ${text}\n`;
  writeFileSync(
    path,
    record(1, 'stdout', 'F', 'one') + record(2, 'stdout', 'P', 'be') + record(3, 'stderr', 'F', 'err'),
  );
  kit.start();
  await kit.untilLines(2);
  await kit.stop();
  renameSync(path, `${path}.20261122-100003`);
  writeFileSync(
    path,
    `${record(4, 'stdout', 'P', 'gin')}${record(5, 'stdout', 'F', ' end')}nonsense\n${record(6, 'stdout', 'F', '')}`,
  );
  kit.start();
  await kit.untilLines(5);
  expect(kit.pipeline.texts).toEqual(['one', 'err', 'begin end', 'nonsense', '']);
  const [one, err, joined, nonsense] = kit.pipeline.lines;
  expect(one.labels).toMatchObject({
    namespace: 'shop',
    pod: 'web-7d4b9c',
    container: 'app',
    stream: 'stdout',
  });
  expect(one.labels).not.toHaveProperty('filename');
  expect(err.labels['stream']).toBe('stderr');
  expect(joined.time).toBe(BigInt(Date.UTC(2026, 10, 22, 10, 0, 2, 500)) * 1_000_000n);
  expect(nonsense.flags).toBe(LineFlag.malformed);
  expect(kit.pipeline.gaps).toEqual([]);
});

test('docker: records of the json-file', async () => {
  const kit = begin({ format: 'docker' });
  writeFileSync(kit.path('a.log'), '{"log":"x\\u00e4\\n","stream":"stderr","time":"2026-11-22T10:00:00Z"}\n');
  kit.start();
  await kit.untilLines(1);
  expect(kit.pipeline.lines[0]).toMatchObject({ text: 'xä', labels: { stream: 'stderr' } });
});

const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const text = 'Grüße ĊਊĀ\r\nzwei\n\ndrei';
test.each([
  ['utf-8', 'utf-8', Buffer.from(`\ufeff${text}`)],
  ['utf-16le by its mark', 'utf-8', Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['utf-16be by its mark', 'utf-8', utf16be(`\ufeff${text}`)],
  ['utf-16le by option', 'utf-16le', Buffer.from(text, 'utf16le')],
  ['utf-16be by option', 'utf-16be', utf16be(text)],
] as const)('%s, in pieces of any length and over a restart', async (_name, encoding, bytes) => {
  const kit = begin({ encoding });
  const newline =
    encoding === 'utf-16be' || _name.includes('be')
      ? utf16be('\n')
      : _name.includes('le')
        ? Buffer.from('\n', 'utf16le')
        : Buffer.from('\n');
  writeFileSync(kit.path('a.log'), bytes.subarray(0, 27));
  kit.start();
  await kit.untilLines(1);
  appendFileSync(kit.path('a.log'), bytes.subarray(27, 28));
  await kit.stop();
  kit.start();
  appendFileSync(kit.path('a.log'), bytes.subarray(28));
  await kit.untilLines(3);
  appendFileSync(kit.path('a.log'), newline);
  await kit.untilLines(4);
  expect(kit.pipeline.texts).toEqual(['Grüße ĊਊĀ', 'zwei', '', 'drei']);
});

test('latin1', async () => {
  const kit = begin({ encoding: 'latin1' });
  writeFileSync(kit.path('a.log'), Buffer.from('Grüße\nÿþ\n', 'latin1'));
  kit.start();
  await kit.untilLines(2);
  expect(kit.pipeline.texts).toEqual(['Grüße', 'ÿþ']);
});

test('long lines of two bytes a character', async () => {
  const kit = begin({ encoding: 'utf-16le', maxLineBytes: 100_000 });
  writeFileSync(
    kit.path('a.log'),
    Buffer.from(`${'ä'.repeat(40_000)}\n${'b'.repeat(200_000)}\nend\n`, 'utf16le'),
  );
  kit.start();
  await kit.untilLines(3);
  const [first, second, third] = kit.pipeline.texts;
  expect(first).toBe('ä'.repeat(40_000));
  expect(second).toMatch(/^b{99900,} \[cut: \d+ bytes more\]$/);
  expect(third).toBe('end');
});
