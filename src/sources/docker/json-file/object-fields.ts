/** The exact, slow way into a record of unusual shape: validity by JSON.parse, then the byte ranges of its strings. */

/** The text between a string's quotes: buf[start .. end), still escaped. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface TextFields {
  log?: ByteRange;
  stream?: ByteRange;
  time?: ByteRange;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/** The top-level strings of the JSON object in buf[from .. to); of equal keys the last. Undefined where it is no JSON object. */
export function findTextFields(buf: Buffer, from: number, to: number): TextFields | undefined {
  const start = skipSpace(buf, from);
  if (start >= to || buf[start] !== OPENING_BRACE) return undefined;
  // Latin-1 keeps every byte apart, so that what is valid does not depend on whether the text is valid UTF-8.
  if (!isJson(buf.toString('latin1', from, to))) return undefined;
  const fields: TextFields = {};
  let at = skipSpace(buf, start + 1);
  while (buf[at] !== CLOSING_BRACE) {
    const keyEnd = stringEnd(buf, at + 1);
    const key = buf.toString('latin1', at + 1, keyEnd);
    const value = skipSpace(buf, skipSpace(buf, keyEnd + 1) + 1);
    const end = valueEnd(buf, value);
    if (key === 'log' || key === 'stream' || key === 'time') {
      if (buf[value] === QUOTE) fields[key] = { start: value + 1, end: end - 1 };
      else delete fields[key];
    }
    at = skipSpace(buf, end);
    if (buf[at] === COMMA) at = skipSpace(buf, at + 1);
  }
  return fields;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function skipSpace(buf: Buffer, from: number): number {
  let at = from;
  while (buf[at] === 0x20 || buf[at] === 0x09 || buf[at] === 0x0d) at++;
  return at;
}

/** Index of the closing quote of the string whose text begins at `from`. */
function stringEnd(buf: Buffer, from: number): number {
  let at = from;
  while (buf[at] !== QUOTE) at += buf[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** Index after the valid value that begins at `from`. */
function valueEnd(buf: Buffer, from: number): number {
  let depth = 0;
  let at = from;
  for (;;) {
    const byte = buf[at];
    if (byte === QUOTE) at = stringEnd(buf, at + 1);
    else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) depth++;
    else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) depth--;
    at++;
    if (depth > 0) continue;
    const next = buf[at];
    const isEnd = byte === QUOTE || byte === CLOSING_BRACE || byte === CLOSING_BRACKET;
    if (isEnd || next === COMMA || next === CLOSING_BRACE || next === 0x20 || next === 0x09 || next === 0x0d)
      return at;
  }
}
