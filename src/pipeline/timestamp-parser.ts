/**
 * RFC 3339 times as Docker writes them: `2026-11-21T21:40:00.123456789Z`, zone `Z` or ±hh:mm, the fraction 0 to 9 digits.
 *
 * Consecutive records mostly share their minute, so that is what is remembered: no object per call.
 */
const DIGIT_0 = 0x30;
const DASH = 0x2d;
const COLON = 0x3a;
const DOT = 0x2e;
const PLUS = 0x2b;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
const MINUTE_LENGTH = 16;
const SHORTEST = 20;
const LATEST_SECONDS = 0xffffffff;

export class TimestampParser {
  /** The last time that was parsed: whole seconds since 1970, and nanoseconds within. */
  seconds = 0;
  nanos = 0;
  readonly #minute = new Uint8Array(MINUTE_LENGTH);
  #minuteSeconds = 0;

  /** Parses buf[from .. to). False where it is no time from 1970 to 2106: `seconds` and `nanos` are then unchanged. */
  parse(buf: Buffer, from: number, to: number): boolean {
    if (to - from < SHORTEST || buf[from + MINUTE_LENGTH] !== COLON) return false;
    if (!this.#sameMinute(buf, from) && !this.#setMinute(buf, from)) return false;
    const second = twoDigits(buf, from + 17);
    if (second < 0 || second > 59) return false;

    let at = from + 19;
    let nanos = 0;
    if (buf[at] === DOT) {
      const first = ++at;
      let digit = buf[at] - DIGIT_0;
      while (digit >= 0 && digit <= 9 && at < to) {
        nanos = nanos * 10 + digit;
        digit = buf[++at] - DIGIT_0;
      }
      const digits = at - first;
      if (digits === 0 || digits > 9) return false;
      for (let i = digits; i < 9; i++) nanos *= 10;
    }

    let seconds = this.#minuteSeconds + second;
    if (buf[at] === LETTER_Z) {
      at++;
    } else {
      const sign = buf[at] === PLUS ? 1 : buf[at] === DASH ? -1 : 0;
      const hours = twoDigits(buf, at + 1);
      const minutes = twoDigits(buf, at + 4);
      if (sign === 0 || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || buf[at + 3] !== COLON)
        return false;
      seconds -= sign * (hours * 3600 + minutes * 60);
      at += 6;
    }
    if (at !== to || seconds < 0 || seconds > LATEST_SECONDS) return false;
    this.seconds = seconds;
    this.nanos = nanos;
    return true;
  }

  #sameMinute(buf: Buffer, from: number): boolean {
    const minute = this.#minute;
    // Minutes differ at their end first.
    for (let i = MINUTE_LENGTH - 1; i >= 0; i--) if (buf[from + i] !== minute[i]) return false;
    return true;
  }

  #setMinute(buf: Buffer, from: number): boolean {
    const year = twoDigits(buf, from) * 100 + twoDigits(buf, from + 2);
    const month = twoDigits(buf, from + 5);
    const day = twoDigits(buf, from + 8);
    const hour = twoDigits(buf, from + 11);
    const minute = twoDigits(buf, from + 14);
    const separated =
      buf[from + 4] === DASH &&
      buf[from + 7] === DASH &&
      buf[from + 10] === LETTER_T &&
      buf[from + 13] === COLON;
    if (!separated || year < 1900 || hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
    const date = new Date(Date.UTC(year, month - 1, day, hour, minute));
    if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return false;
    this.#minute.set(buf.subarray(from, from + MINUTE_LENGTH));
    this.#minuteSeconds = date.getTime() / 1000;
    return true;
  }
}

/** The number written in two digits at `at`; far below zero where they are none. */
function twoDigits(buf: Buffer, at: number): number {
  const tens = buf[at] - DIGIT_0;
  const ones = buf[at + 1] - DIGIT_0;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -100_000;
}
