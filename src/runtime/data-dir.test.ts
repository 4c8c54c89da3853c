import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { transformWithOxc } from 'vite';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lockDataDir } from './data-dir.js';
import { Scope } from './scope.js';

let root: string;
let dir: string;
let script: string;
const scopes: Scope[] = [];
const children: ChildProcess[] = [];

function newScope(): Scope {
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  scopes.push(scope);
  return scope;
}

/** A process of its own that takes the lock once told to, says `held` or the error's code, and then stays. */
async function starter(target: string) {
  const child = spawn(process.execPath, [script, target], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface(child.stdout);
  const next = () => once(lines, 'line').then(([line]) => line as string);
  expect(await next()).toBe('ready');
  return {
    child,
    go: () => {
      const answer = next();
      child.stdin.write('go\n');
      return answer;
    },
    kill: async () => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}

beforeAll(async () => {
  const compiled = mkdtempSync(path.join(tmpdir(), 'log-capturer-lock-js-'));
  for (const name of readdirSync(import.meta.dirname)) {
    if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue;
    const source = path.join(import.meta.dirname, name);
    const { code } = await transformWithOxc(readFileSync(source, 'utf8'), source);
    writeFileSync(path.join(compiled, name.replace(/ts$/, 'js')), code);
  }
  writeFileSync(path.join(compiled, 'package.json'), '{"type":"module"}');
  script = path.join(compiled, 'main.js');
  writeFileSync(
    script,
    `import { lockDataDir } from './data-dir.js';
     import { Scope } from './scope.js';
     console.log('ready');
     process.stdin.once('data', () =>
       lockDataDir(process.argv[2], Scope.root('child', () => {})).then(
         () => console.log('held'),
         (error) => console.log(error.code ?? String(error)),
       ),
     );`,
  );
  return () => rmSync(compiled, { recursive: true, force: true });
});

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'log-capturer-lock-'));
  dir = path.join(root, 'a/data');
});

afterEach(async () => {
  for (const scope of scopes.splice(0)) await scope.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

describe('the lock of a data directory', () => {
  test('is refused while it is held, and given again after', async () => {
    const first = newScope();
    await lockDataDir(dir, first);
    expect(statSync(dir).mode & 0o777).toBe(0o750);
    await expect(lockDataDir(dir, newScope())).rejects.toMatchObject({
      code: 'DATA_DIR_IN_USE',
      message: `The data directory ${dir} is in use by another agent (process ${process.pid}).`,
    });
    await first.close();
    await lockDataDir(dir, newScope());
  });

  test('survives a killed holder', async () => {
    const holder = await starter(dir);
    expect(await holder.go()).toBe('held');
    await expect(lockDataDir(dir, newScope())).rejects.toMatchObject({
      message: expect.stringContaining(`(process ${holder.child.pid})`),
    });
    await holder.kill();
    await lockDataDir(dir, newScope());
  });

  test('of ten processes at once one wins, each time the last winner is killed', async () => {
    for (let round = 0; round < 4; round++) {
      const starters = await Promise.all(Array.from({ length: 10 }, () => starter(dir)));
      const answers = await Promise.all(starters.map(({ go }) => go()));
      expect(answers.toSorted()).toEqual([...Array(9).fill('DATA_DIR_IN_USE'), 'held']);
      await Promise.all(starters.map(({ kill }) => kill()));
    }
    expect(readdirSync(path.join(dir, 'lock')).filter((name) => !name.startsWith('.')).length).toBe(1);
  });

  test('works where the path is too long for a socket', async () => {
    const deep = path.join(root, 'x'.repeat(120), 'y'.repeat(120));
    const first = newScope();
    await lockDataDir(deep, first);
    await expect(lockDataDir(deep, newScope())).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
    await first.close();
    await lockDataDir(deep, newScope());
  });

  test('rubbish in the folder does not disturb it', async () => {
    mkdirSync(path.join(dir, 'lock'), { recursive: true });
    for (const name of ['x', '.1-abc', '007', '1']) writeFileSync(path.join(dir, 'lock', name), '');
    await lockDataDir(dir, newScope());
    await expect(lockDataDir(dir, newScope())).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
  });
});

describe('a folder that cannot be used', () => {
  test('a file is in its place or on the way', async () => {
    writeFileSync(path.join(root, 'file'), '');
    for (const target of ['file', 'file/data']) {
      await expect(lockDataDir(path.join(root, target), newScope())).rejects.toMatchObject({
        code: 'DATA_DIR_UNUSABLE',
        message: expect.stringContaining(path.join(root, target)),
      });
    }
  });

  test('a read-only filesystem', async () => {
    await expect(lockDataDir('/proc/log-capturer', newScope())).rejects.toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      remedy: expect.stringContaining('--data-dir'),
    });
  });

  test.runIf(process.getuid?.() === 0)("somebody else's folder, as a user who is not root", async () => {
    mkdirSync(dir, { recursive: true });
    chmodSync(root, 0o755);
    chmodSync(path.dirname(dir), 0o755);
    process.seteuid?.(65534);
    try {
      await expect(lockDataDir(dir, newScope())).rejects.toMatchObject({
        code: 'DATA_DIR_UNUSABLE',
        message: expect.stringContaining('may not be written by this user'),
        remedy: expect.stringContaining('chown'),
      });
    } finally {
      process.seteuid?.(0);
    }
  });
});
