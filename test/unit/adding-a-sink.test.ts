/** The sink of docs/adding-a-sink.md: taken out of the page, put into a copy of the sources, compiled to an agent, and made to deliver. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../../src/sinks/http/testing/stand-in.js';
import { projectRoot } from '../support/project.js';
import { scratch } from '../support/scratch.js';

const PAGE = readFileSync(path.join(projectRoot(), 'docs/adding-a-sink.md'), 'utf8');

/** The page's blocks of one language: the file that their first line names, and the rest. */
function blocks(language: string): [file: string, code: string][] {
  const found = [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n// (\\S+)\\n(.*?)^\`\`\`$`, 'gms'))];
  return found.map(([, file, code]) => [file, code]);
}

/** Lines with `-` go, those with `+` come, what stands beside them must be there, once. */
function patched(text: string, patch: string): string {
  const hunk = patch.split('\n').slice(0, -1);
  const wanted = hunk.filter((line) => !line.startsWith('+')).map((line) => `${line.slice(1)}\n`);
  const given = hunk.filter((line) => !line.startsWith('-')).map((line) => `${line.slice(1)}\n`);
  const parts = `\n${text}`.split(`\n${wanted.join('')}`);
  expect(parts, `where the page says: ${wanted.join('')}`).toHaveLength(2);
  return parts.join(`\n${given.join('')}`).slice(1);
}

/** The sources with what the page adds. */
function sourcesAfterReading(): string {
  const root = scratch('adding-a-sink');
  const isSource = (file: string): boolean => !/\.test\.ts$|\/testing(\/|$)/.test(file);
  cpSync(path.join(projectRoot(), 'src'), path.join(root, 'src'), { recursive: true, filter: isSource });
  symlinkSync(path.join(projectRoot(), 'node_modules'), path.join(root, 'node_modules'));
  for (const file of ['tsconfig.json', 'package.json'])
    cpSync(path.join(projectRoot(), file), path.join(root, file));
  for (const [file, code] of blocks('ts')) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), code);
  }
  for (const [file, patch] of blocks('diff')) {
    const target = path.join(root, file);
    writeFileSync(target, patched(readFileSync(target, 'utf8'), patch));
  }
  return root;
}

/** Compiling all of it takes a while on a busy machine. */
const PATIENCE_MS = 180_000;
const LINES = 500;

test('it compiles, is configured like any other, and delivers every line once, in order', {
  timeout: PATIENCE_MS,
}, async () => {
  expect([blocks('ts').length, blocks('diff').length]).toEqual([2, 6]);
  const root = sourcesAfterReading();
  const settings = { extends: './tsconfig.json', include: ['src/main.ts', 'src/**/*.d.ts'] };
  writeFileSync(path.join(root, 'tsconfig.agent.json'), JSON.stringify(settings));
  const compiler = path.join(root, 'node_modules/.bin/tsc');
  const compiled = spawnSync(compiler, ['-p', 'tsconfig.agent.json'], { cwd: root, encoding: 'utf8' });
  expect([compiled.stdout, compiled.status]).toEqual(['', 0]);

  const stored: { line: string; container: string; stream: string; time: string }[] = [];
  const server = await startServer(({ path, headers, body }) => {
    if (path !== '/insert/jsonline?_stream_fields=container,stream&_time_field=time&_msg_field=line')
      return { status: 404 };
    if (headers['content-type'] !== 'application/stream+json') return { status: 400 };
    const rows = body.toString().split('\n').slice(0, -1);
    stored.push(...rows.map((row) => JSON.parse(row) as (typeof stored)[number]));
    return { status: 200 };
  });
  onTestFinished(server.close);
  server.troubles.push('429', '500', 'cut');
  const config = {
    data_dir: 'data',
    server: { port: 0 },
    metrics: { port: 0 },
    sources: { stdin: { container: 'web' } },
    sinks: { victorialogs: { url: server.url, batch_wait: 0 } },
  };
  writeFileSync(path.join(root, 'c.yaml'), JSON.stringify(config));
  const agent = spawn(process.execPath, ['dist/src/main.js', 'run', '--config', 'c.yaml'], {
    cwd: root,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  onTestFinished(() => void agent.kill('SIGKILL'));
  let log = '';
  agent.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const texts = Array.from({ length: LINES }, (_, i) => `line ${i}`);
  // It ends when all of its input is delivered.
  agent.stdin.end(`${texts.join('\n')}\n`);
  expect(await once(agent, 'exit'), log).toEqual([0, null]);
  expect(stored.map(({ line }) => line)).toEqual(texts);
  expect(stored[0]).toMatchObject({ container: 'web', stream: 'stdout' });
  expect(Math.abs(Date.parse(stored[0].time) - Date.now())).toBeLessThan(PATIENCE_MS);
  expect(server.asked.length).toBeGreaterThan(3);
});
