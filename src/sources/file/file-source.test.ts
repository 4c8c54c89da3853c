import {
  appendFileSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { FileSourceConfig } from '../../config/types.js';
import { LineFlag } from '../../pipeline/batch.js';
import { FileKit } from './testing/file-kit.js';

let kit: FileKit;

function begin(
  config: Partial<FileSourceConfig> | ((kit: FileKit) => Partial<FileSourceConfig>) = {},
): FileKit {
  kit = new FileKit();
  Object.assign(kit.config, typeof config === 'function' ? config(kit) : config);
  return kit;
}

const lines = (...texts: string[]): string => texts.map((text) => `${text}\n`).join('');

afterEach(() => kit.end());

describe('files that grow', () => {
  test('every whole line once, with labels, in strictly increasing time', async () => {
    const { pipeline } = begin({ labels: { team: 'shop' } });
    writeFileSync(kit.path('app.log'), lines('one', 'two\r', ''));
    kit.start();
    await kit.untilLines(3);
    appendFileSync(kit.path('app.log'), 'thr');
    appendFileSync(kit.path('app.log'), 'ee\nfour\nnot yet');
    await kit.untilLines(5);
    expect(pipeline.texts).toEqual(['one', 'two', '', 'three', 'four']);
    expect(pipeline.lines[0].labels).toEqual({
      host: hostname(),
      job: 'files',
      filename: kit.path('app.log'),
      env: 'ci',
      team: 'shop',
    });
    const times = pipeline.lines.map(({ time }) => time);
    for (const [i, time] of times.entries()) if (i > 0) expect(time > times[i - 1]).toBe(true);
    expect(pipeline.gaps).toEqual([]);
    expect(kit.source.figures()?.active.get(kit.path('app.log'))).toMatchObject({ linesRead: 5 });
  });

  test('those that come while it runs, and those in folders that come', async () => {
    begin(({ folder }) => ({
      include: [join(folder, '**/*.log')],
      exclude: [join(folder, 'no/**'), join(folder, '**/bad*')],
    }));
    kit.start();
    writeFileSync(kit.path('a.log'), 'a\n');
    await kit.untilLines(1);
    mkdirSync(kit.path('x/y'), { recursive: true });
    writeFileSync(kit.path('x/y/b.log'), 'b\n');
    mkdirSync(kit.path('no'));
    writeFileSync(kit.path('no/c.log'), 'c\n');
    writeFileSync(kit.path('x/bad.log'), 'd\n');
    writeFileSync(kit.path('x/e.txt'), 'e\n');
    writeFileSync(kit.path('x/.hidden.log'), 'f\n');
    await kit.untilLines(2);
    writeFileSync(kit.path('x/last.log'), 'last\n');
    await kit.untilLines(3);
    expect(kit.pipeline.texts).toEqual(['a', 'b', 'last']);
  });

  test('longer than what is read at once, and longer than the limit', async () => {
    begin({ maxLineBytes: 100_000 });
    const long = 'x'.repeat(90_000);
    const tooLong = 'y'.repeat(300_000);
    writeFileSync(kit.path('a.log'), lines(long, tooLong, 'end'));
    kit.start();
    await kit.untilLines(3);
    const [first, second, third] = kit.pipeline.lines;
    expect(first.text).toBe(long);
    expect(second.text).toMatch(/^y{99900,} \[cut: \d+ bytes more\]$/);
    expect([first.flags, second.flags, third.flags]).toEqual([0, LineFlag.cut, 0]);
    expect(third.text).toBe('end');
  });

  test('where the pipeline asks to wait, nothing is read until it does not', async () => {
    begin();
    let go: () => void = () => {};
    kit.pipeline.wait = new Promise((resolve) => {
      go = resolve;
    });
    kit.start();
    writeFileSync(kit.path('a.log'), 'one\n');
    await kit.untilLines(1);
    kit.pipeline.wait = undefined;
    appendFileSync(kit.path('a.log'), 'two\n');
    renameSync(kit.path('a.log'), kit.path('a.log.1'));
    writeFileSync(kit.path('a.log'), 'three\n');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(kit.pipeline.texts).toEqual(['one']);
    go();
    await kit.untilLines(3);
    expect(kit.pipeline.story).toEqual(['one', 'two', 'three']);
  });

  test('logs whose names are alike are each their own', async () => {
    begin();
    const names = ['a.log', 'a1.log', 'a-1.log', 'a.1.log', 'a-12.log', 'b-1.log', 'b-2.log'];
    for (const name of names.slice(1)) writeFileSync(kit.path(name), `${name}\n`);
    writeFileSync(kit.path('a.log'), '');
    kit.start();
    await kit.untilLines(names.length - 1);
    await kit.stop();
    for (const name of names.slice(1)) appendFileSync(kit.path(name), `more of ${name}\n`);
    kit.start();
    writeFileSync(kit.path('a.log'), 'a.log\n');
    await kit.untilLines(2 * names.length - 1);
    const said = kit.pipeline.lines.map(({ text, labels }) => [labels['filename'], text].join(' '));
    const expected = names.flatMap((name) => [
      `${kit.path(name)} ${name}`,
      ...(name === 'a.log' ? [] : [`${kit.path(name)} more of ${name}`]),
    ]);
    expect(said.toSorted()).toEqual(expected.toSorted());
    expect(kit.pipeline.gaps).toEqual([]);
  });

  test('a file with two names, and one behind a link, are read once', async () => {
    begin();
    mkdirSync(kit.path('far'));
    writeFileSync(kit.path('far/real.txt'), 'one\n');
    writeFileSync(kit.path('a.log'), 'two\n');
    symlinkSync(kit.path('far/real.txt'), kit.path('link.log'));
    symlinkSync(kit.path('far/real.txt'), kit.path('other.log'));
    linkSync(kit.path('a.log'), kit.path('b.log'));
    symlinkSync(kit.path('nowhere'), kit.path('broken.log'));
    kit.start();
    await kit.untilLines(2);
    appendFileSync(kit.path('far/real.txt'), 'three\n');
    await kit.untilLines(3);
    expect(kit.pipeline.texts.toSorted()).toEqual(['one', 'three', 'two']);
  });

  test("never the agent's own output", async () => {
    begin(({ folder }) => ({ include: [join(folder, '**')] }));
    kit.ownFolders = [kit.path('data')];
    mkdirSync(kit.path('data'));
    mkdirSync(kit.path('database'));
    writeFileSync(kit.path('data/a.log'), 'own\n');
    writeFileSync(kit.path('database/b.log'), 'other\n');
    kit.start();
    await kit.untilLines(1);
    writeFileSync(kit.path('data/c.log'), 'own, too\n');
    writeFileSync(kit.path('z.log'), 'end\n');
    await kit.untilLines(2);
    expect(kit.pipeline.texts).toEqual(['other', 'end']);
  });
});

describe('start_at', () => {
  const old = (): void => {
    writeFileSync(kit.path('old.log'), 'old 1\nold 2\nhalf');
    const past = Date.now() / 1000 - 3600;
    utimesSync(kit.path('old.log'), past, past);
    writeFileSync(kit.path('young.log'), 'young\n');
  };

  test.each([
    ['beginning', ['old 1', 'old 2', 'young']],
    ['end', []],
    [60_000, ['young']],
  ] as const)('%s speaks of what was there at the first start', async (startAt, first) => {
    begin({ startAt });
    old();
    kit.start();
    writeFileSync(kit.path('new.log'), 'new\n');
    appendFileSync(kit.path('old.log'), ' and half\n');
    const expected = [...first, 'half and half', 'new'].toSorted();
    await kit.untilLines(expected.length);
    expect(kit.pipeline.texts.toSorted()).toEqual(expected);
    expect(kit.pipeline.gaps).toEqual([]);
  });

  test('an age reads no more of a file than max_history_bytes, from a whole line on', async () => {
    begin({ startAt: 60_000, maxHistoryBytes: 8 });
    writeFileSync(kit.path('a.log'), lines('one', 'two', 'three'));
    kit.start();
    await kit.untilLines(1);
    expect(kit.pipeline.texts).toEqual(['two', 'three'].slice(-kit.pipeline.texts.length));
    expect(kit.pipeline.texts).toContain('three');
  });

  test('what comes later is read from its beginning, also over a restart', async () => {
    begin({ startAt: 'end' });
    writeFileSync(kit.path('a.log'), 'a\n');
    kit.start();
    await kit.until('the first look', () => kit.pipeline.positions.size === 2);
    await kit.stop();
    appendFileSync(kit.path('a.log'), 'b\n');
    writeFileSync(kit.path('c.log'), 'c\n');
    kit.start();
    await kit.untilLines(2);
    expect(kit.pipeline.texts.toSorted()).toEqual(['b', 'c']);
  });

  test('goes on where Promtail stopped', async () => {
    begin((kit) => ({ startAt: 'end', promtailPositions: kit.path('positions.yaml') }));
    writeFileSync(kit.path('a.log'), lines('one', 'two', 'three'));
    writeFileSync(kit.path('cut.log'), lines('x'));
    writeFileSync(kit.path('b.log'), lines('unknown to it'));
    writeFileSync(
      kit.path('positions.yaml'),
      `positions:\n  ${kit.path('a.log')}: "4"\n  ${kit.path('cut.log')}: "400"\n  cursor-x: abc\n`,
    );
    kit.start();
    await kit.untilLines(3);
    expect(kit.pipeline.texts.toSorted()).toEqual(['three', 'two', 'x']);
  });
});

describe('rotation', () => {
  const rotations: Record<string, (path: string) => void> = {
    rename: (path) => renameSync(path, `${path}.1`),
    'rename and compress': (path) => {
      renameSync(path, `${path}.1`);
      writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(`${path}.1`)));
      rmSync(`${path}.1`);
    },
    'rename to a date': (path) => renameSync(path, `${path}-20261122`),
    'rename to another pattern': (path) => renameSync(path, path.replace('.log', '-1.log')),
  };

  test.each(Object.entries(rotations))('%s while it runs', async (_name, rotate) => {
    begin();
    writeFileSync(kit.path('a.log'), lines('1', '2'));
    kit.start();
    await kit.untilLines(2);
    appendFileSync(kit.path('a.log'), lines('3'));
    rotate(kit.path('a.log'));
    writeFileSync(kit.path('a.log'), lines('4'));
    await kit.untilLines(4);
    await kit.stop();
    kit.start();
    appendFileSync(kit.path('a.log'), lines('5'));
    await kit.untilLines(5);
    expect(kit.pipeline.story).toEqual(['1', '2', '3', '4', '5']);
  });

  test.each(Object.entries(rotations))('%s while it does not run', async (_name, rotate) => {
    begin();
    writeFileSync(kit.path('a.log'), lines('1', '2'));
    kit.start();
    await kit.untilLines(2);
    await kit.stop();
    appendFileSync(kit.path('a.log'), lines('3'));
    rotate(kit.path('a.log'));
    writeFileSync(kit.path('a.log'), lines('4'));
    kit.start();
    await kit.untilLines(4);
    appendFileSync(kit.path('a.log'), lines('5'));
    await kit.untilLines(5);
    expect(kit.pipeline.story).toEqual(['1', '2', '3', '4', '5']);
  });

  test('several times while it does not run, compressed and not', async () => {
    begin();
    const path = kit.path('a.log');
    writeFileSync(path, lines('1', '2'));
    kit.start();
    await kit.untilLines(2);
    await kit.stop();
    appendFileSync(path, lines('3'));
    writeFileSync(kit.path('a.log.2.gz'), gzipSync(readFileSync(path)));
    rmSync(path);
    const past = Date.now() / 1000 - 10;
    utimesSync(kit.path('a.log.2.gz'), past, past);
    writeFileSync(kit.path('a.log.1'), lines('4'));
    writeFileSync(path, lines('5'));
    kit.start();
    await kit.untilLines(5);
    expect(kit.pipeline.story).toEqual(['1', '2', '3', '4', '5']);
  });

  test('a program that writes on to the file that was renamed', async () => {
    begin();
    const path = kit.path('a.log');
    writeFileSync(path, lines('1'));
    kit.start();
    await kit.untilLines(1);
    renameSync(path, `${path}.1`);
    writeFileSync(path, lines('2'));
    await kit.untilLines(2);
    appendFileSync(`${path}.1`, lines('late'));
    await kit.untilLines(3);
    appendFileSync(`${path}.1`, lines('later'));
    await kit.stop();
    kit.start();
    await kit.untilLines(4);
    expect(kit.pipeline.texts).toEqual(['1', '2', 'late', 'later']);
    expect(kit.pipeline.gaps).toEqual([]);
  });

  test('a renamed file that is still looked at says nothing of those that came after it', async () => {
    begin();
    const path = kit.path('a.log');
    writeFileSync(path, lines('1'));
    kit.start();
    await kit.untilLines(1);
    renameSync(path, `${path}.2`);
    writeFileSync(`${path}.1.gz`, gzipSync(lines('2')));
    writeFileSync(path, lines('3'));
    await kit.untilLines(3);
    await kit.stop();
    kit.start();
    appendFileSync(path, lines('4'));
    await kit.untilLines(4);
    await kit.stop();
    expect(kit.pipeline.story).toEqual(['1', '2', '3', '4']);
  });

  test('copytruncate: what the copy has is read, and what the cut destroyed is a gap', async () => {
    begin();
    const path = kit.path('a.log');
    writeFileSync(path, lines('1', '2'));
    kit.start();
    await kit.untilLines(2);
    appendFileSync(path, lines('3'));
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    appendFileSync(path, lines('4'));
    await kit.untilLines(4);
    expect(kit.pipeline.story).toEqual(['1', '2', '3', '<truncated>', '4']);
    const [gap] = kit.pipeline.gaps;
    expect(gap.labels).toEqual(kit.pipeline.lines[0].labels);
    expect(gap.from).toBeDefined();
  });

  test('a kill when a part of the copy was read: the cut is told for all that', async () => {
    begin();
    const path = kit.path('a.log');
    writeFileSync(path, lines('0'));
    kit.start();
    await kit.untilLines(1);
    await kit.stop();
    const more = Array.from({ length: 6000 }, (_, i) => String(i + 1));
    appendFileSync(path, lines(...more));
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    // It waits behind the first push of the copy.
    kit.pipeline.wait = new Promise(() => {});
    kit.start();
    await kit.untilLines(2);
    kit.pipeline.commit();
    const read = kit.pipeline.lines.length;
    expect(read).toBeLessThan(more.length);
    await kit.kill();
    kit.pipeline.wait = undefined;
    kit.start();
    await kit.untilLines(more.length + 1);
    await kit.until('the gap', () => kit.pipeline.gaps.length > 0);
    expect(kit.pipeline.story).toEqual(['0', ...more, '<truncated>']);
  });

  test('copytruncate before anything was read, while it runs and while it does not', async () => {
    begin();
    const path = kit.path('a.log');
    const cut = (n: number): void => {
      appendFileSync(path, lines(String(n)));
      copyFileSync(path, `${path}.${9 - n}`);
      truncateSync(path);
    };
    writeFileSync(path, '');
    kit.start();
    await kit.until('the first look', () => kit.pipeline.positions.size === 2);
    cut(1);
    await kit.until('the first gap', () => kit.pipeline.gaps.length === 1);
    await kit.stop();
    cut(2);
    appendFileSync(path, lines('3'));
    kit.start();
    await kit.untilLines(3);
    expect(kit.pipeline.story).toEqual(['1', '<truncated>', '2', '<truncated>', '3']);
  });

  test('copytruncate while it does not run, and a kill in the middle of the copy', async () => {
    begin();
    const path = kit.path('a.log');
    writeFileSync(path, lines('1', '2'));
    kit.start();
    await kit.untilLines(2);
    await kit.stop();
    appendFileSync(path, lines('3'));
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    appendFileSync(path, lines('4444444444'));
    kit.start();
    await kit.untilLines(4);
    await kit.kill();
    expect(kit.pipeline.story).toEqual(['1', '2']);
    kit.start();
    await kit.untilLines(4);
    expect(kit.pipeline.story).toEqual(['1', '2', '3', '<truncated>', '4444444444']);
  });

  test('a file that is written anew without a copy is a gap, and read from its beginning', async () => {
    begin();
    const path = kit.path('a.log');
    writeFileSync(path, lines('1', '2'));
    kit.start();
    await kit.untilLines(2);
    writeFileSync(path, lines('longer than before'));
    await kit.untilLines(3);
    expect(kit.pipeline.story).toEqual(['1', '2', '<truncated>', 'longer than before']);
  });

  test('a writer that does not append leaves NUL bytes behind the cut: they are no line', async () => {
    begin();
    const path = kit.path('a.log');
    writeFileSync(path, lines('1', '2'));
    kit.start();
    await kit.untilLines(2);
    const hole = Buffer.alloc(100_000);
    writeFileSync(path, Buffer.concat([hole, Buffer.from('3\n')]));
    await kit.untilLines(3);
    expect(kit.pipeline.story).toEqual(['1', '2', '<truncated>', '3']);
  });

  test('gone while it did not run: a gap, and what came after it', async () => {
    begin();
    const path = kit.path('a.log');
    writeFileSync(path, lines('1', '2'));
    kit.start();
    await kit.untilLines(2);
    await kit.stop();
    rmSync(path);
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(path, lines('5'));
    kit.start();
    await kit.untilLines(3);
    expect(kit.pipeline.story).toEqual(['1', '2', '<blind>', '5']);
    await kit.stop();
    kit.start();
    appendFileSync(path, lines('6'));
    await kit.untilLines(4);
    expect(kit.pipeline.story).toEqual(['1', '2', '<blind>', '5', '6']);
  });

  test('removed and made anew while it runs loses nothing, and is no gap', async () => {
    begin();
    const path = kit.path('a.log');
    writeFileSync(path, lines('1'));
    kit.start();
    await kit.untilLines(1);
    appendFileSync(path, lines('2'));
    rmSync(path);
    writeFileSync(path, lines('3'));
    await kit.untilLines(3);
    expect(kit.pipeline.story).toEqual(['1', '2', '3']);
  });

  test('rotations that the patterns mean are read with their log, and before it', async () => {
    begin(({ folder }) => ({ include: [join(folder, '*')] }));
    const past = Date.now() / 1000 - 10;
    writeFileSync(kit.path('a.log.2.gz'), gzipSync(lines('1')));
    utimesSync(kit.path('a.log.2.gz'), past - 10, past - 10);
    writeFileSync(kit.path('a.log.1'), lines('2'));
    utimesSync(kit.path('a.log.1'), past, past);
    writeFileSync(kit.path('a.log'), lines('3'));
    kit.start();
    await kit.untilLines(3);
    expect(kit.pipeline.texts).toEqual(['1', '2', '3']);
    expect(new Set(kit.pipeline.lines.map(({ labels }) => labels['filename']))).toEqual(
      new Set([kit.path('a.log')]),
    );
    renameSync(kit.path('a.log.1'), kit.path('a.log.3'));
    renameSync(kit.path('a.log'), kit.path('a.log.1'));
    writeFileSync(kit.path('a.log'), lines('4'));
    await kit.untilLines(4);
    await kit.stop();
    kit.start();
    appendFileSync(kit.path('a.log'), lines('5'));
    await kit.untilLines(5);
    expect(kit.pipeline.texts).toEqual(['1', '2', '3', '4', '5']);
  });
});

describe('formats', () => {
  test('cri: labels of the pod, the time of the runtime, pieces joined over rotation and restart', async () => {
    begin(({ folder }) => ({ include: [join(folder, '*/*/*.log')], format: 'cri' }));
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
    begin({ format: 'docker' });
    writeFileSync(
      kit.path('a.log'),
      '{"log":"x\\u00e4\\n","stream":"stderr","time":"2026-11-22T10:00:00Z"}\n',
    );
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
    begin({ encoding });
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
    begin({ encoding: 'latin1' });
    writeFileSync(kit.path('a.log'), Buffer.from('Grüße\nÿþ\n', 'latin1'));
    kit.start();
    await kit.untilLines(2);
    expect(kit.pipeline.texts).toEqual(['Grüße', 'ÿþ']);
  });

  test('long lines of two bytes a character', async () => {
    begin({ encoding: 'utf-16le', maxLineBytes: 100_000 });
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
});
