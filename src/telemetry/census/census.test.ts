/**
 * Leaks put in on purpose, in this very process, are seen by kind; what a scope owns is not. The tests' own runner comes and
 * goes with timers, so those are told by the script of a system where they matter.
 */
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, renameSync, rmSync, watch } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentError } from '../../runtime/errors.js';
import { type Holdings, type ResourceKind, Scope } from '../../runtime/scope.js';
import { CensusTaker, type Counts } from './census.js';
import { type System, thisProcess } from './process-view.js';

const NOTHING = { file: 0, socket: 0, watcher: 0, timer: 0, worker: 0, pipe: 0, other: 0 };
const LATER_MS = 1e6;

type Undo = () => unknown;

let folder: string;
let root: Scope;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-census-'));
  root = Scope.root('test', (error) => {
    throw error;
  });
  // The first listening socket and the first watcher make the runtime open something for itself.
  for (const open of [openServer, openWatcher]) await (await open())();
  // What is closed goes at the end of a turn of the event loop, after the immediates.
  for (let turn = 0; turn < 2; turn++) await setImmediate();
});

afterEach(async () => {
  await root.close();
  rmSync(folder, { recursive: true });
});

/** Tells the truth, but of timers what the test says. */
class Observed implements System {
  readonly descriptors = thisProcess.descriptors;
  timers = 0;
  active(): string[] {
    const others = thisProcess.active().filter((type) => type !== 'Timeout');
    return [...others, ...Array.from({ length: this.timers }, () => 'Timeout')];
  }
}

function begin(system: System = new Observed()): CensusTaker {
  const taker = new CensusTaker(root, system);
  taker.begin();
  return taker;
}

const unowned = async (taker: CensusTaker): Promise<Counts> => (await taker.take()).unowned;

function openFile(name = 'file'): Undo {
  const fd = openSync(path.join(folder, name), 'w');
  return () => closeSync(fd);
}

function openWatcher(): Undo {
  const watcher = watch(folder);
  return () => watcher.close();
}

function openForgottenWatcher(): Undo {
  const watcher = watch(folder).unref();
  return () => watcher.close();
}

async function openServer(): Promise<Undo> {
  const server = await listen();
  return () => closed(server);
}

/** Listening, and both ends of a connection. */
async function openConnection(): Promise<Undo> {
  const server = await listen();
  const client = connect(path.join(folder, 'socket'));
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  return async () => {
    client.destroy();
    accepted.destroy();
    await closed(server);
  };
}

async function openWorker(): Promise<Undo> {
  const script = 'require("node:worker_threads").parentPort.on("message", () => {})';
  const worker = new Worker(script, { eval: true });
  await once(worker, 'online');
  return () => worker.terminate();
}

async function listen(): Promise<Server> {
  const server = createServer().listen(path.join(folder, 'socket'));
  await once(server, 'listening');
  return server;
}

async function closed(server: Server): Promise<void> {
  const done = once(server, 'close');
  server.close();
  await done;
}

const LEAKS: [string, ResourceKind, () => Undo | Promise<Undo>, Holdings][] = [
  ['a file', 'file', () => openFile(), { file: 1 }],
  ['a watcher', 'watcher', openWatcher, { watcher: 1 }],
  ['a watcher that is not referenced', 'watcher', openForgottenWatcher, { watcher: 1 }],
  ['a listening socket', 'server', openServer, { socket: 1 }],
  ['a connection', 'server', openConnection, { socket: 3 }],
  ['a worker, but none of what its event loop holds', 'worker', openWorker, { worker: 1 }],
];

describe('a leak of each kind', () => {
  test.each(LEAKS)('%s: seen, and gone when it is ended', async (_, _kind, open, leaked) => {
    const taker = begin();
    expect(await unowned(taker)).toEqual(NOTHING);
    const end = await open();
    expect(await unowned(taker)).toEqual({ ...NOTHING, ...leaked });
    await end();
    expect(await unowned(taker)).toEqual(NOTHING);
  });

  test.each(LEAKS)('%s: not one where a scope owns it', async (_, kind, open, held) => {
    const taker = begin();
    const end = await open();
    const owned = root.own(
      kind,
      'test',
      async () => void (await end()),
      () => held,
    );
    expect(await unowned(taker)).toEqual(NOTHING);
    await owned.release();
    expect(await unowned(taker)).toEqual(NOTHING);
  });

  test('timers: those that no scope owns', async () => {
    const system = new Observed();
    system.timers = 3;
    const taker = begin(system);
    system.timers = 5;
    root.timeout('test', LATER_MS, () => {});
    // The pauses between looks are owned timers of the scope, and over when it looks.
    expect(await unowned(taker)).toEqual({ ...NOTHING, timer: 1 });
    expect((await taker.take()).baseline).toMatchObject({ timer: 3 });
  });

  test('this process tells of referenced timers', () => {
    const count = (): number => thisProcess.active().filter((type) => type === 'Timeout').length;
    const before = count();
    const timers = Array.from({ length: 100 }, () => setTimeout(() => {}, LATER_MS));
    expect(count() - before).toBeGreaterThan(90);
    for (const timer of timers) clearTimeout(timer);
  });
});

