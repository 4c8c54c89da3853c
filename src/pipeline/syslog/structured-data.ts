/**
 * Structured data of RFC 5424, over bytes:
 *
 *   [ID NAME="VALUE" NAME="VALUE"][ID]     in a value \" \\ \] stand for the second character
 */
const [SPACE, OPEN, CLOSE, QUOTE, BACKSLASH, EQUALS] = Buffer.from(' []"\\=');
/** Of an ID and of a NAME; RFC 5424 says 32. */
const MAX_NAME_BYTES = 64;
/** More than a line can have fields. */
const MAX_PARAMS = 64;

/** Hears of one parameter: bytes of its id, name and value as it is written, escapes and all. */
export type OnParam = (
  idStart: number,
  idEnd: number,
  nameStart: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
) => void;

/** Where the elements that begin at `from` end; `from` where they are not well formed, or none begins there. */
export function dataEnd(buf: Buffer, from: number, end: number): number {
  return walk(buf, from, end, undefined);
}

/** Tells of the first MAX_PARAMS parameters of buf[from .. to), which `dataEnd` has found to be well formed. */
export function forEachParam(buf: Buffer, from: number, to: number, onParam: OnParam): void {
  walk(buf, from, to, onParam);
}

/** A value as it is meant: writes it to `into` from `at` on, at most as many bytes as it is written with; answers where it ends. */
export function unescapeValue(buf: Buffer, from: number, to: number, into: Buffer, at: number): number {
  let out = at;
  for (let i = from; i < to; i++) {
    const next = buf[i + 1];
    const isEscape =
      buf[i] === BACKSLASH && i + 1 < to && (next === QUOTE || next === BACKSLASH || next === CLOSE);
    if (isEscape) i++;
    into[out++] = buf[i];
  }
  return out;
}

function walk(buf: Buffer, from: number, end: number, onParam: OnParam | undefined): number {
  let at = from;
  let params = 0;
  while (at < end && buf[at] === OPEN) {
    const idStart = at + 1;
    const idEnd = nameEnd(buf, idStart, end);
    if (idEnd === idStart) return from;
    at = idEnd;
    while (buf[at] === SPACE && at < end) {
      const nameStart = at + 1;
      const nameStop = nameEnd(buf, nameStart, end);
      if (
        nameStop === nameStart ||
        buf[nameStop] !== EQUALS ||
        buf[nameStop + 1] !== QUOTE ||
        nameStop + 1 >= end
      )
        return from;
      const valueStart = nameStop + 2;
      const valueEnd = quoteAt(buf, valueStart, end);
      if (valueEnd < 0) return from;
      if (params++ < MAX_PARAMS) onParam?.(idStart, idEnd, nameStart, nameStop, valueStart, valueEnd);
      at = valueEnd + 1;
    }
    if (at >= end || buf[at] !== CLOSE) return from;
    at++;
  }
  return at;
}

/** Printable ASCII without space, =, ], ". */
function nameEnd(buf: Buffer, from: number, end: number): number {
  const most = Math.min(end, from + MAX_NAME_BYTES);
  let at = from;
  for (; at < most; at++) {
    const byte = buf[at];
    if (byte <= SPACE || byte >= 0x7f || byte === EQUALS || byte === CLOSE || byte === QUOTE) break;
  }
  return at;
}

/** Of the quote that ends a value; -1 where none does. */
function quoteAt(buf: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    if (buf[at] === BACKSLASH) at++;
    else if (buf[at] === QUOTE) return at;
  }
  return -1;
}
