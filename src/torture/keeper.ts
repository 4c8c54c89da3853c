/**
 * What must be undone however a torture ends, by SIGKILL too: a dockerd of its own, and a small filesystem. A shell owns
 * both and outlives us: commands come on its stdin, one a line, each is answered by the same word on its stdout, and when
 * its stdin ends, it stops the dockerd, kills what that left running, unmounts, and removes the folder.
 *
 *   start            a dockerd on <folder>/docker.sock, which reaches no network
 *   stop             ends it as a system does that restarts it; its data stays for the next start
 *   mount <size>     a tmpfs of that size at <folder>/small, which is made
 *   unmount
 *
 * It needs Linux and root.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { AgentError } from '../runtime/errors.js';
import type { Scope } from '../runtime/scope.js';

/** For `sh -c`, with the folder as its first argument. */
export const KEEPER_SCRIPT = `
set -u
dir=$1
pid=
alive() { [ -n "$1" ] && [ -e "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
start() {
  dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/dockerd.pid" -H "unix://$dir/docker.sock" \\
    --config-file "$dir/none.json" --bridge=none --iptables=false --ip6tables=false </dev/null >>"$dir/dockerd.log" 2>&1 &
  pid=$!
}
stop() {
  alive "$pid" || return 0
  kill -TERM "$pid"
  tries=0
  while alive "$pid" && [ $tries -lt 200 ]; do sleep 0.1; tries=$((tries + 1)); done
  alive "$pid" && kill -KILL "$pid"
  wait "$pid" 2>/dev/null
  pid=
}
small() { mkdir -p "$dir/small" && mount -t tmpfs -o "size=$1,mode=0700" log-capturer-torture "$dir/small"; }
# A dockerd that had to be killed leaves its containerd and shims behind: they name the folder on their command line.
stragglers() {
  for proc in /proc/[0-9]*; do
    case $(cat "$proc/comm" 2>/dev/null) in dockerd | containerd | containerd-shim*) ;; *) continue ;; esac
    if tr '\\0' ' ' <"$proc/cmdline" 2>/dev/null | grep -qF "$dir/"; then kill -KILL "\${proc#/proc/}" 2>/dev/null; fi
  done
}
unmount() { cut -d' ' -f2 /proc/mounts | grep -F "$1" | sort -r | while read -r mount; do umount -l "$mount"; done; }
echo '{}' >"$dir/none.json"
while read -r command size; do
  case $command in
    start) start ;;
    stop) stop ;;
    mount) small "$size" || command=failed ;;
    unmount) unmount "$dir/small" ;;
  esac
  echo "$command"
done
stop
stragglers
unmount "$dir/"
rm -rf "$dir"
`;

/** Undefined where this process can have one; else why not, as half a sentence. */
export function whyNoKeeper(): string | undefined {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`;
  return process.getuid?.() === 0 ? undefined : 'we are not root';
}

/** Whether the program is there to be started. */
export function hasDockerd(): boolean {
  return spawnSync('sh', ['-c', 'command -v dockerd']).status === 0;
}

export class Keeper {
  readonly folder: string;
  readonly #shell: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(folder: string, shell: ChildProcess) {
    this.folder = folder;
    this.#shell = shell;
    this.#answers = createInterface({ input: shell.stdout as Readable })[Symbol.asyncIterator]();
  }

  /** Everything of it goes when `scope` closes. */
  static start(scope: Scope): Keeper {
    // A socket's path must be short.
    const folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-torture-'));
    // In a session of its own, so that a terminal's signals do not reach it.
    const shell = spawn('sh', ['-c', KEEPER_SCRIPT, 'keeper', folder], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    shell.stdin?.on('error', () => {});
    const keeper = new Keeper(folder, shell);
    const ended = new Promise<void>((resolve) => shell.once('close', () => resolve()));
    scope.own('task', 'keeper', async () => {
      shell.stdin?.end();
      await ended;
    });
    return keeper;
  }

  /** Of the dockerd, which may not answer yet. */
  get endpoint(): string {
    return `unix://${this.folder}/docker.sock`;
  }

  /** Of the dockerd that runs. */
  get enginePid(): number {
    return Number(readFileSync(path.join(this.folder, 'dockerd.pid'), 'utf8'));
  }

  /** The last that dockerd said. */
  get engineSaid(): string {
    const lines = readFileSync(path.join(this.folder, 'dockerd.log'), 'utf8').trimEnd().split('\n');
    return lines.at(-1) ?? '';
  }

  async startEngine(): Promise<void> {
    await this.#command('start');
  }

  async stopEngine(): Promise<void> {
    await this.#command('stop');
  }

  /** Whether a filesystem can be mounted: root in a container may not. */
  async canMount(): Promise<boolean> {
    try {
      await this.mountSmall(1024 * 1024);
      await this.unmountSmall();
      return true;
    } catch {
      return false;
    }
  }

  /** Whether the dockerd that was started has got so far as to write its number, and not ended since. */
  get hasEngine(): boolean {
    return existsSync(path.join(this.folder, 'dockerd.pid'));
  }

  /** Answers where it is. Throws SELF_TEST_IMPOSSIBLE. */
  async mountSmall(bytes: number): Promise<string> {
    await this.#command(`mount ${bytes}`);
    return path.join(this.folder, 'small');
  }

  async unmountSmall(): Promise<void> {
    await this.#command('unmount');
  }

  async #command(text: string): Promise<void> {
    this.#shell.stdin?.write(`${text}\n`);
    const { value } = (await this.#answers.next()) as { value: string | undefined };
    if (value === text.split(' ')[0]) return;
    throw new AgentError('SELF_TEST_IMPOSSIBLE', `"${text}" failed in ${this.folder}.`, {
      remedy: 'See dockerd.log there, and whether mounting is allowed.',
    });
  }
}
