/** Debian's packages: installed, or unpacked below a folder, where nothing of them starts and nothing stays. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Files of tests run side by side, and apt refuses who comes while another one uses its lists. */
const LOCK = path.join(tmpdir(), 'log-capturer-test-packages.lock');

/** Why there are none to be had here; undefined where they can be had. */
export function whyNoPackages(): string | undefined {
  if (process.getuid?.() !== 0) return 'fetching packages of Debian needs root';
  if (spawnSync('sh', ['-c', 'command -v apt-get']).status !== 0) return 'there is no apt-get';
  return undefined;
}

export interface UnpackedPackages {
  /** The folder that stands for `/`. */
  readonly root: string;
  /** What lets their programs find their libraries. */
  readonly env: { readonly LD_LIBRARY_PATH: string };
}

/** Fetches packages and what they depend on and is not installed, and unpacks them below `folder`. */
export function unpackPackages(names: readonly string[], folder: string): UnpackedPackages {
  const archives = path.join(folder, 'archives');
  const root = path.join(folder, 'root');
  mkdirSync(path.join(archives, 'partial'), { recursive: true });
  mkdirSync(root);
  const fetchAll = ['install', '--reinstall', '--download-only', '-y', '--no-install-recommends', ...names];
  const options = ['-q', '-o', `Dir::Cache::archives=${archives}`, '-o', 'Debug::NoLocking=1'];
  const fetched = spawnSync('apt-get', [...options, ...fetchAll]);
  // The lists may be old, or not there at all.
  if (fetched.status !== 0) {
    inTurn('apt-get', ['-q', 'update']);
    must('apt-get', [...options, ...fetchAll]);
  }
  for (const name of readdirSync(archives).filter((entry) => entry.endsWith('.deb'))) {
    must('dpkg', ['-x', path.join(archives, name), root]);
  }
  const libraries = ['lib', 'usr/lib'].flatMap((part) => {
    const parent = path.join(root, part);
    const folders = existsSync(parent) ? readdirSync(parent) : [];
    return folders.filter((name) => name.includes('-linux-')).map((name) => path.join(parent, name));
  });
  return { root, env: { LD_LIBRARY_PATH: libraries.join(':') } };
}

/** Installs them, as root, with nothing that they only recommend. */
export function installPackages(names: readonly string[]): void {
  inTurn('apt-get', ['-q', 'update']);
  inTurn('apt-get', ['-q', 'install', '-y', '--no-install-recommends', ...names]);
}

function inTurn(program: string, args: readonly string[]): void {
  must('flock', [LOCK, program, ...args]);
}

function must(program: string, args: readonly string[]): void {
  const run = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (run.status !== 0)
    throw new Error(`${program} ${args.join(' ')} failed: ${run.error?.message ?? run.stderr.slice(-2_000)}`);
}
