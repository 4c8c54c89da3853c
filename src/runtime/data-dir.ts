/**
 * One agent per data directory, on one host, also where several containers share it as a volume.
 *
 * The lock is a listening unix socket `lock/<n>`, which the kernel lets go of however the process ends. Invariants:
 * - the highest number holds the lock if its socket accepts connections; nothing is unlinked at release, so a number
 *   below the highest is never held;
 * - a file appears under its number by link(2), already listening and only if the number is free: of two starters that
 *   saw the same dead holder one gets the next number;
 * - a number is removed only when a higher one exists; who finds a higher one after linking was late, and retreats.
 *   (The folder holds a handful of names, which the kernel lists in one call, as of one moment.)
 * A holder answers a connection with `{"pid":…,"host":…}`.
 */
import { closeSync, constants, linkSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { AgentError, systemCode } from './errors.js';
import { makeFolders } from './folders.js';
import type { Scope } from './scope.js';
import { closeServer, ServerSockets } from './servers.js';

const MAX_SOCKET_PATH = 100;
const ANSWER_TIMEOUT_MS = 1000;
const MAX_ANSWER_BYTES = 1000;
const ATTEMPTS = 50;

/**
 * Makes `dir` (mode 0750), checks that it can be written, and holds its lock until `scope` closes. Throws
 * DATA_DIR_UNUSABLE or DATA_DIR_IN_USE, the latter naming the holder.
 */
export async function lockDataDir(dir: string, scope: Scope): Promise<void> {
  return lockDirectory(dir, DATA_DIRECTORY, scope);
}

/** How a locked directory is called towards people, and where else to go. */
export interface DirectoryUse {
  readonly what: string;
  readonly elsewhere: string;
}

const DATA_DIRECTORY: DirectoryUse = { what: 'data directory', elsewhere: 'with --data-dir' };

/** The same for any directory that one agent at a time may write. */
export async function lockDirectory(dir: string, use: DirectoryUse, scope: Scope): Promise<void> {
  const lockDir = path.join(dir, 'lock');
  checkWritable(dir, lockDir, use);
  const fd = openSync(lockDir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const short = shortPath(lockDir, fd);
    await takeLock(dir, short, use, scope);
  } catch (error) {
    throw error instanceof AgentError ? error : unusable(dir, use, error);
  } finally {
    closeSync(fd);
  }
}

function checkWritable(dir: string, lockDir: string, use: DirectoryUse): void {
  try {
    makeFolders(lockDir, 0o750);
    const probe = path.join(lockDir, `.probe-${uniqueName()}`);
    closeSync(openSync(probe, 'wx', 0o600));
    removeIfThere(probe);
  } catch (error) {
    throw unusable(dir, use, error);
  }
}

/** The same folder by a path that leaves room for a name in sun_path (108 bytes). */
function shortPath(lockDir: string, fd: number): string {
  return Buffer.byteLength(lockDir) + 40 <= MAX_SOCKET_PATH ? lockDir : `/proc/self/fd/${fd}`;
}

async function takeLock(dir: string, lockDir: string, use: DirectoryUse, scope: Scope): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const highest = highestNumber(lockDir);
    if (highest > 0) {
      const holder = await askHolder(path.join(lockDir, String(highest)));
      if (holder !== undefined) throw inUse(dir, use, holder);
    }
    const sockets = new ServerSockets();
    const server = await claim(lockDir, highest + 1, sockets);
    if (!server) continue;
    scope.own('server', `lock of ${dir}`, () => closeServer(server), sockets.holds);
    removeOld(lockDir, highest + 1);
    return;
  }
  throw inUse(dir, use, '');
}

/** Listens as number `n`; undefined where somebody else was faster. */
async function claim(lockDir: string, n: number, sockets: ServerSockets): Promise<Server | undefined> {
  const temporary = path.join(lockDir, `.${uniqueName()}`);
  const server = sockets.add(await listen(temporary));
  const isFirst = linkIfFree(temporary, path.join(lockDir, String(n)));
  removeIfThere(temporary);
  if (isFirst && highestNumber(lockDir) === n) return server;
  if (isFirst) removeIfThere(path.join(lockDir, String(n)));
  await closeServer(server);
  return undefined;
}

function listen(socketPath: string): Promise<Server> {
  const answer = JSON.stringify({ pid: process.pid, host: hostname() });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(answer, () => socket.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: socketPath }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve(server);
    });
  });
}

/** False where the number is taken, or where a faster starter has cleared our temporary name away. */
function linkIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST' || systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** What the holder says of itself, '' where it is there but says nothing in time; undefined where nobody listens. */
function askHolder(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let answer = '';
    const timer = setTimeout(() => finish(answer), ANSWER_TIMEOUT_MS);
    const finish = (result: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.length > MAX_ANSWER_BYTES) finish('');
    });
    socket.on('end', () => finish(answer));
    socket.on('error', (error) => {
      const code = systemCode(error);
      if (code === 'EACCES' || code === 'EPERM') reject(error);
      // Anything but "nobody listens" (a full backlog, say) means that somebody does.
      finish(code === 'ECONNREFUSED' || code === 'ENOENT' ? undefined : '');
    });
  });
}

function highestNumber(lockDir: string): number {
  return Math.max(0, ...readdirSync(lockDir).map(lockNumber));
}

function lockNumber(name: string): number {
  return /^[1-9]\d{0,14}$/.test(name) ? Number(name) : 0;
}

/** Earlier holders' sockets, and what starters that were killed half-way left behind. */
function removeOld(lockDir: string, own: number): void {
  for (const name of readdirSync(lockDir)) {
    if (name.startsWith('.') || (lockNumber(name) > 0 && lockNumber(name) < own)) {
      removeIfThere(path.join(lockDir, name));
    }
  }
}

function removeIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

function uniqueName(): string {
  return `${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
}

function inUse(dir: string, { what, elsewhere }: DirectoryUse, holder: string): AgentError {
  let who = 'another agent';
  try {
    const { pid, host } = JSON.parse(holder) as { pid: number; host: string };
    who = `another agent (process ${pid}${host === hostname() ? '' : ` in ${host.slice(0, 64)}`})`;
  } catch {
    // It holds the lock all the same.
  }
  return new AgentError('DATA_DIR_IN_USE', `The ${what} ${dir} is in use by ${who}.`, {
    remedy: `Stop that one, or give this one its own ${elsewhere}.`,
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'may not be written by this user',
  EPERM: 'may not be written by this user',
  EROFS: 'is on a read-only filesystem',
  ENOTDIR: 'lies below something that is no folder',
  EEXIST: 'is not a folder',
  ENOENT: 'cannot be made here',
  ENOSPC: 'is on a full filesystem',
};

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space',
  EROFS: 'Mount a volume there, or make it writable',
};

function unusable(dir: string, { what, elsewhere }: DirectoryUse, error: unknown): AgentError {
  const code = systemCode(error);
  const reason = (code && REASONS[code]) ?? `cannot be used (${(error as Error).message})`;
  return new AgentError('DATA_DIR_UNUSABLE', `The ${what} ${dir} ${reason}: user ${userName()}.`, {
    remedy: `${(code && REMEDIES[code]) ?? `Give that user the right to write there (sudo chown -R ${userName()} ${dir})`}, or name another folder ${elsewhere}.`,
    cause: error,
  });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
