/**
 * Ten configurations of Promtail, of the kinds that people have: what becomes of each stands beside it, `*.expected.yaml`, with what
 * could not be carried over at the top. `npx vitest run --project unit src/cli/convert -u` renews them; look at what changed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/load.js';
import { convertPromtail } from './promtail.js';

const FOLDER = path.join(import.meta.dirname, 'fixtures');
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.promtail.yaml'))
  .map((name) => name.replace('.promtail.yaml', ''));

function convertFixture(name: string): ReturnType<typeof convertPromtail> {
  return convertPromtail(readFileSync(path.join(FOLDER, `${name}.promtail.yaml`), 'utf8'), 'config.yml');
}

it('knows ten configurations', () => expect(names).toHaveLength(10));

describe.each(names)('%s', (name) => {
  const { yaml } = convertFixture(name);

  it('becomes what stands beside it', async () => {
    await expect(yaml).toMatchFileSnapshot(path.join(FOLDER, `${name}.expected.yaml`));
  });

  it('passes the check', () => {
    const env = { LOKI_PASSWORD: 'secret' };
    expect(() => loadConfig({ text: yaml, env, cwd: FOLDER })).not.toThrow();
  });
});

const loki = 'clients: [{ url: http://loki:3100/loki/api/v1/push }]';

it('applies stages to no streams but those of their scrape', () => {
  const scrape = (file: string, stages: string): string =>
    `  - static_configs: [{ labels: { job: app, __path__: ${file} } }]\n    pipeline_stages: ${stages}\n`;
  const { yaml, notes } = convertPromtail(
    `${loki}\nscrape_configs:\n${scrape('/a/*.log', '[drop: { expression: debug }]')}${scrape('/b/*.log', '[]')}`,
    'config.yml',
  );
  expect(loadConfig({ text: yaml, env: {}, cwd: FOLDER }).config.processors).toEqual([]);
  expect(notes).toMatchObject([{ kind: 'missing', path: 'scrape_configs[0]', line: 3 }]);
});

it('makes one source of several scrapes of an engine, which captures what each of them did', () => {
  const scrape = (name: string): string =>
    `  - docker_sd_configs: [{ host: "unix:///d.sock", filters: [{ name: name, values: [${name}] }] }]\n`;
  const { yaml, notes } = convertPromtail(
    `${loki}\nscrape_configs:\n${scrape('web')}${scrape('db')}`,
    'config.yml',
  );
  const { sources } = loadConfig({ text: yaml, env: {}, cwd: FOLDER }).config;
  expect(Object.values(sources)).toMatchObject([{ type: 'docker', endpoint: 'unix:///d.sock' }]);
  expect(sources['containers']).not.toHaveProperty('include');
  expect(notes.filter(({ kind }) => kind === 'missing')).toHaveLength(2);
});

it('takes a text for a text where it only looks like a variable', () => {
  const stages = `[drop: { expression: 'a\${2}' }, static_labels: { home: '\${HOME_NAME}' }]`;
  const { yaml } = convertPromtail(
    `${loki}\nscrape_configs:\n  - static_configs: [{ labels: { __path__: /a.log } }]\n    pipeline_stages: ${stages}\n`,
    'config.yml',
  );
  expect(loadConfig({ text: yaml, env: { HOME_NAME: 'here' }, cwd: FOLDER }).config.processors).toMatchObject(
    [
      { type: 'filter', drop: ['|~ "a${2}"'] },
      { type: 'labels', add: { home: 'here' } },
    ],
  );
});

it('leaves stages out where the label is dropped by which streams were known', () => {
  const { yaml, notes } = convertPromtail(
    `${loki}
scrape_configs:
  - docker_sd_configs: [{ host: "unix:///d.sock" }]
    relabel_configs: [{ action: labeldrop, regex: logstream }]
    pipeline_stages: [drop: { expression: debug }]
  - journal: {}
`,
    'config.yml',
  );
  expect(loadConfig({ text: yaml, env: {}, cwd: FOLDER }).config.processors).toMatchObject([
    { type: 'labels', match: '{logstream=~".+"}', drop: ['logstream'] },
  ]);
  expect(notes.filter(({ kind }) => kind === 'missing')).toMatchObject([{ path: 'scrape_configs[0]' }]);
});
