/**
 * What a torture leaves in its directory, renewed after every seed:
 *
 *   torture-<start>.json   the TortureReport
 *   torture-<start>.html   the same for people; no script, nothing loaded from elsewhere
 *   seed-<n>/agent.log     the agent's own log; of a seed that failed also what it had on its disk
 */
import path from 'node:path';
import type { Criterion } from '../selftest/criteria.js';
import { hasPassed } from '../selftest/criteria.js';
import { clockTime, grouped } from '../selftest/report/figures.js';
import { replaceFile } from '../selftest/report/folder.js';
import { type Markup, markup } from '../selftest/report/markup.js';
import { pageFrame } from '../selftest/report/page-frame.js';
import { gravestFirst, VERDICT_WORDS } from '../selftest/report/verdicts.js';
import type { BuildInfo } from '../telemetry/build-info.js';
import { FIGURES, figuresOf, killsInTheMidst, notTheAgents } from './criteria.js';
import { inWords } from './plan.js';
import type { RoundResult } from './result.js';

export interface SeedReport {
  readonly seed: number;
  readonly passed: boolean;
  readonly criteria: readonly Criterion[];
  /** What is missing and is not the agent's fault. */
  readonly apart: readonly string[];
  readonly plan: readonly string[];
  readonly result: RoundResult;
}

export interface TortureReport {
  readonly command: string;
  readonly startedAt: string;
  readonly build: BuildInfo;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly engine: string;
  /** What this machine does not allow, one sentence each. */
  readonly leftOut: readonly string[];
  /** Undefined while it runs. */
  passed: boolean | undefined;
  /** Why it ended early. */
  cutShort: string | undefined;
  readonly seeds: SeedReport[];
}

export function seedReport(result: RoundResult, criteria: readonly Criterion[]): SeedReport {
  return {
    seed: result.plan.seed,
    passed: hasPassed(criteria),
    criteria,
    apart: notTheAgents(result),
    plan: inWords(result.plan),
    result,
  };
}

/** Answers the page's file. */
export function writeReport(directory: string, report: TortureReport): string {
  const file = path.join(directory, `torture-${report.startedAt.replaceAll(/[^0-9TZ-]/g, '')}`);
  replaceFile(`${file}.json`, `${JSON.stringify(report)}\n`);
  replaceFile(`${file}.html`, page(report));
  return `${file}.html`;
}

/** One row of the table at the end: `seed 3`, lines, kills, and the figures. */
export function rowOf(name: string, results: readonly RoundResult[]): string[] {
  const sum = (of: (result: RoundResult) => number): string =>
    grouped(results.reduce((all, one) => all + of(one), 0));
  return [
    name,
    sum(({ files }) => files.written),
    sum(({ witnessed }) => witnessed.find(({ fault }) => fault === 'kill')?.happened ?? 0),
    sum(killsInTheMidst),
    ...FIGURES.map((figure) => sum((result) => figuresOf(result)[figure])),
  ];
}

export const COLUMNS = ['', 'lines', 'kills', 'in the midst', ...FIGURES];

function page(report: TortureReport): string {
  const { build, machine, engine, seeds } = report;
  const rows: readonly (readonly [string, string])[] = [
    ['Started', report.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')],
    [
      'Build',
      `${build.version}, revision ${build.revision}${build.dirty ? ' with changes' : ''}, digest ${build.digest}`,
    ],
    ['Engine', engine],
    [
      'Machine',
      Object.entries(machine)
        .map(([name, value]) => `${name}: ${value}`)
        .join(', '),
    ],
  ];
  const results = seeds.map(({ result }) => result);
  const table = [
    ...seeds.map(({ seed, result }) => rowOf(`seed ${seed}`, [result])),
    rowOf('in all', results),
  ];
  return pageFrame(
    { passed: report.passed, title: 'Torture', command: report.command },
    markup`<dl>${rows.map(([name, text]) => markup`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>
${report.cutShort === undefined ? undefined : markup`<p>${report.cutShort}</p>`}
${report.leftOut.length === 0 ? undefined : markup`<section><h2>Left out</h2><ul>${report.leftOut.map((text) => markup`<li>${text}</li>`)}</ul></section>`}
<section><h2>Found</h2>
<table><thead><tr>${COLUMNS.map((name) => markup`<th>${name}</th>`)}</tr></thead>
<tbody>${table.map(([name, ...cells]) => markup`<tr><th scope="row">${name}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`)}</tbody></table></section>
${seeds.map(seedSection)}`,
  );
}

function seedSection({ seed, criteria, apart, plan, result }: SeedReport): Markup {
  const rows = gravestFirst(criteria).map(
    ({ id, mark, measured, verdict }) =>
      markup`<tr class="${verdict}"><td><span class="badge ${verdict}">${VERDICT_WORDS[verdict]}</span></td><th scope="row">${id}</th><td>${mark}</td><td>${measured}</td></tr>`,
  );
  const faults = result.witnessed.map(
    ({ fault, planned, happened }) =>
      markup`<tr><th scope="row">${fault}</th><td>${planned}</td><td>${happened}</td></tr>`,
  );
  return markup`<section><h2>${`Seed ${seed}, ${clockTime(result.seconds)}`}</h2>
<table><thead><tr><th>Verdict</th><th>Criterion</th><th>Mark</th><th>Measured</th></tr></thead><tbody>${rows}</tbody></table>
${apart.length === 0 ? undefined : markup`<p>${`Not the agent's: ${apart.join('; ')}.`}</p>`}
<details><summary>Faults</summary><table><thead><tr><th>Fault</th><th>Planned</th><th>Happened</th></tr></thead><tbody>${faults}</tbody></table></details>
<details><summary>Plan</summary><ol>${plan.map((line) => markup`<li>${line}</li>`)}</ol></details></section>`;
}
