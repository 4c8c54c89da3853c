/**
 * Images made without a registry, of this machine's own programs with the shared libraries that they need: the test
 * containers' one with the writers, and a base for the Dockerfile with node and npm. A name carries a digest of what is
 * inside, so that an image is imported once.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { EngineApi } from './engine-api.js';

const REPOSITORY = 'log-capturer-test';
const SCRIPTS = ['writer.mjs', 'lines.mjs', 'chatter.mjs'];
const NPM_FOLDER = '/usr/local/lib/node_modules/npm';

/** What runs a service that chatters from its n-th saying on in a container of the test image. */
export function chatterCommand(service: string, n: number, meanMs: number): string[] {
  return ['/bin/node', '/test/chatter.mjs', service, String(n), String(meanMs)];
}

/** What runs the writer in a container of the test image. */
export function writerCommand(spec: object): string[] {
  return ['/bin/node', '/test/writer.mjs', JSON.stringify(spec)];
}

/** Makes sure that the engine has the image and answers its name. */
export async function ensureImage(api: EngineApi, supportFolder: string): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  for (const script of SCRIPTS) hash.update(readFileSync(path.join(supportFolder, script)));
  return ensureTree(api, hash.digest('hex').slice(0, 12), {}, (root) => {
    addPrograms(root, { node: process.execPath, sh: '/bin/sh', sleep: '/bin/sleep' });
    for (const script of SCRIPTS) cpSync(path.join(supportFolder, script), path.join(root, 'test', script));
  });
}

/**
 * Makes sure that the engine has an image that stands for the official one of Node.js: node, npm and what shell commands of
 * the Dockerfile call. npm reaches its registry in it as it does on this machine, but for logins of the user. Answers its name.
 */
export async function ensureNodeImage(api: EngineApi): Promise<string> {
  const npm = path.resolve(realpathSync(which('npm')), '../..');
  const certificates = npmConfig('cafile') ?? process.env['NODE_EXTRA_CA_CERTS'];
  const registry = npmConfig('registry');
  const env = {
    ...(registry ? { npm_config_registry: registry } : {}),
    ...(certificates ? { npm_config_cafile: '/etc/ssl/certs/test.crt' } : {}),
  };
  const hash = createHash('sha256').update(`${process.version} ${npm} ${JSON.stringify(env)}`);
  return ensureTree(api, `node-${hash.digest('hex').slice(0, 12)}`, env, (root) => {
    const tools = ['sh', 'env', 'mkdir', 'chmod', 'mv', 'ln'].map((name) => [name, which(name)]);
    addPrograms(root, { node: process.execPath, ...Object.fromEntries(tools) });
    addLibraries(root, companionsOfLibc());
    cpSync(npm, path.join(root, NPM_FOLDER), { recursive: true });
    symlinkSync(`${NPM_FOLDER}/bin/npm-cli.js`, path.join(root, 'bin/npm'));
    mkdirSync(path.join(root, 'usr/bin'), { recursive: true });
    symlinkSync('/bin/env', path.join(root, 'usr/bin/env'));
    mkdirSync(path.join(root, 'tmp'));
    chmodSync(path.join(root, 'tmp'), 0o1777);
    mkdirSync(path.join(root, 'etc/ssl/certs'), { recursive: true });
    // Without it the C library asks DNS first, and believes what that says of localhost.
    writeFileSync(path.join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
    if (certificates) cpSync(certificates, path.join(root, 'etc/ssl/certs/test.crt'), { dereference: true });
  });
}

/** Imports what `fill` puts into a folder, unless the engine has it. */
async function ensureTree(
  api: EngineApi,
  tag: string,
  env: Readonly<Record<string, string>>,
  fill: (root: string) => void,
): Promise<string> {
  const image = `${REPOSITORY}:${tag}`;
  if ((await api.request('GET', `/images/${image}/json`)).status === 200) return image;
  const root = mkdtempSync(path.join(tmpdir(), 'lct-image-'));
  try {
    chmodSync(root, 0o755);
    fill(root);
    const query = new URLSearchParams({ fromSrc: '-', repo: REPOSITORY, tag });
    for (const [name, value] of Object.entries(env)) query.append('changes', `ENV ${name}=${value}`);
    const tar = spawn('tar', ['-c', '--owner=0', '--group=0', '-C', root, '.'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await api.call('POST', `/images/create?${query.toString()}`, tar.stdout);
    await api.call('GET', `/images/${image}/json`);
    return image;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Copies programs to `/bin` under the names given, and their shared libraries to where they are here. */
function addPrograms(root: string, programs: Readonly<Record<string, string>>): void {
  for (const [name, file] of Object.entries(programs)) {
    cpSync(realpathSync(file), path.join(root, 'bin', name));
    addLibraries(root, libraries(file));
  }
}

/** Copies them to where they are here. */
function addLibraries(root: string, files: readonly string[]): void {
  for (const file of files) {
    const copy = path.join(root, file);
    if (!existsSync(copy)) cpSync(file, copy, { dereference: true });
  }
}

/** The shared libraries of a program, its loader among them. */
function libraries(program: string): string[] {
  return execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
}

/** The parts of the C library that native modules of npm use and node itself does not. Musl has none. */
function companionsOfLibc(): string[] {
  const libc = libraries(process.execPath).find((file) => /\/libc\.so\.\d+$/.test(file));
  if (libc === undefined) return [];
  const folder = path.dirname(libc);
  return readdirSync(folder)
    .filter((name) => /^lib(rt|dl|m|pthread|util|resolv|nss_dns|nss_files)\.so\.\d+$/.test(name))
    .map((name) => path.join(folder, name));
}

function which(program: string): string {
  return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
}

function npmConfig(key: string): string | undefined {
  const value = execFileSync('npm', ['config', 'get', key], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  return value === '' || value === 'null' || value === 'undefined' ? undefined : value;
}
