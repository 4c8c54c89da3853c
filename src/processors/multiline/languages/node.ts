/**
 * Errors as Node.js prints them: uncaught, by console.error, console.trace, and warnings with traces.
 *
 *   /app/shop.js:12                                 of uncaught ones only: place, source, marks, an empty line
 *       throw new Error('outer');
 *       ^
 *
 *   Error: outer
 *       at buy (/app/shop.js:12:11) {
 *     code: 'E_SHOP',
 *     [cause]: Error: inner
 *         at …
 *   }
 *
 *   Node.js v20.20.2
 */
import { END, type Grammar, MESSAGE, WAITS } from '../grammar.js';
import { isDigit, type Line, text } from '../line.js';
import { isFrame, isOmission } from './throwable.js';

const PLACES = ['/', 'file:///', 'node:'].map(text);
const WARNING = text('(node:');
const TRACE = [text('Trace'), text('Trace: ')];
const OPENS = text(' {');
const CLOSES = text('}');
const VERSION = text('Node.js v');
const HINT = text('(Use `node --trace-');
const CARET = 0x5e;
const COLON = 0x3a;

const PLACE = 1;
const SOURCE = 2;
const MARKED = 3;
const BEFORE_ERROR = 4;
const HEAD = 5;
const FRAMES = 6;
const PROPERTIES = 7;
const THROWN = 8;
const CLOSED = 9;
const BEFORE_VERSION = 10;

export const node: Grammar = {
  name: 'node',
  firstBytes: '/fn(T',
  beginsWithName: false,
  beginsWithError: true,

  begin(line, namesError) {
    if (namesError) return line.endsWith(OPENS) ? PROPERTIES : HEAD;
    if (isPlace(line)) return PLACE;
    return line.startsWith(WARNING) || line.is(TRACE[0]) || line.startsWith(TRACE[1]) ? HEAD : END;
  },

  follow(state, line) {
    switch (state) {
      case PLACE:
        return SOURCE | WAITS;
      case SOURCE:
        return isMarks(line) ? MARKED | WAITS : END;
      case MARKED:
        return line.isEmpty ? BEFORE_ERROR | WAITS : THROWN;
      case BEFORE_ERROR:
        return line.isEmpty ? END : HEAD;
      case PROPERTIES:
        if (line.is(CLOSES)) return CLOSED;
        return line.indent > 0 ? PROPERTIES : END;
      case HEAD:
      case FRAMES:
        if (isFrame(line) || isOmission(line)) return line.endsWith(OPENS) ? PROPERTIES : FRAMES;
        if (state === HEAD) return HEAD | MESSAGE;
        return line.isEmpty ? BEFORE_VERSION | WAITS : END;
      case BEFORE_VERSION:
        return line.startsWith(VERSION) ? CLOSED : END;
      default:
        if (line.startsWith(HINT)) return CLOSED;
        return line.isEmpty ? BEFORE_VERSION | WAITS : END;
    }
  },
};

/** `/app/shop.js:12` and nothing else. */
function isPlace(line: Line): boolean {
  if (!PLACES.some((place) => line.startsWith(place))) return false;
  let at = line.end - 1;
  while (at > line.start && isDigit(line.data[at])) at--;
  return at < line.end - 1 && line.data[at] === COLON;
}

function isMarks(line: Line): boolean {
  const { data, start, end, indent } = line;
  if (start + indent === end) return false;
  for (let at = start + indent; at < end; at++) if (data[at] !== CARET) return false;
  return true;
}
