/** Times as people and programs ask for them. */
import { type LineTime, timeOfMs } from '../../pipeline/line-time.js';
import { parseDuration } from '../../runtime/units.js';

export const ACCEPTED_TIMES =
  'a time such as 2026-11-22T03:00:00Z, seconds since 1970, an age such as 15m or 7d, or now';

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+ -]\d\d:\d\d)$/;
const SECONDS = /^(\d{1,10})(?:\.(\d{1,9}))?$/;
const LAST_SECOND = 2 ** 32 - 1;

/**
 * RFC 3339, seconds since 1970, both with up to nine digits of fraction; an age (`15m`, `7d`) before `nowMs`; `now`.
 * Undefined for anything else. What lies before 1970 is 1970.
 */
export function parseTime(text: string, nowMs: number): LineTime | undefined {
  if (text === 'now') return timeOfMs(nowMs);
  const seconds = SECONDS.exec(text);
  if (seconds) return bounded(Number(seconds[1]), seconds[2]);
  const time = RFC_3339.exec(text);
  if (time) {
    const [, day, clock, fraction, zone] = time;
    // A + that was not escaped in an address arrives as a blank.
    const ms = Date.parse(`${day}T${clock}${zone.toUpperCase().replace(' ', '+')}`);
    return Number.isNaN(ms) ? undefined : bounded(ms / 1000, fraction);
  }
  const age = parseDuration(text);
  return age === undefined ? undefined : timeOfMs(Math.max(0, nowMs - age));
}

function bounded(seconds: number, fraction = ''): LineTime | undefined {
  if (seconds > LAST_SECOND) return undefined;
  return seconds < 0 ? { seconds: 0, nanos: 0 } : { seconds, nanos: Number(fraction.padEnd(9, '0')) };
}
