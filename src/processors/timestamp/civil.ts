/** A time as people write it, and the seconds that it stands for. */
import type { Zone } from './zone.js';

const DAY = 86_400;
const HALF_YEAR = 183 * DAY;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** What was read of a time; one object is used again and again. */
export class CivilTime {
  /** -1: not told. */
  year = -1;
  month = 1;
  day = 1;
  hour = 0;
  minute = 0;
  second = 0;
  nanos = 0;
  /** Seconds ahead of UTC; undefined: not told. */
  offset: number | undefined;
  /** Whole seconds since 1970, where it was written so; then nothing else counts but the nanoseconds. */
  epoch: number | undefined;

  clear(): void {
    this.year = -1;
    this.month = 1;
    this.day = 1;
    this.hour = 0;
    this.minute = 0;
    this.second = 0;
    this.nanos = 0;
    this.offset = undefined;
    this.epoch = undefined;
  }

  /**
   * Seconds since 1970; NaN where there is no such time. A year that is not told is the one with which the time is nearest to
   * `near`; `zone` is for a time that does not tell its own.
   */
  seconds(zone: Zone, near: number): number {
    if (this.epoch !== undefined) return this.epoch;
    // A second 60 is the first one of the next minute.
    if (this.hour > 23 || this.minute > 59 || this.second > 60) return Number.NaN;
    if (this.year >= 0) return this.#inYear(this.year, zone, near);
    const year = new Date(near * 1000).getUTCFullYear();
    let best = this.#inYear(year, zone, near);
    if (Math.abs(best - near) < HALF_YEAR) return best;
    for (const other of [year - 1, year + 1]) {
      const seconds = this.#inYear(other, zone, near);
      if (Number.isNaN(best) || Math.abs(seconds - near) < Math.abs(best - near)) best = seconds;
    }
    return best;
  }

  #inYear(year: number, zone: Zone, near: number): number {
    const { month, day } = this;
    if (month < 1 || month > 12 || day < 1) return Number.NaN;
    if (day > DAYS[month - 1] && !(month === 2 && day === 29 && isLeap(year))) return Number.NaN;
    const local = daysBefore(year, month, day) * DAY + this.hour * 3600 + this.minute * 60 + this.second;
    return this.offset === undefined ? zone.secondsOf(local, near) : local - this.offset;
  }
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days from 1970-01-01 to that day, counted as if years began in March, so that the day of leap years comes last. */
function daysBefore(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const sinceMarch = (month + 9) % 12;
  const dayOfYear = Math.floor((153 * sinceMarch + 2) / 5) + day - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}
