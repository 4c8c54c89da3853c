/** What each loss of lines is told as, once, in the moment in which it is certain. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ID, LABELS, numbered, TestReaders, until, writeLines } from './testing/test-readers.js';
import { LogWriter } from './testing/test-support.js';

let folder: string;
let path: string;
let agent: TestReaders;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'json-file-gaps-'));
  path = join(folder, 'x-json.log');
  agent = new TestReaders(path);
});
afterEach(async () => {
  await agent.stop();
  rmSync(folder, { recursive: true });
});

const held = (): number => agent.readers.stats().get(ID)?.heldFiles ?? 0;
const texts = (): string[] => agent.pipeline.lines.map(({ text }) => text);

test('a container that ran, and whose log was gone before it could be opened', async () => {
  agent.add();
  agent.readers.stopped(ID);
  agent.readers.finish(ID);
  await agent.told('finished');
  expect(agent.pipeline.gaps).toMatchObject([{ why: 'removed', from: undefined, labels: LABELS }]);
});

test('a container that never ran has lost nothing', async () => {
  agent.add();
  agent.readers.finish(ID);
  await agent.told('finished');
  expect(agent.pipeline.gaps).toEqual([]);
});

test('nor has one that was read to its end', async () => {
  const log = new LogWriter(path);
  writeLines(log, 0, 10);
  agent.add();
  await agent.lines(10);
  agent.readers.stopped(ID);
  rmSync(path);
  log.close();
  agent.readers.finish(ID);
  await agent.told('finished');
  expect(agent.notices.map(({ kind }) => kind)).toContain('drained');
  expect(agent.pipeline.gaps).toEqual([]);
});

test('more files rotate away unread than are held', async () => {
  const log = new LogWriter(path, Infinity, 2);
  let release = (): void => {};
  agent.pipeline.answer = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  agent.add({ maxFiles: 2 });
  writeLines(log, 0, 1);
  await agent.lines(1);
  let written = 1;
  for (; held() < 32; written++) {
    const before = held();
    log.rotate();
    log.line(`line ${written}`);
    agent.readers.wake(ID);
    await until(() => held() > before, 'another file is held');
  }
  // From here on none is.
  for (let i = 0; i < 5; i++, written++) {
    log.rotate();
    log.line(`line ${written}`);
    agent.readers.wake(ID);
    await until(() => agent.readers.signOfLife(ID) !== undefined, 'a look');
  }
  agent.pipeline.answer = () => undefined;
  const looked = agent.readers.signOfLife(ID) ?? 0;
  agent.readers.wake(ID);
  await until(() => (agent.readers.signOfLife(ID) ?? 0) > looked, 'a look at what cannot be held');
  release();
  await agent.pipeline.until(() => texts().includes(`line ${written - 1}`));
  const missing = numbered(0, written).filter((line) => !texts().includes(line));
  expect(missing.length).toBeGreaterThan(0);
  expect(agent.pipeline.gaps.map(({ why }) => why)).toEqual(['descriptors']);
  log.close();
});

test.each([100, 5000])('a compressed file of %d lines that is damaged', async (lines) => {
  const log = new LogWriter(path, Infinity, 3, true);
  writeLines(log, 0, lines);
  log.rotate();
  writeLines(log, lines, lines + 10);
  log.close();
  const whole = readFileSync(`${path}.1.gz`);
  writeFileSync(`${path}.1.gz`, whole.subarray(0, whole.length / 2));
  agent.add();
  await agent.pipeline.until(() => texts().includes(`line ${lines + 9}`));
  // The last line read may be the beginning of one.
  const written = new Set(numbered(0, lines + 10));
  const read = texts().filter((text) => written.has(text));
  const last = read.length - 10;
  expect(last).toBeGreaterThan(lines / 10);
  expect(read).toEqual([...numbered(0, last), ...numbered(lines, lines + 10)]);
  expect(agent.pipeline.gaps).toMatchObject([{ why: 'damaged', detail: `${path}.1.gz is damaged` }]);
  const times = agent.pipeline.lines.map(({ seconds, nanos }) => seconds * 1e9 + nanos);
  const [{ from, to }] = agent.pipeline.gaps;
  expect((from?.seconds ?? 0) * 1e9 + (from?.nanos ?? 0)).toBe(times[times.length - 11]);
  expect((to?.seconds ?? 0) * 1e9 + (to?.nanos ?? 0)).toBe(times[times.length - 10]);
});
