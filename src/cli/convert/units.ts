/** Durations and truth values as Go's programs write them. */
import { DURATION_UNITS, formatDuration } from '../../runtime/units.js';

/** `1m30s` in our own form, no less than `leastMs` and no more than `mostMs`; undefined where it is none. */
export function duration(
  text: string | undefined,
  leastMs = 0,
  mostMs = Number.MAX_SAFE_INTEGER,
): string | undefined {
  if (text === undefined || !/^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g))
    ms += Number(count) * DURATION_UNITS[unit];
  return formatDuration(Math.min(Math.max(Math.round(ms), leastMs), mostMs));
}

export function isTrue(text: string | undefined): boolean {
  return text === 'true';
}

/** A whole number from `least` to `most`, or the nearest one of these; undefined where it is none. */
export function whole(text: string | undefined, least: number, most: number): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text)
    ? Math.min(Math.max(Number(text), least), most)
    : undefined;
}
