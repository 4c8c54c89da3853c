/** Stages that change lines and their times: multiline, replace, timestamp. */
import { timeReader } from '../../../processors/timestamp/formats.js';
import { checkZone } from '../../../processors/timestamp/zone.js';
import { isEmptyMatch, whyNotPattern } from '../patterns.js';
import type { Section } from '../section.js';
import { duration, whole } from '../units.js';
import { timeFormat } from './go-layout.js';
import { notFound, type Pipeline } from './pipeline.js';

export function multiline(stage: Section, to: Pipeline): void {
  const start = stage.text('firstline') ?? '';
  const why = start === '' ? 'it has no firstline' : whyNotPattern(start);
  const timeout = duration(stage.text('max_wait_time'), 10, 60_000);
  const maxLines = whole(stage.text('max_lines'), 2, 100_000);
  if (why !== undefined) return to.draft.missing(stage, `lines are not joined: ${why}.`);
  to.addReader('multiline', {
    start,
    // Three seconds and 128 lines are what it has where nothing is said.
    timeout: timeout ?? '3s',
    max_lines: maxLines ?? 128,
  });
}

export function replace(stage: Section, to: Pipeline): void {
  const pattern = stage.text('expression') ?? '';
  const text = stage.text('replace') ?? '';
  const source = stage.text('source') ?? '';
  const missing = (why: string): void =>
    to.draft.missing(stage, `${why} A "redact" with a pattern of your own may do.`);
  if (source !== '') return missing(`only the line can be changed, not "${source}".`);
  if (text.includes('{{')) return missing('there are no templates.');
  const groups = pattern.replace(/\\./g, '').match(/\((?!\?:)/g)?.length ?? 0;
  const isWhole = groups === 0 || (groups === 1 && /^\((?:[^()\\]|\\.)*\)$/.test(pattern));
  if (!isWhole) return missing('all of a match is replaced here, not a group in it.');
  const why =
    whyNotPattern(pattern) ?? (isEmptyMatch(pattern) ? 'it also matches nothing at all' : undefined);
  if (pattern === '' || why !== undefined)
    return missing(`the expression is not possible here: ${why ?? 'it is empty'}.`);
  to.addReader('redact', { rules: [], patterns: [{ name: 'replaced', pattern, replace: text }] });
}

export function timestamp(stage: Section, to: Pipeline): void {
  const source = stage.text('source') ?? '';
  const location = stage.text('location') || undefined;
  const layouts = [stage.text('format') ?? '', ...stage.texts('fallback_formats')];
  // What has no time here is moved as far as the line before it, which is what the usual one does.
  stage.pass('action_on_failure');
  const missing = (text: string): void => to.draft.missing(stage, text);
  const field = to.field(source);
  if (field === undefined) return missing(`${notFound(source)} Lines have the time at which they came.`);
  const formats = layouts.map((layout) => timeFormat(layout)).filter((format) => isFormat(format));
  if (formats.length < layouts.length)
    missing(`a format is not possible here: it must tell a day, and not the day of the year.`);
  if (formats.length === 0) return undefined;
  if (location !== undefined && !isZone(location)) return missing('its location is not known here.');
  to.add('timestamp', {
    fields: [field],
    formats: [...new Set(formats)],
    ...(location ? { timezone: location } : {}),
  });
  return undefined;
}

function isFormat(format: string | undefined): format is string {
  return format !== undefined && isAccepted(() => timeReader(format));
}

function isZone(name: string): boolean {
  return isAccepted(() => checkZone(name));
}

function isAccepted(judge: () => unknown): boolean {
  try {
    judge();
    return true;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return false;
    throw error;
  }
}
