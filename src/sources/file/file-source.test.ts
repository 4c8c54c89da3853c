import {
  appendFileSync,
  linkSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LineFlag } from '../../pipeline/batch.js';
import { type FileKit, fileKits, lines } from './testing/file-kit.js';

const begin = fileKits();

describe('files that grow', () => {
  test('every whole line once, with labels, in strictly increasing time', async () => {
    const kit = begin({ labels: { team: 'shop' } });
    const { pipeline } = kit;
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
    const kit = begin(({ folder }) => ({
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
    const kit = begin({ maxLineBytes: 100_000 });
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
    const kit = begin();
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
    const kit = begin();
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
    const kit = begin();
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
    const kit = begin(({ folder }) => ({ include: [join(folder, '**')] }));
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
  const old = (kit: FileKit): void => {
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
    const kit = begin({ startAt });
    old(kit);
    kit.start();
    writeFileSync(kit.path('new.log'), 'new\n');
    appendFileSync(kit.path('old.log'), ' and half\n');
    const expected = [...first, 'half and half', 'new'].toSorted();
    await kit.untilLines(expected.length);
    expect(kit.pipeline.texts.toSorted()).toEqual(expected);
    expect(kit.pipeline.gaps).toEqual([]);
  });

  test('an age reads no more of a file than max_history_bytes, from a whole line on', async () => {
    const kit = begin({ startAt: 60_000, maxHistoryBytes: 8 });
    writeFileSync(kit.path('a.log'), lines('one', 'two', 'three'));
    kit.start();
    await kit.untilLines(1);
    expect(kit.pipeline.texts).toEqual(['two', 'three'].slice(-kit.pipeline.texts.length));
    expect(kit.pipeline.texts).toContain('three');
  });

  test('what comes later is read from its beginning, also over a restart', async () => {
    const kit = begin({ startAt: 'end' });
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

  test('much that was there before is sent in streams of its own, and what comes then is not', async () => {
    const kit = begin();
    const old = Array.from({ length: 1200 }, (_, i) => `${i} ${'x'.repeat(1000)}`);
    const path = await kit.reading(...old);
    appendFileSync(path, lines('new'));
    await kit.untilLines(old.length + 1);
    await kit.stop();
    kit.start();
    appendFileSync(path, lines('newer'));
    await kit.untilLines(old.length + 2);
    const isOld = kit.pipeline.lines.map(({ labels }) => labels['catch_up'] === 'true');
    expect(kit.pipeline.texts).toEqual([...old, 'new', 'newer']);
    expect(isOld).toEqual([...old.map(() => true), false, false]);
  });

  test('goes on where Promtail stopped', async () => {
    const kit = begin((kit) => ({ startAt: 'end', promtailPositions: kit.path('positions.yaml') }));
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
