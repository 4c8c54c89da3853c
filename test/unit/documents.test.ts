/** What the documents list must be what the program has. `npx vitest run --project unit test/unit/documents.test.ts -u` renews docs/metrics.md. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { GAP_REASONS } from '../../src/pipeline/gaps.js';
import { ERROR_CODES } from '../../src/runtime/errors.js';
import { Scope } from '../../src/runtime/scope.js';
import { QUESTIONS } from '../../src/soak/judge/index.js';
import { createMetrics } from '../../src/telemetry/metrics/metrics.js';
import type { MetricsView } from '../../src/telemetry/metrics/view.js';
import { projectRoot } from '../support/project.js';

const document = (name: string): string => path.join(projectRoot(), name);
const textOf = (name: string): string => readFileSync(document(name), 'utf8');

test('docs/errors.md explains every code, and no other', () => {
  const rows = [...textOf('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \| (.+) \| (.+) \| (.+) \|$/gm)];
  expect(rows.map(([, code]) => code).sort()).toEqual([...ERROR_CODES].sort());
});

test('docs/errors.md explains every reason of gaps, and no other', () => {
  const [, table] = /\n## Reasons of gaps\n(.*?)\n## /s.exec(textOf('docs/errors.md')) ?? [];
  const rows = [...table.matchAll(/^\| `([a-z_]+)` \| (.+) \| (.+) \|$/gm)];
  expect(rows.map(([, reason]) => reason)).toEqual([...GAP_REASONS]);
});

test('docs/soak.md explains every criterion, and no other', () => {
  const [, table] = /\n## The criteria\n(.*?)\n## /s.exec(textOf('docs/soak.md')) ?? [];
  const told = [...table.matchAll(/^\| (`.+?`) \|/gm)].flatMap(([, names]) => names.split(', '));
  const ids = told.map((name) => name.replaceAll('`', '').replace(/\.<kind>$/, ''));
  // The first is not the judge's: whether it ran for as long as was asked for.
  expect(ids.sort()).toEqual(['course', ...QUESTIONS.map(({ id }) => id)].sort());
});

const METRICS_HEAD = `# Metrics

Of an agent, in Prometheus' text form, at \`/metrics\` of its server and of the port of the section \`metrics\`. Made from the program itself.

- \`container="_retired"\` has what ended containers had counted, \`container="_other"\` those beyond the first 1,000: [decision 13](decisions/0013-metrics-are-pulled.md).
- \`log_capturer_custom_…\` are made of lines: [processor metrics](processors/metrics.md).
- Two are 0, or something is wrong: \`log_capturer_unaccounted_lines\` (a line was lost count of) and \`log_capturer_unowned_resources\` (something leaks).
- Above 0 somebody should look: \`log_capturer_stalled_containers\`, and any increase of \`log_capturer_stream_gaps_total\`, \`log_capturer_lines_dropped_total\` and \`log_capturer_lines_rejected_total\`.

| metric | type | labels | what it is |
|---|---|---|---|
`;

// Elsewhere some of the process's own are not there.
test.runIf(process.platform === 'linux')('docs/metrics.md is current', async () => {
  const scope = Scope.root('documents', (error) => {
    throw error;
  });
  const build = { version: '', revision: '', digest: '', dirty: false };
  const { families } = createMetrics(scope, { build } as MetricsView);
  await scope.close();
  const rows = families.map(({ name, type, labelNames, help }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labels} | ${help} |\n`;
  });
  expect(rows.length).toBeGreaterThan(30);
  await expect(METRICS_HEAD + rows.join('')).toMatchFileSnapshot(document('docs/metrics.md'));
});

test('links between documents lead somewhere', () => {
  const pages = ['README.md', ...pagesIn('docs'), ...pagesIn('deploy')];
  expect(pages.length).toBeGreaterThan(20);
  const broken = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)]
      .map(([, link]) => link)
      .filter((link) => !existsSync(path.join(path.dirname(document(page)), link)))
      .map((link) => `${page}: ${link}`),
  );
  expect(broken).toEqual([]);
});

function pagesIn(folder: string): string[] {
  const names = readdirSync(document(folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.md')).map((name) => path.join(folder, name));
}
