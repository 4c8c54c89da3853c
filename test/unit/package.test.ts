/**
 * The package as people get it: packed, installed by npm into a folder of its own, and run by a user who may read it and nothing
 * else. What is in it is all that it needs: every import leads to a file of it, or to a dependency that it names.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { publint } from 'publint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot } from '../support/project.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly type: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const NOBODY = 65_534;
/** npm is slow to start where other tests run. */
const HOOK_MS = 60_000;
let folder: string;
/** Where the tarball was unpacked. */
let contents: string;
let tarball: string;
let manifest: Manifest;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-package-'));
  chmodSync(folder, 0o755);
  npm('pack', '--ignore-scripts', '--pack-destination', folder);
  const [name] = readdirSync(folder);
  tarball = path.join(folder, name);
  execFileSync('tar', ['-xzf', tarball, '-C', folder]);
  contents = path.join(folder, 'package');
  manifest = JSON.parse(readFileSync(path.join(contents, 'package.json'), 'utf8')) as Manifest;
}, HOOK_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function npm(...args: readonly string[]): void {
  execFileSync('npm', args, { cwd: projectRoot(), stdio: ['ignore', 'ignore', 'pipe'] });
}

function filesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

test('publint has nothing to say of it', async () => {
  const { messages } = await publint({ pkgDir: contents, pack: false });
  expect(messages).toEqual([]);
});

test('it has the program, its documents and its license, and no tests, sources or results', () => {
  const files = filesIn(contents);
  const strays = files.filter(
    (file) => !/^(?:dist\/src\/|docs\/|(?:README|CHANGELOG)\.md$|LICENSE$|package\.json$)/.test(file),
  );
  expect(strays).toEqual([]);
  expect(
    files.filter((file) => /\.(?:ts|map)$|\.test\.|\/fixtures\/|\/testing\/|^docs\/results\//.test(file)),
  ).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining(['LICENSE', 'CHANGELOG.md', 'README.md', 'dist/src/build-info.json']),
  );
  const { license, type, bin } = manifest;
  expect({ license, type, bin }).toEqual({
    license: 'Apache-2.0',
    type: 'module',
    bin: { 'log-capturer': 'dist/src/main.js' },
  });
  expect(readFileSync(path.join(contents, 'dist/src/main.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test('every import leads to a file of it, or to a dependency that it names', () => {
  const known = [...Object.keys(manifest.dependencies), ...builtinModules];
  const scripts = filesIn(contents).filter(
    (file) => file.endsWith('.js') && !/^dist\/src\/(?:ui|program)\//.test(file),
  );
  expect(scripts.length).toBeGreaterThan(200);
  const broken = scripts.flatMap((script) => {
    const text = readFileSync(path.join(contents, script), 'utf8');
    const imports = text.matchAll(
      /^(?:import|export)\b[^'";]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm,
    );
    return [...imports]
      .map(([, from, plain, later]) => from ?? plain ?? later)
      .filter((name) => {
        if (name.startsWith('.')) return !existsSync(path.join(contents, path.dirname(script), name));
        const module = name.startsWith('node:') ? name.slice(5) : name;
        return !known.some((one) => module === one || module.startsWith(`${one}/`));
      })
      .map((name) => `${script}: ${name}`);
  });
  expect(broken).toEqual([]);
});

test('npm installs it for everybody, and it runs as a user who has no rights', () => {
  const prefix = path.join(folder, 'prefix');
  npm(
    'install',
    '--global',
    '--prefix',
    prefix,
    '--prefer-offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    tarball,
  );
  const own = path.join(folder, 'own');
  mkdirSync(own, { mode: 0o777 });
  execFileSync('chmod', ['-R', 'a+rX', prefix]);
  const run = (...args: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(path.join(prefix, 'bin/log-capturer'), args, {
      cwd: own,
      encoding: 'utf8',
      env: { PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`, HOME: own },
      ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
    });
  expect(run('--version')).toMatchObject({ status: 0, stdout: `${manifest.version}\n` });
  const check = run('check', '--offline');
  expect(check.stderr).toContain('OK: no configuration file, all defaults');
  expect(check).toMatchObject({ status: 0, stdout: expect.stringContaining('type: docker') });
  expect(run('version', '--json').stdout).toContain(manifest.version);
});
