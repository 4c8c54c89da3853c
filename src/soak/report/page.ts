/**
 * A report as one page that needs nothing else: no script, no request, its plots drawn when it is written. Below 1 MB
 * whatever the run was: lines are thinned to what a plot can show, and texts and lists are cut.
 */
import type { Criterion } from '../../selftest/criteria.js';
import { clockTime, grouped, UNIT_SUFFIX } from '../../selftest/report/figures.js';
import { type Markup, markup } from '../../selftest/report/markup.js';
import { pageFrame } from '../../selftest/report/page-frame.js';
import { gravestFirst, inOneSentence, VERDICT_WORDS } from '../../selftest/report/verdicts.js';
import type { SoakReport } from '../types.js';
import { courseOf } from './course.js';
import { sections } from './panels.js';
import { background, type Course, legend, type Panel, plot, strip } from './plot.js';

const EVENTS_SHOWN = 100;
const TEXT_LENGTH = 400;
const STRIP_WIDTH = 1100;

/** `sampleCount`: how many were taken; the report may hold fewer. */
export function page(report: SoakReport, sampleCount: number): string {
  const course = courseOf(report.samples, report.events);
  const { passed, options, command } = report;
  return pageFrame(
    { passed, title: `Soak of ${options.containers} containers`, command: cut(command) },
    markup`${facts(report, course, sampleCount)}
${criteriaTable(report.criteria)}
<section>
<h2>Course</h2>
${background(course)}${strip(course, STRIP_WIDTH)}
${events(report.events)}
</section>
${sections(report.samples, report.options).map(({ title, panels }) =>
  panels.length === 0
    ? undefined
    : markup`<section><h2>${title}</h2><div class="plots">${panels.map((panel) => panelFigure(panel, course))}</div></section>`,
)}
<footer>Figures below a plot: the median and the range during the run. Shaded: not judged. Dashed: expected. Grey lines with a shadow: fitted slope with its 95 % confidence interval. Upright lines: events.</footer>`,
  );
}

function facts(report: SoakReport, course: Course, sampleCount: number): Markup {
  const { build, options } = report;
  const rows: readonly (readonly [string, string])[] = [
    ['Started', report.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')],
    ['Duration', `${clockTime(course.endSeconds)} in all, ${options.minutes} min asked for`],
    [
      'Build',
      `${build.version}, revision ${build.revision}${build.dirty ? ' with changes' : ''}, digest ${build.digest}`,
    ],
    ['Engine', report.engine],
    [
      'Machine',
      Object.entries(report.machine)
        .map(([name, value]) => `${name}: ${value}`)
        .join(', '),
    ],
    [
      'Run',
      `rotation every ${options.rotateEveryMs / 1000} s, at most ${options.maxStreams} streams, ${options.churn ? 'containers replaced' : 'the same containers'} throughout`,
    ],
    ['Samples', grouped(sampleCount)],
  ];
  return markup`<dl>${rows.map(([name, text]) => markup`<div><dt>${name}</dt><dd>${cut(text)}</dd></div>`)}</dl>`;
}

function criteriaTable(criteria: readonly Criterion[]): Markup | undefined {
  if (criteria.length === 0) return undefined;
  const rows = gravestFirst(criteria).map(
    ({ id, mark, measured, verdict }) =>
      markup`<tr class="${verdict}"><td><span class="badge ${verdict}">${VERDICT_WORDS[verdict]}</span></td><th scope="row">${cut(id)}</th><td>${cut(mark)}</td><td>${cut(measured)}</td></tr>`,
  );
  return markup`<section><h2>Criteria</h2><p>${sentence(inOneSentence(criteria))}</p>
<table><thead><tr><th>Verdict</th><th>Criterion</th><th>Mark</th><th>Measured</th></tr></thead><tbody>${rows}</tbody></table></section>`;
}

function events(all: SoakReport['events']): Markup | undefined {
  if (all.length === 0) return undefined;
  const left = all.length - EVENTS_SHOWN;
  const rows = all
    .slice(0, EVENTS_SHOWN)
    .map(({ seconds, text }) => markup`<li><time>${clockTime(seconds)}</time> ${cut(text)}</li>`);
  return markup`<details><summary>${grouped(all.length)} events</summary><ol>${rows}</ol>${left > 0 ? markup`<p>and ${left} more</p>` : undefined}</details>`;
}

function panelFigure(panel: Panel, course: Course): Markup {
  const unit = UNIT_SUFFIX[panel.unit];
  const names = panel.lines.length > 1 || panel.lines[0].name !== panel.title;
  return markup`<figure><figcaption><h3>${panel.title}${unit && markup`<small> ${unit}</small>`}</h3>${panel.trend && markup`<p class="slope">${panel.trend.text}</p>`}</figcaption>${plot(panel, course)}${legend(panel, course, names)}</figure>`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function cut(text: string): string {
  return text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}…` : text;
}
