// Builds dist/: the modules with tsc, the program of them and of what it loads in few files, and the window (ui/), with vite. Bakes in which
// sources it was built from. With --if-stale: only when they changed.
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
await bundleProgram();
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

/**
 * The program in dist/src/program/, which dist/src/main.js becomes: two hundred modules less to find, read and link at each start
 * (docs/performance.md has the figures). One folder deep, like the modules that it is made of, because they look for
 * workers, pages and build-info.json beside themselves and in the folder above. Left outside: what is native, and what
 * starts workers of its own.
 */
async function bundleProgram() {
  const modules = path.join(root, 'dist/src');
  const main = path.join(modules, 'main.js');
  const { build } = await import('vite');
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['snappy', 'pino', 'pino-pretty', 'protobufjs', 'snappyjs'] },
    plugins: [leaveOut(['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler'])],
    build: {
      ssr: true,
      outDir: path.join(modules, 'program'),
      target: 'node20',
      minify: false,
      license: { fileName: 'licenses.md' },
      rolldownOptions: {
        input: {
          main,
          worker: path.join(modules, 'search/worker.js'),
          'check-worker': path.join(modules, 'config/check-worker.js'),
          'log-holder': path.join(modules, 'sources/docker/log-holder.js'),
        },
        output: { format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
        checks: { bundlerTimings: false },
      },
    },
  });
  writeFileSync(main, "#!/usr/bin/env node\nimport './program/main.js';\n");
}

/** Packages that are asked for and never used (src/server/server.ts): most of what would be parsed of the server at each start. */
function leaveOut(names) {
  const empty = '\0left out';
  return {
    name: 'leave out',
    enforce: 'pre',
    resolveId: (id) => (names.includes(id) ? empty : undefined),
    load: (id) => (id === empty ? 'export default undefined;' : undefined),
  };
}

/** From git; where there is none, as in the image, from BUILD_REVISION in the form of `git describe --always --dirty`. */
function revision() {
  const given = process.env.BUILD_REVISION;
  if (given) return { revision: given.replace(/-dirty$/, ''), dirty: given.endsWith('-dirty') };
  const dirty =
    (git('status', '--porcelain', '--', 'src', 'ui', 'package.json', 'package-lock.json') ?? '') !== '';
  return { revision: git('rev-parse', '--short=12', 'HEAD') ?? 'unknown', dirty };
}