describe('the baseline', () => {
  test('makes no room for a leak when something of it ends', async () => {
    const endBefore = openFile('before');
    const taker = begin();
    const { baseline } = await taker.take();
    endBefore();
    expect(await unowned(taker)).toEqual(NOTHING);
    const end = openFile();
    const { baseline: after, unowned: left } = await taker.take();
    end();
    expect(Number(baseline.file) - Number(after.file)).toBe(1);
    expect(left).toEqual({ ...NOTHING, file: 1 });
  });

  test('knows its files, whatever becomes of their names', async () => {
    const ends = ['renamed', 'removed'].map((name) => openFile(name));
    const taker = begin();
    renameSync(path.join(folder, 'renamed'), path.join(folder, 'other'));
    rmSync(path.join(folder, 'removed'));
    expect(await unowned(taker)).toEqual(NOTHING);
    for (const end of ends) end();
  });

  test('takes in what the runtime opens while the agent starts, but nothing that scopes could own', async () => {
    const taker = begin();
    const device = openSync('/dev/null', 'r');
    const end = openFile();
    expect(await unowned(taker)).toEqual({ ...NOTHING, file: 1, other: 1 });
    taker.warmedUp();
    const another = openSync('/dev/null', 'r');
    const left = await unowned(taker);
    end();
    closeSync(device);
    closeSync(another);
    expect(left).toEqual({ ...NOTHING, file: 1, other: 1 });
  });
});

/** A system that tells of `steps` one after the other, and of the last one for ever: descriptors by number. */
function scripted(...steps: Record<string, string>[]): System {
  let step = -1;
  const now = (): Record<string, string> => steps[Math.min(step, steps.length - 1)];
  return {
    descriptors: {
      list: () => {
        step++;
        return Object.keys(now());
      },
      target: (fd) => now()[fd],
      inode: (fd) => now()[fd],
      info: () => '',
    },
    active: () => [],
  };
}

const LOOP = { 3: 'anon_inode:[eventpoll]' };

describe('looks', () => {
  test('what is there for a moment only does not show', async () => {
    const file = { ...LOOP, 9: '/a' };
    const taker = begin(
      scripted(LOOP, file, { ...file, 10: 'socket:[1]' }, { ...LOOP, 10: 'socket:[1]' }, LOOP),
    );
    expect(await unowned(taker)).toEqual(NOTHING);
  });

  test('what stays shows with the least that was seen', async () => {
    const taker = begin(
      scripted(LOOP, { ...LOOP, 9: '/a', 10: '/b' }, { ...LOOP, 9: '/a' }, { ...LOOP, 9: '/a', 10: '/c' }),
    );
    expect(await unowned(taker)).toEqual({ ...NOTHING, file: 1 });
  });

  test('what a scope claims and is not there shows below 0', async () => {
    root.own('file', 'claimed', () => {});
    expect(await unowned(begin(scripted(LOOP)))).toEqual({ ...NOTHING, file: -1 });
  });

  test('too much once and too little once is in between', async () => {
    root.own('file', 'one', () => {});
    const taker = begin(scripted(LOOP, LOOP, { ...LOOP, 9: '/a', 10: '/b' }));
    expect(await unowned(taker)).toEqual(NOTHING);
  });

  test('descriptors of other sorts', async () => {
    const pipes = { 20: 'pipe:[1]', 21: 'pipe:[2]', 22: 'pipe:[3]' };
    const loop = { 23: 'anon_inode:[eventfd]', 24: 'anon_inode:inotify', 25: 'anon_inode:[io_uring]' };
    const others = {
      26: 'anon_inode:[pidfd]',
      27: 'anon_inode:[eventfd]',
      28: '/dev/pts/0',
      29: '/memfd:x (deleted)',
    };
    const taker = begin(
      scripted(
        { 0: '/dev/null', ...LOOP, 4: 'pipe:[8]', 5: 'pipe:[9]' },
        { 0: '/dev/null', ...LOOP, 4: 'pipe:[8]', 5: 'pipe:[9]', ...pipes, ...loop, ...others },
      ),
    );
    expect(await unowned(taker)).toEqual({ ...NOTHING, pipe: 3, other: 2, file: 1 });
  });
});

describe('an instrument that does not see', () => {
  test.each([[{}], [{ 0: '/dev/null' }]])('says so: %j', async (nothing) => {
    const taker = begin(scripted(nothing));
    await expect(taker.take()).rejects.toSatisfy(
      (error) =>
        error instanceof AgentError && error.code === 'INTERNAL' && /does not see/.test(error.message),
    );
  });

  test('where the system does not tell of descriptors, timers and watchers are left, and a sentence', async () => {
    const active = ['Timeout', 'Timeout', 'FSEventWrap'];
    const blind: System = {
      descriptors: { list: () => undefined, target: () => undefined, inode: () => '', info: () => '' },
      active: () => active,
    };
    const taker = begin(blind);
    active.push('Timeout');
    root.own('file', 'owned', () => {});
    expect(await taker.take()).toMatchObject({
      real: { timer: 3, watcher: 1 },
      unowned: { timer: 1, watcher: 0 },
      note: expect.stringMatching(/^This system does not tell .*\.$/),
    });
    expect(Object.keys(await unowned(taker)).toSorted()).toEqual(['timer', 'watcher']);
  });
});
