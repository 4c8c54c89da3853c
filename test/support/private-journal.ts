/**
 * A systemd-journald of the tests' own, in a mount namespace with sockets and files of its own: nothing of the machine's
 * journal is touched. It needs root, and installs systemd where it is missing.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { installPackages, whyNoPackages } from './debian-packages.js';

const JOURNALD = '/lib/systemd/systemd-journald';
const DEADLINE_MS = 20_000;
/** Files of a size at which a test's lines fill several. */
const SETTINGS = `[Journal]
Storage=volatile
RateLimitIntervalSec=0
ReadKMsg=no
Audit=no
ForwardToWall=no
RuntimeMaxUse=1G
RuntimeKeepFree=1M
`;
const SCRIPT = `set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
mount --bind "$1/sockets" /run/systemd/journal
mount --bind "$1/log" /run/log/journal
mount --bind "$1/journald.conf" /etc/systemd/journald.conf
exec ${JOURNALD}`;

/** Why there can be none; undefined where there can. Installs nothing. */
export function whyNoPrivateJournal(): string | undefined {
  if (process.platform !== 'linux') return `journald needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'a private journald needs root';
  return existsSync(JOURNALD) ? undefined : whyNoPackages();
}

export class PrivateJournal {
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
  }

  /** Starts one with its files in `folder`, and waits until it takes lines. */
  static async start(folder: string): Promise<PrivateJournal> {
    if (!existsSync(JOURNALD)) installPackages(['systemd']);
    for (const part of ['sockets', 'log']) mkdirSync(path.join(folder, part));
    writeFileSync(path.join(folder, 'journald.conf'), SETTINGS);
    const child = spawn(
      'unshare',
      ['-m', '--propagation', 'private', 'sh', '-c', SCRIPT, 'journald', folder],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    const journal = new PrivateJournal(folder, child);
    await journal.#until(
      () => existsSync(journal.#socket) && existsSync(journal.files),
      () => said,
    );
    return journal;
  }

  /** The folder of its files, once there are any. */
  get files(): string {
    const root = path.join(this.#folder, 'log');
    return path.join(root, readdirSync(root)[0] ?? 'none');
  }

  /** A program that writes lines to it under this name, as a unit's standard output does. */
  async writer(identifier: string): Promise<Socket> {
    // journald shuts its own direction at once.
    const socket = connect({ path: this.#socket, allowHalfOpen: true });
    await once(socket, 'connect');
    // Identifier, unit, priority, whether lines begin with one, and whether they go to syslog, the kernel, the console.
    socket.write(`${identifier}\n\n4\n0\n0\n0\n0\n`);
    return socket;
  }

  /** It begins a new file; waits until it has. */
  async rotate(): Promise<void> {
    const before = this.archived.length;
    this.#child.kill('SIGUSR2');
    await this.#until(() => this.archived.length > before);
  }

  /** Files that it does not write any more. */
  get archived(): string[] {
    return readdirSync(this.files).filter((name) => name.includes('@'));
  }

  /** As it does itself where they are too large or too old. */
  removeArchived(): void {
    for (const name of this.archived) rmSync(path.join(this.files, name));
  }

  /** How many entries of `identifier` the real journalctl finds. */
  count(identifier: string): number {
    const args = [
      `--directory=${this.files}`,
      '--output=cat',
      '--no-pager',
      `SYSLOG_IDENTIFIER=${identifier}`,
    ];
    const { stdout } = spawnSync('journalctl', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
    return stdout.split('\n').length - 1;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  get #socket(): string {
    return path.join(this.#folder, 'sockets/stdout');
  }

  async #until(isSo: () => boolean, said: () => string = () => ''): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    while (!isSo()) {
      if (this.#child.exitCode !== null || performance.now() > deadline)
        throw new Error(`journald did not do it:\n${said()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
