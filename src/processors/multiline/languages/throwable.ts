/** Heads that Java, .NET, Node.js and PHP have in common: the class of an error, and what it says. */
import { isNameByte, isUpper, type Line, text } from '../line.js';

const AT = text('at ');
const DOLLAR = 0x24;
const DOT = 0x2e;
const DOTS = text('... ');

/** Whether the first word is a class with its package: `com.acme.Boom`, `Outer$Inner`; behind it nothing, or a colon. */
export function beginsWithClass(line: Line): boolean {
  if (!line.beginsWithName) return false;
  const { data, start, wordEnd: end } = line;
  let last = start;
  let isNested = false;
  for (let at = start; at < end; at++) {
    const byte = data[at];
    if (byte === DOT) last = at + 1;
    else if (!isNameByte(byte)) return false;
    else if (byte === DOLLAR) isNested = true;
  }
  return (isNested || last > start) && isUpper(data[last]);
}

/** `at …` behind white space. */
export function isFrame(line: Line): boolean {
  return line.indent > 0 && line.goesOnWith(AT);
}

/** `... 12 more`, `... 12 common frames omitted`, `... 3 lines matching cause stack trace ...` */
export function isOmission(line: Line): boolean {
  return line.indent > 0 && line.goesOnWith(DOTS);
}
