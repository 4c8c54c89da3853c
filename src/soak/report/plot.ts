/** One small plot over time as inline SVG, drawn with the colours of the page's style sheet. */

import { figure, type Unit } from '../../selftest/report/figures.js';
import { type Markup, markup } from '../../selftest/report/markup.js';
import { type Axis, timeAxis, valueAxis } from './axis.js';
import { decimated, type Point } from './series.js';

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
  /** What is expected or allowed is dashed. */
  readonly isDashed?: boolean;
}

/** A straight line through the judged part: the value at its two ends, and those of the steepest and flattest. */
export interface Trend {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly value: readonly [from: number, to: number];
  readonly low: readonly [from: number, to: number];
  readonly high: readonly [from: number, to: number];
  /** `+0.01 a minute (−0.02 … +0.04)`. */
  readonly text: string;
}

export interface Panel {
  readonly title: string;
  readonly unit: Unit;
  readonly lines: readonly Line[];
  readonly trend?: Trend | undefined;
}

/** What happened when, behind every plot: the stretches that are not judged, and events. */
export interface Course {
  readonly endSeconds: number;
  readonly bands: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  /** Texts of what happened close together. */
  readonly marks: readonly { readonly seconds: number; readonly texts: readonly string[] }[];
}

const WIDTH = 380;
const HEIGHT = 160;
const LEFT = 50;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 20;
const BASE = HEIGHT - BOTTOM;
/** Finer than a line is wide would be lost. */
const COLUMNS = (WIDTH - LEFT - RIGHT) / 2;

/** A tenth is as fine as an eye or a printer sees. */
const px = (n: number): string => String(Math.round(n * 10) / 10);

