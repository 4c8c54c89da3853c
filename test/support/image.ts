/**
 * The image of the test containers, made without a registry: this machine's node, sh and sleep with the shared
 * libraries they need, and the writer. Its name carries a digest of what is inside, so that it is imported once.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { EngineApi } from './engine-api.js';

const REPOSITORY = 'log-capturer-test';
const SCRIPTS = ['writer.mjs', 'lines.mjs'];

/** What runs the writer in a container of the test image. */
export function writerCommand(spec: object): string[] {
  return ['/bin/node', '/test/writer.mjs', JSON.stringify(spec)];
}

/** Makes sure that the engine has the image and answers its name. */
export async function ensureImage(api: EngineApi, supportFolder: string): Promise<string> {
  const programs: Record<string, string> = {
    '/bin/node': process.execPath,
    '/bin/sh': realpathSync('/bin/sh'),
    '/bin/sleep': realpathSync('/bin/sleep'),
  };
  const hash = createHash('sha256').update(process.version);
  for (const script of SCRIPTS) hash.update(readFileSync(path.join(supportFolder, script)));
  const tag = hash.digest('hex').slice(0, 12);
  const image = `${REPOSITORY}:${tag}`;
  if ((await api.request('GET', `/images/${image}/json`)).status === 200) return image;

  const tar = spawn('tar', ['-c', '-h', '-C', '/', ...tarArguments(programs, supportFolder)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await api.call('POST', `/images/create?fromSrc=-&repo=${REPOSITORY}&tag=${tag}`, tar.stdout);
  await api.call('GET', `/images/${image}/json`);
  return image;
}

/** What tar takes from this machine, and under which names. */
function tarArguments(programs: Readonly<Record<string, string>>, supportFolder: string): string[] {
  const renamed = new Map(Object.entries(programs).map(([to, from]) => [from, to]));
  for (const script of SCRIPTS) renamed.set(path.join(supportFolder, script), `/test/${script}`);
  const files = new Set([...renamed.keys(), ...Object.values(programs).flatMap(libraries)]);
  return [
    ...[...renamed].map(([from, to]) => `--transform=s,^${asPattern(from.slice(1))}$,${to.slice(1)},`),
    ...[...files].map((file) => file.slice(1)),
  ];
}

/** A pattern of tar's --transform that matches just this text. */
function asPattern(text: string): string {
  return text.replace(/[.*[\]^$\\,]/g, '\\$&');
}

/** The shared libraries of a program, its loader among them. */
function libraries(program: string): string[] {
  return execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
}
