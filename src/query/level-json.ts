/** The level that a JSON object tells in one of its own fields. The text need not be JSON: nothing is demanded of it. */
import { isDigit, isLetter } from './ascii.js';
import {
  type FieldNumbers,
  hashed,
  type Level,
  levelField,
  levelOfNumber,
  levelWord,
  NO_BYTES,
} from './level-names.js';

const [SPACE, QUOTE, BACKSLASH, COLON, OPEN, CLOSE, BRACE, BRACE_END] = Buffer.from(' "\\:[]{}');

/** Of the object that begins at `at`; `unknown` where it tells none, or not before `end`. */
export function levelOfJson(data: Buffer, at: number, end: number): Level {
  let depth = 0;
  for (let i = at; i < end; i++) {
    const byte = data[i];
    if (byte === BRACE || byte === OPEN) depth++;
    else if (byte === BRACE_END || byte === CLOSE) {
      if (--depth === 0) return 'unknown';
    } else if (byte === QUOTE) {
      const close = endOfString(data, i + 1, end);
      const next = pastSpaces(data, close + 1, end);
      if (depth === 1 && next < end && data[next] === COLON) {
        const numbers = levelField(hashOf(data, i + 1, close));
        const level = numbers && valueLevel(data, pastSpaces(data, next + 1, end), end, numbers);
        if (level && level !== 'unknown') return level;
      }
      i = close;
    }
  }
  return 'unknown';
}

function endOfString(data: Buffer, at: number, end: number): number {
  while (at < end && data[at] !== QUOTE) at += data[at] === BACKSLASH ? 2 : 1;
  return at;
}

function pastSpaces(data: Buffer, at: number, end: number): number {
  while (at < end && data[at] === SPACE) at++;
  return at;
}

function hashOf(data: Buffer, start: number, end: number): number {
  let hash = NO_BYTES;
  for (let i = start; i < end; i++) hash = hashed(hash, data[i]);
  return hash;
}

/** What the value that begins at `at` tells. */
function valueLevel(data: Buffer, at: number, end: number, numbers: FieldNumbers): Level {
  if (data[at] === QUOTE) return levelOfValue(data, at + 1, end, numbers);
  return isDigit(data[at]) ? levelOfValue(data, at, end, numbers) : 'unknown';
}

/** Of the value of a field: the word that it begins with, or its number. */
export function levelOfValue(data: Buffer, at: number, end: number, numbers: FieldNumbers): Level {
  if (at >= end || !isDigit(data[at])) return wordLevel(data, at, end);
  let value = 0;
  for (let i = at; i < end && i < at + 4 && isDigit(data[i]); i++) value = value * 10 + data[i] - 0x30;
  return levelOfNumber(value, numbers);
}

/** The level that the word which begins at `at` is the name of. */
export function wordLevel(data: Buffer, at: number, end: number): Level {
  let hash = NO_BYTES;
  let to = at;
  for (; to < end && isLetter(data[to]); to++) hash = hashed(hash, data[to]);
  return levelWord(hash, to - at)?.level ?? 'unknown';
}