export function plot(panel: Panel, course: Course): Markup {
  const { lines, trend, unit } = panel;
  const times = timeAxis(course.endSeconds);
  const ends = trend ? [...trend.value] : [];
  const values = valueAxis(
    [...lines.flatMap(({ points }) => points.map(([, value]) => value)), ...ends],
    unit,
  );
  const x = scale(times, LEFT, WIDTH - RIGHT);
  const y = scale(values, BASE, TOP);
  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${panel.title}">
<use href="#bands"/>${grid(times, values, x, y)}
${lines.map((line, i) => path(line, i, course.endSeconds, x, y))}${trend && wedge(trend, x, y)}<use href="#marks"/>
</svg>`;
}

/** What stands behind and before all plots, once for the page: the texts of events may be long. */
export function background(course: Course): Markup {
  const x = scale(timeAxis(course.endSeconds), LEFT, WIDTH - RIGHT);
  return markup`<svg class="shared"><defs><g id="bands">${bands(course, x, TOP, BASE)}</g><g id="marks">${marks(course, x, TOP, BASE)}</g></defs></svg>`;
}

const STRIP_HEIGHT = 44;
/** Room that a letter takes. */
const LETTER = 6;

/** The phases by name and the events, over the whole width of the page. */
export function strip(course: Course, width: number): Markup {
  const times = timeAxis(course.endSeconds);
  const x = scale(times, 2, width - 2);
  const names = course.bands.map(({ name, from, to }) =>
    x(to) - x(from) < name.length * LETTER
      ? undefined
      : markup`<text class="phase" x="${px((x(from) + x(to)) / 2)}" y="17">${name}</text>`,
  );
  return markup`<svg class="strip" viewBox="0 0 ${width} ${STRIP_HEIGHT}" role="img" aria-label="Phases and events">
${bands(course, x, 2, 24, true)}${names}${marks(course, x, 2, 24)}${timeTicks(times, x, 39, width - 2)}
</svg>`;
}

type Scale = (value: number) => number;

function scale(axis: Axis, start: number, end: number): Scale {
  const factor = (end - start) / (axis.to - axis.from);
  return (value) => start + (value - axis.from) * factor;
}

function bands(course: Course, x: Scale, top: number, base: number, withRun = false): Markup[] {
  return course.bands
    .filter(({ name }) => withRun || name !== 'run')
    .map(
      ({ name, from, to }) =>
        markup`<rect class="band ${name}" x="${px(x(from))}" y="${top}" width="${px(x(to) - x(from))}" height="${base - top}"><title>${name}</title></rect>`,
    );
}

function grid(times: Axis, values: Axis, x: Scale, y: Scale): Markup {
  const rows = values.ticks.map(
    ({ at, text }) =>
      markup`<path class="grid" d="M${LEFT} ${px(y(at))}H${WIDTH - RIGHT}"/><text class="tick y" x="${LEFT - 6}" y="${px(y(at) + 3.5)}">${text}</text>`,
  );
  return markup`${rows}${timeTicks(times, x, HEIGHT - 5, WIDTH - RIGHT)}`;
}

function timeTicks(times: Axis, x: Scale, y: number, right: number): Markup[] {
  return times.ticks.map(({ at, text }) => {
    const place = Math.min(x(at), right - (text.length * LETTER) / 2);
    return markup`<text class="tick x" x="${px(place)}" y="${y}">${text}</text>`;
  });
}

function path({ points, isDashed }: Line, index: number, endSeconds: number, x: Scale, y: Scale): Markup {
  const drawn = decimated(points, endSeconds, COLUMNS);
  const kind = `line c${index % 8}${isDashed ? ' dashed' : ''}`;
  if (drawn.length === 1) {
    const [[seconds, value]] = drawn;
    return markup`<circle class="${kind}" cx="${px(x(seconds))}" cy="${px(y(value))}" r="1.5"/>`;
  }
  const corners = drawn.map(([seconds, value]) => `${px(x(seconds))} ${px(y(value))}`).join('L');
  return markup`<path class="${kind}" d="${corners === '' ? '' : `M${corners}`}"/>`;
}

function wedge(trend: Trend, x: Scale, y: Scale): Markup {
  const [from, to] = [px(x(trend.fromSeconds)), px(x(trend.toSeconds))];
  const area = ([start, end]: readonly [number, number]): string =>
    `${from} ${px(y(start))}L${to} ${px(y(end))}`;
  const [low, high] = [trend.low, trend.high];
  const frame = `${LEFT} ${TOP} ${WIDTH - LEFT - RIGHT} ${BASE - TOP}`;
  // In a picture of its own, which cuts off what an unsure slope sends beyond the axes.
  return markup`<svg x="${LEFT}" y="${TOP}" width="${WIDTH - LEFT - RIGHT}" height="${BASE - TOP}" viewBox="${frame}"><path class="wedge" d="M${area(low)}L${to} ${px(y(high[1]))}L${from} ${px(y(high[0]))}Z"/><path class="trend" d="M${area(trend.value)}"/></svg>`;
}

function marks(course: Course, x: Scale, top: number, base: number): Markup[] {
  return course.marks.map(({ seconds, texts }) => {
    const at = px(x(seconds));
    return markup`<g class="mark"><path d="M${at} ${top}V${base}"/><path class="reach" d="M${at} ${top}V${base}"/><title>${texts.join('\n')}</title></g>`;
  });
}

/** Of each line its name, if wanted, its middle figure and the range during the run (else the whole), and the last one. */
export function legend({ lines, unit }: Panel, course: Course, withNames: boolean): Markup {
  const run = course.bands.find(({ name }) => name === 'run');
  const items = lines.map(({ name, points, isDashed }, i) => {
    const label = markup`<i class="c${i % 8}${isDashed ? ' dashed' : ''}"></i>${name} `;
    const judged = points.filter(([at]) => !run || (at >= run.from && at < run.to));
    const told = judged.length === 0 ? 'not told' : middle(judged, unit);
    const last = points.at(-1);
    const end = withNames || !last ? undefined : `, last ${figure(last[1], unit)}`;
    return markup`<li>${withNames ? label : undefined}${told}${end}</li>`;
  });
  return markup`<ul class="legend">${items}</ul>`;
}

/** `50 (48 – 52)`: the median, because a slow start shall not move it, and all there was. */
function middle(points: readonly Point[], unit: Unit): Markup {
  const values = points.map(([, value]) => value).toSorted((a, b) => a - b);
  const [low, median, high] = [0, values.length >> 1, values.length - 1].map((i) => figure(values[i], unit));
  return markup`<b>${median}</b>${low === high ? undefined : ` (${low} – ${high})`}`;
}
