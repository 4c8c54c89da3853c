import { appendFileSync, copyFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { FileKit } from './testing/file-kit.js';

let kit: FileKit;
afterEach(() => kit.end());

test('hundreds of quiet files: one watch for a folder, few descriptors, and each wakes when it is written to', async () => {
  kit = new FileKit({ labels: { team: 'shop' } });
  const names = Array.from({ length: 300 }, (_, i) => `app${i}x.log`);
  for (const name of names) writeFileSync(kit.path(name), `first of ${name}\n`);
  kit.start();
  await kit.untilLines(names.length);
  const { census } = kit;
  expect(census.get('watcher')).toBe(1);
  expect(census.get('file')).toBeLessThanOrEqual(512);
  expect(kit.source.figures()).toMatchObject({ containers: { file: names.length } });
  expect(kit.source.figures()?.streams.length).toBe(census.get('file'));

  // Rotations of files that sleep and of files that are awake.
  for (const [i, name] of names.entries()) {
    appendFileSync(kit.path(name), `second of ${name}\n`);
    if (i % 3 === 0) {
      renameSync(kit.path(name), kit.path(`${name}.1`));
      writeFileSync(kit.path(name), `third of ${name}\n`);
    } else if (i % 3 === 1) {
      copyFileSync(kit.path(name), kit.path(`${name}.1`));
      truncateSync(kit.path(name));
      appendFileSync(kit.path(name), `third of ${name}\n`);
    } else {
      appendFileSync(kit.path(name), `third of ${name}\n`);
    }
  }
  await kit.untilLines(3 * names.length);
  await kit.stop();
  const byFile = new Map<string, string[]>();
  for (const one of kit.pipeline.seen) {
    const file = one.labels['filename'] ?? '';
    byFile.set(file, [...(byFile.get(file) ?? []), 'text' in one ? one.text : `<${one.why}>`]);
  }
  const expected = names.map((name, i): [string, string[]] => [
    kit.path(name),
    [`first of ${name}`, `second of ${name}`, ...(i % 3 === 1 ? ['<truncated>'] : []), `third of ${name}`],
  ]);
  expect(new Map([...byFile].toSorted())).toEqual(new Map(expected.toSorted()));
}, 60_000);
