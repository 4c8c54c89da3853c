// Builds dist/: the program with tsc, the window (ui/) with vite. Bakes in which sources it was built from. With --if-stale: only when they changed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { sourceDigest } from './digest.mjs';

const root = path.resolve(import.meta.dirname, '..');
const infoFile = path.join(root, 'dist/src/build-info.json');
const digest = sourceDigest(root);

function builtDigest() {
  return existsSync(infoFile) ? JSON.parse(readFileSync(infoFile, 'utf8')).digest : undefined;
}

function git(...args) {
  const run = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim() : undefined;
}

if (process.argv.includes('--if-stale') && builtDigest() === digest) process.exit(0);

rmSync(path.join(root, 'dist'), { recursive: true, force: true });
const tsc = path.join(root, 'node_modules/.bin/tsc');
execFileSync(tsc, ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
mkdirSync(path.dirname(infoFile), { recursive: true });
await buildWindow();
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
writeFileSync(infoFile, `${JSON.stringify({ version, ...revision(), digest })}\n`);

/** Pages into dist/src/ui/, each file also compressed, as the server sends it. */
async function buildWindow() {
  const { build } = await import('vite');
  await build({ configFile: path.join(root, 'ui/vite.config.ts'), logLevel: 'warn' });
  const pages = path.join(root, 'dist/src/ui');
  for (const entry of readdirSync(pages, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.md')) continue;
    const file = path.join(entry.parentPath, entry.name);
    const content = readFileSync(file);
    writeFileSync(`${file}.br`, brotliCompressSync(content));
    writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  }
}

/** From git; where there is none, as in the image, from BUILD_REVISION in the form of `git describe --always --dirty`. */
function revision() {
  const given = process.env.BUILD_REVISION;
  if (given) return { revision: given.replace(/-dirty$/, ''), dirty: given.endsWith('-dirty') };
  const dirty =
    (git('status', '--porcelain', '--', 'src', 'ui', 'package.json', 'package-lock.json') ?? '') !== '';
  return { revision: git('rev-parse', '--short=12', 'HEAD') ?? 'unknown', dirty };
}
