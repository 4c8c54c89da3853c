/** One row as elements. Made by hand, not by a component: a busy list makes thousands of them a second. */
import { readAnsi } from '../lib/ansi.js';
import { count } from '../lib/format.js';
import { hueOf } from '../lib/hue.js';
import { clockText, dayText, type Zone } from '../lib/time.js';
import { marksIn, type Term } from '../query/terms.js';
import type { Line } from './line.js';
import type { Row } from './line-store.js';
import { segmentsOf } from './segments.js';

export interface RowLook {
  readonly terms: readonly Term[];
  readonly zone: Zone;
  /** Whether the day is shown beside the time. */
  readonly showsDay: boolean;
  /** The time of the line that the page is about. */
  readonly marked: string | undefined;
}

/** What is shown of a line until its details are. */
const SHOWN_CHARS = 800;
/** Of one that a processor joined of several. */
const SHOWN_LINES = 12;
/** Rows with no more than that going on them are always unfolded. */
const SMALL_FOLD = 2;
const SHOWN_FOLD = 500;
const CONCLUSION_CHARS = 200;
const LETTERS: Readonly<Record<string, string>> = {
  critical: 'C',
  error: 'E',
  warn: 'W',
  info: 'I',
  debug: 'D',
  trace: 'T',
};

export function rowElement(row: Row, look: RowLook): HTMLElement {
  if (row.break) return breakElement(row.break.words, row.break.href);
  const { line } = row;
  if (!line) return breakElement('');
  return line.gap === undefined ? lineElement(row, line, look) : gapElement(line, look);
}

/** Lines of what goes on a row that are shown in it. */
export function shownRest({ rest, isUnfolded }: Row): readonly Line[] {
  return isUnfolded || rest.length <= SMALL_FOLD ? rest.slice(0, SHOWN_FOLD) : [];
}

function lineElement(row: Row, line: Line, look: RowLook): HTMLElement {
  const level = levelOf(row, line);
  const root = element('div', `row level-${level}`);
  root.dataset['row'] = 'line';
  root.dataset['time'] = line.time;
  root.dataset['container'] = line.container;
  root.dataset['stream'] = line.stream;
  const letter = element('span', 'row-level', LETTERS[level] ?? '');
  letter.title = level;
  const name = element('span', `row-name hue-${hueOf(line.container)}`, line.container);
  name.title = line.container;
  const stream = element('span', 'row-stream', line.stream === 'stderr' ? 'err' : '');
  if (line.stream === 'stderr') stream.title = 'written to stderr';
  const body = element('div', 'row-body');
  const isFolded = row.rest.length > SMALL_FOLD && !row.isUnfolded;
  body.append(textElement(line, look, isFolded ? 'row-text row-head' : 'row-text', row.isExpanded));
  for (const one of shownRest(row)) body.append(textElement(one, look, 'row-text row-rest', row.isExpanded));
  if (row.rest.length > SMALL_FOLD) body.append(foldElement(row), ...(isFolded ? conclusionOf(row) : []));
  root.append(letter, timeElement(line, look), name, stream, body);
  if (look.marked !== undefined && [line, ...row.rest].some(({ time }) => time === look.marked)) {
    root.classList.add('is-marked');
    root.setAttribute('aria-current', 'true');
  }
  return root;
}

function textElement(line: Line, { terms }: RowLook, className: string, isWhole: boolean): HTMLElement {
  const { text, runs } = readAnsi(line.line);
  const shown = isWhole ? text : shownPart(text);
  const root = element('div', className);
  root.dataset['part'] = 'text';
  for (const segment of segmentsOf(shown, runs, terms.length > 0 ? marksIn(shown, terms) : [])) {
    if (segment.isMarked) root.append(element('mark', segment.classes, segment.text));
    else if (segment.classes !== '') root.append(element('span', segment.classes, segment.text));
    else root.append(segment.text);
  }
  const left = text.length - shown.length;
  if (left === 0 && line.cut === undefined) return root;
  const more = line.cut === undefined ? `${count(left)} characters more` : moreThanThat(left, line.cut);
  const wrapper = element('div', 'row-cut');
  wrapper.append(root, element('span', 'row-more', `… ${more}`));
  return wrapper;
}

function moreThanThat(chars: number, bytes: number): string {
  return chars === 0
    ? `${count(bytes)} bytes more`
    : `${count(chars)} characters and ${count(bytes)} bytes more`;
}

/** As much of a line's text as a row has of it until its details are shown. */
export function shownPart(text: string): string {
  const shown = cutAt(text, SHOWN_CHARS);
  let end = -1;
  for (let line = 0; line < SHOWN_LINES; line++) {
    end = shown.indexOf('\n', end + 1);
    if (end === -1) return shown;
  }
  return shown.slice(0, end);
}

/** Not in the middle of a character. */
function cutAt(text: string, length: number): string {
  if (text.length <= length) return text;
  const code = text.charCodeAt(length - 1);
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? length - 1 : length);
}

function foldElement({ rest, isUnfolded }: Row): HTMLElement {
  const left = rest.length - SHOWN_FOLD;
  const unfolded = left > 0 ? `Fold (${count(left)} more are not shown)` : 'Fold';
  const button = element('button', 'row-fold', isUnfolded ? unfolded : `… ${count(rest.length)} more lines`);
  button.setAttribute('type', 'button');
  button.setAttribute('aria-expanded', String(isUnfolded));
  button.dataset['action'] = 'fold';
  return button;
}

/** The last line where that says what happened, as Python's traces do. */
function conclusionOf({ rest }: Row): HTMLElement[] {
  const last = readAnsi(rest[rest.length - 1].line).text;
  return /^\S+: /.test(last) ? [element('span', 'row-conclusion', cutAt(last, CONCLUSION_CHARS))] : [];
}

function gapElement(line: Line, look: RowLook): HTMLElement {
  const root = element('div', 'row row-gap');
  root.dataset['row'] = 'gap';
  root.dataset['time'] = line.time;
  root.dataset['container'] = line.container;
  const body = element('div', 'row-body');
  const words = element('div', 'row-text', readAnsi(line.line).text.replace(/^log-capturer: /, ''));
  words.dataset['part'] = 'text';
  body.append(words);
  const mark = element('span', 'row-level', '!');
  mark.title = 'gap';
  root.append(
    mark,
    timeElement(line, look),
    element('span', `row-name hue-${hueOf(line.container)}`, line.container),
    element('span', 'row-stream'),
    body,
  );
  return root;
}

function breakElement(words: string, href?: string): HTMLElement {
  const root = element('div', 'row-break');
  root.dataset['row'] = 'skipped';
  root.append(element('span', '', words));
  if (href !== undefined) {
    const link = element('a', '', 'Show them');
    link.setAttribute('href', href);
    root.append(link);
  }
  return root;
}

function timeElement({ time }: Line, { zone, showsDay }: RowLook): HTMLElement {
  const clock = clockText(time, zone);
  return element('span', 'row-time', showsDay ? `${dayText(time, zone).slice(5)} ${clock}` : clock);
}

/** Of the first line; where that has none, the one of what goes on it. */
function levelOf({ rest }: Row, { level }: Line): string {
  const found = level === 'unknown' ? rest.find((one) => one.level !== 'unknown')?.level : level;
  return found !== undefined && found in LETTERS ? found : 'unknown';
}

function element(name: string, className: string, text?: string): HTMLElement {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
