/** The sink of docs/adding-a-sink.md: taken out of the page, put into a copy of the sources, compiled, and made to deliver. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type * as Components from '../../src/components.js';
import type * as Load from '../../src/config/load.js';
import type * as DeliveryModule from '../../src/delivery/delivery.js';
import { FakeJournal } from '../../src/delivery/testing/fake-journal.js';
import type { Sink } from '../../src/pipeline/contract.js';
import { silentLogger } from '../../src/runtime/log.js';
import { Scope } from '../../src/runtime/scope.js';
import { startServer } from '../../src/sinks/http/testing/stand-in.js';
import { Health } from '../../src/telemetry/health.js';
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

test('it compiles, is configured like any other, and delivers every line once, in order', async () => {
  expect([blocks('ts').length, blocks('diff').length]).toEqual([2, 6]);
  const root = sourcesAfterReading();
  writeFileSync(
    path.join(root, 'tsconfig.one.json'),
    JSON.stringify({
      extends: './tsconfig.json',
      include: ['src/components.ts', 'src/config/load.ts', 'src/sinks/victorialogs'],
    }),
  );
  const compiled = spawnSync(
    path.join(root, 'node_modules/.bin/tsc'),
    ['-p', 'tsconfig.one.json', '--noEmit'],
    { cwd: root, encoding: 'utf8' },
  );
  expect(compiled.stdout).toBe('');
  expect(compiled.status).toBe(0);

  const load = async <T>(file: string): Promise<T> =>
    (await import(pathToFileURL(path.join(root, 'src', file)).href)) as T;
  const { loadConfig } = await load<typeof Load>('config/load.ts');
  const { createSink } = await load<typeof Components>('components.ts');
  const { Delivery } = await load<typeof DeliveryModule>('delivery/delivery.ts');

  const stored: { line: string; container: string; time: string }[] = [];
  const server = await startServer(({ path, headers, body }) => {
    if (path !== '/insert/jsonline?_stream_fields=container,stream&_time_field=time&_msg_field=line')
      return { status: 404 };
    if (headers['content-type'] !== 'application/stream+json') return { status: 400 };
    const rows = body.toString().split('\n').slice(0, -1);
    stored.push(...rows.map((row) => JSON.parse(row) as (typeof stored)[number]));
    return { status: 200 };
  });
  server.troubles.push('429', '500', 'cut');

  writeFileSync(
    path.join(root, 'c.yaml'),
    `sinks: { victorialogs: { url: "${server.url}", batch_wait: 0 } }`,
  );
  const { config } = loadConfig({ cwd: root, env: {}, file: 'c.yaml' });
  const sink: Sink = await createSink('victorialogs', config.sinks['victorialogs'], {
    log: silentLogger,
    health: new Health(),
  });
  const failures: unknown[] = [];
  const scope = Scope.root('test', (error) => failures.push(error));
  const journal = new FakeJournal();
  const delivery = new Delivery({ journal, sink, log: silentLogger, health: new Health() });
  void scope.run('delivery', () => delivery.run(scope));
  const texts = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  for (const text of texts) journal.commitLines(0, [{ labels: { container: 'web' }, text, seconds: 1 }]);
  while (delivery.stats.linesDelivered < texts.length && failures.length === 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
  await scope.close();
  await server.close();
  expect(failures).toEqual([]);
  expect(stored.map(({ line }) => line)).toEqual(texts);
  expect(server.asked.length).toBeGreaterThan(3);
  expect(stored[0]).toEqual({ container: 'web', line: 'line 0', time: '1970-01-01T00:00:01.000000000Z' });
});
