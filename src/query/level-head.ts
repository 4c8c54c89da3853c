/** The level that the beginning of a line tells by a field or a word, as people recognise it. */
import { isCapital, isDigit, isLetter, LETTERS, pastColours } from './ascii.js';
import { wordLevel } from './level-json.js';
import { hashed, type Level, type LevelWord, levelWord, NO_BYTES } from './level-names.js';

const [
  TAB,
  ESCAPE,
  SPACE,
  QUOTE,
  BACKSLASH,
  COLON,
  EQUALS,
  OPEN,
  CLOSE,
  ROUND,
  ROUND_END,
  LESS,
  GREATER,
  DOT,
  LOW,
] = Buffer.from('\t\x1b "\\:=[]()<>._');
/** Next to a word they say that it is part of something else: a path, a variable, an option. */
const JOINTS = new Set(Buffer.from('/_-=$%&?@'));
/** A name that ends with one of them, before a colon, is that of an exception. */
const EXCEPTIONS = ['Error', 'Exception'].map((name) => Buffer.from(name));

/** Of data[start .. end), words that begin before `limit`. */
export function levelOfHead(data: Buffer, start: number, limit: number, end: number): Level {
  let before: number | undefined;
  for (let at = start; at < limit; ) {
    const byte = data[at];
    let letter = LETTERS[byte];
    if (letter === 0) {
      if (byte === ESCAPE && pastColours(data, at, end) > at) {
        at = pastColours(data, at, end);
      } else {
        at = byte === QUOTE && before === EQUALS ? pastString(data, at + 1, limit) : at + 1;
        before = byte;
      }
      continue;
    }
    let hash = NO_BYTES;
    let to = at;
    while (letter !== 0) {
      hash = hashed(hash, letter);
      letter = ++to < end ? LETTERS[data[to]] : 0;
    }
    // Most words say nothing, and nothing more is asked of them.
    const word = levelWord(hash, to - at);
    if (word !== undefined || (to < end && data[to] === COLON)) {
      const level = levelAt(data, before, at, to, end, word);
      if (level !== 'unknown') return level;
    }
    before = data[to - 1];
    at = to;
  }
  return 'unknown';
}

function pastString(data: Buffer, at: number, end: number): number {
  while (at < end && data[at] !== QUOTE) at += data[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

/** What the word data[at .. to) tells where it stands; `before` is the byte in front of it that is no colour's. */
function levelAt(
  data: Buffer,
  before: number | undefined,
  at: number,
  to: number,
  end: number,
  word: LevelWord | undefined,
): Level {
  const behind = pastColours(data, to, end);
  const after = behind < end ? data[behind] : undefined;
  if (word === undefined) return after === COLON && isException(data, at, to) ? 'error' : 'unknown';
  switch (word.form) {
    case 'value':
      return 'unknown';
    case 'key':
      return before === LOW || isLetter(before) ? 'unknown' : fieldLevel(data, behind, end);
    case 'first':
      return before === undefined && (after === SPACE || after === COLON) ? word.level : 'unknown';
    default:
      return stands(data, before, at, to, behind, end, word) ? word.level : 'unknown';
  }
}

/** Of `="warn"`, `: warn` and `":"warn"`, at `at`. */
function fieldLevel(data: Buffer, at: number, end: number): Level {
  if (data[at] === QUOTE) at++;
  while (at < end && data[at] === SPACE) at++;
  if (at >= end || (data[at] !== COLON && data[at] !== EQUALS)) return 'unknown';
  at = pastColours(data, at + 1, end);
  while (at < end && (data[at] === SPACE || data[at] === QUOTE)) at++;
  return wordLevel(data, pastColours(data, at, end), end);
}

/** Does the word stand where programs write levels? */
function stands(
  data: Buffer,
  before: number | undefined,
  at: number,
  to: number,
  behind: number,
  end: number,
  word: LevelWord,
): boolean {
  let close = behind;
  while (close < end && data[close] === SPACE) close++;
  const after = behind < end ? data[behind] : undefined;
  if ((before === OPEN || before === COLON) && data[close] === CLOSE && close < end) return true;
  if (word.form === 'plain') {
    if ((before === ROUND && after === ROUND_END) || (before === LESS && after === GREATER)) return true;
    if (before === TAB && after === TAB) return true;
  }
  if (isDigit(before) || (before !== undefined && JOINTS.has(before))) return false;
  const isBeforeColon = after === COLON && (behind + 1 >= end || !isPartOfName(data[behind + 1]));
  if (isCapital(data[at]) && isCapital(data[to - 1]))
    return word.form === 'plain'
      ? (before !== DOT || isBeforeColon) && !isDigit(after) && after !== LOW && after !== EQUALS
      : isBeforeColon;
  return isBeforeColon && word.form === 'plain' && before !== DOT && before !== QUOTE;
}

function isPartOfName(byte: number): boolean {
  return !(byte === SPACE || byte === TAB || byte === 0x1b);
}

function isException(data: Buffer, at: number, to: number): boolean {
  return EXCEPTIONS.some(
    (name) => to - at > name.length && data.compare(name, 0, name.length, to - name.length, to) === 0,
  );
}
