/** Times as the agent writes them (RFC 3339, UTC, nanoseconds) for people, in the zone that they chose. */

export type Zone = 'local' | 'utc';

/** Milliseconds since 1970, rounded down. */
export function millisOf(time: string): number {
  return Date.parse(`${time.slice(0, 19)}Z`) + Number(time.slice(20, 23).replace(/\D.*/, '').padEnd(3, '0'));
}

/** `21:40:00.123` */
export function clockText(time: string, zone: Zone): string {
  if (zone === 'utc') return time.slice(11, 23);
  const date = new Date(millisOf(time));
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${three(date)}`;
}

/** `2026-11-21` */
export function dayText(time: string, zone: Zone): string {
  if (zone === 'utc') return time.slice(0, 10);
  const date = new Date(millisOf(time));
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `2026-11-21 21:40:00.123456789 UTC`, or with `+01:00` */
export function wholeText(time: string, zone: Zone): string {
  const clock = clockText(time, zone);
  const nanos = time.slice(23).replace('Z', '');
  return `${dayText(time, zone)} ${clock}${nanos} ${zone === 'utc' ? 'UTC' : offsetText(millisOf(time))}`;
}

/** `2026-11-21 21:40:00` of milliseconds since 1970 */
export function momentText(ms: number, zone: Zone): string {
  const time = new Date(ms).toISOString();
  return `${dayText(time, zone)} ${clockText(time, zone).slice(0, 8)}`;
}

function offsetText(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

function three(date: Date): string {
  return String(date.getMilliseconds()).padStart(3, '0');
}

/** The next nanosecond. */
export function nextNano(time: string): string {
  const nanos = Number(time.slice(20, -1).padEnd(9, '0'));
  if (nanos < 999_999_999) return `${time.slice(0, 19)}.${String(nanos + 1).padStart(9, '0')}Z`;
  return `${new Date(Date.parse(`${time.slice(0, 19)}Z`) + 1000).toISOString().slice(0, 19)}.000000000Z`;
}
