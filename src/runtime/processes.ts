/** A program of its own that is read from, which a scope owns. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Holdings, Scope } from './scope.js';

/** A program that does not end when it is asked to is ended. */
const PATIENCE_MS = 1_000;
/** Of what it says on stderr the last bytes are kept. */
const MAX_SAID = 4096;

export interface RunningProgram {
  readonly stdout: Readable;
  /** Resolves when it has ended and all it wrote is read or dropped; never rejects. */
  readonly ended: Promise<ProgramEnd>;
  /** The end of what it said on stderr so far. */
  said(): string;
  /** Asks it to end, and awaits it. Idempotent. */
  stop(): Promise<void>;
}

export interface ProgramEnd {
  /** Why it could not be started; undefined where it was. */
  readonly error: Error | undefined;
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  /** The end of what it said on stderr. */
  readonly said: string;
}

/** Starts a program, without a shell and without input. It is ended with the scope. */
export function startProgram(
  scope: Scope,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): RunningProgram {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env, windowsHide: true });
  let said = '';
  let error: Error | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_SAID);
  });
  child.once('error', (cause) => {
    error = cause;
  });
  let hasEnded = false;
  let killer: NodeJS.Timeout | undefined;
  const ended = new Promise<ProgramEnd>((resolve) => {
    child.once('close', (code) => {
      hasEnded = true;
      clearTimeout(killer);
      killer = undefined;
      void owned.release();
      resolve({ error, code: code ?? undefined, said: said.trim() });
    });
  });
  const end = (): Promise<void> | undefined => {
    if (hasEnded) return undefined;
    // Nobody reads on: a pipe that is full must not keep it.
    child.stdout.destroy();
    child.kill('SIGTERM');
    killer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    return ended.then(() => {});
  };
  const holds = (): Holdings => ({
    socket: [child.stdout, child.stderr].filter((stream) => !stream.destroyed).length,
    timer: killer ? 1 : 0,
  });
  const owned = scope.own('process', command, end, holds);
  return { stdout: child.stdout, ended, said: () => said.trim(), stop: () => owned.release() };
}
