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
