/** docs/results/README.md says what the reports beside it say. `npx vitest run --project unit test/unit/results.test.ts -u` renews it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../support/project.js';

/** Of a self-test. Others have figures and no verdict. */
interface Report {
  readonly command?: string;
  readonly passed?: boolean;
  readonly build?: { readonly revision: string } | string;
  readonly machine?: { readonly cpu?: string; readonly cores?: number } | string;
  readonly criteria?: readonly Criterion[];
  readonly seeds?: readonly { readonly criteria: readonly Criterion[] }[];
}

interface Criterion {
  readonly verdict: string;
}

const FOLDER = path.join(projectRoot(), 'docs/results');
const HEAD = `# Latest results

Made from the reports in this folder. What is promised, and what these runs cannot see: [guarantees](../guarantees.md). Figures of speed and memory: [performance](../performance.md). \`short\`: the run was too short to judge that criterion.

`;

test('docs/results/README.md is current', async () => {
  const reports = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => ({ name, report: JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8')) as Report }));
  const judged = reports.filter(({ report }) => report.passed !== undefined);
  const figures = reports.filter(({ report }) => report.passed === undefined);
  expect(judged.length).toBeGreaterThan(3);
  const text = [
    HEAD,
    '## Runs with a verdict\n\n| day | command | verdict | criteria | build | machine | report |\n|---|---|---|---|---|---|---|\n',
    ...judged.map(({ name, report }) => judgedRow(name, report)),
    '\n## Measurements\n\n| day | what | build |\n|---|---|---|\n',
    ...figures.map(
      ({ name, report }) => `| ${dayOf(name)} | [${titleOf(name)}](${name}) | ${buildOf(report)} |\n`,
    ),
  ].join('');
  await expect(text).toMatchFileSnapshot(path.join(FOLDER, 'README.md'));
});

function judgedRow(name: string, report: Report): string {
  const criteria = [...(report.criteria ?? []), ...(report.seeds ?? []).flatMap((seed) => seed.criteria)];
  const counts = new Map<string, number>();
  for (const { verdict } of criteria) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const verdicts = [...counts]
    .map(([verdict, count]) => `${count} ${verdict}`)
    .sort()
    .reverse()
    .join(', ');
  const page = name.replace(/json$/, 'html');
  const links = [existsSync(path.join(FOLDER, page)) ? `[page](${page})` : '', `[figures](${name})`];
  const cells = [
    dayOf(name),
    `\`${report.command ?? titleOf(name)}\``,
    report.passed ? 'passed' : '**failed**',
    verdicts,
    buildOf(report),
    machineOf(report),
    links.filter((link) => link !== '').join(', '),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

function dayOf(name: string): string {
  return name.slice(0, 10);
}

function titleOf(name: string): string {
  return name
    .slice(11)
    .replace(/\.json$/, '')
    .replaceAll('-', ' ');
}

function buildOf({ build }: Report): string {
  return build === undefined ? '–' : `\`${typeof build === 'string' ? build : build.revision}\``;
}

function machineOf({ machine }: Report): string {
  if (machine === undefined) return '–';
  return typeof machine === 'string' ? machine : `${machine.cpu}, ${machine.cores} cores`;
}
