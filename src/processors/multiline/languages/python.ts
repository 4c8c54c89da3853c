/**
 * Tracebacks of Python, one event with all that they were caused by.
 *
 *   Traceback (most recent call last):              or behind: Exception in thread …:, Exception ignored in: …
 *     File "/app/shop.py", line 12, in buy
 *       raise ValueError('outer')
 *   ValueError: outer
 *
 *   During handling of the above exception, another exception occurred:
 *
 *   Traceback …
 *
 * Groups of exceptions draw a frame of `+` and `|` around the same.
 */
import { END, type Grammar, MESSAGE, WAITS } from '../grammar.js';
import { isNameByte, type Line, text } from '../line.js';

const TRACEBACK = text('Traceback (most recent call last):');
const GROUP_TRACEBACK = text('  + Exception Group Traceback (most recent call last):');
const FILE = text('  File "');
const HEADS = [text('Exception in thread '), text('Exception ignored in')];
const LINKS = [
  text('The above exception was the direct cause of the following exception:'),
  text('During handling of the above exception, another exception occurred:'),
];
const DOT = 0x2e;
const PLUS = 0x2b;
const BAR = 0x7c;

const HEAD = 1;
const FRAMES = 2;
const ENDED = 3;
const BEFORE_LINK = 4;
const LINK = 5;
const BEFORE_NEXT = 6;
const GROUP = 7;

export const python: Grammar = {
  name: 'python',
  firstBytes: 'TE ',
  beginsWithName: false,
  beginsWithError: false,

  begin(line) {
    const state = beginTraceback(line);
    if (state !== END) return state;
    if (line.startsWith(FILE)) return FRAMES;
    return HEADS.some((head) => line.startsWith(head)) ? HEAD : END;
  },

  follow(state, line) {
    switch (state) {
      case HEAD:
        return beginTraceback(line);
      case FRAMES:
        if (line.indent >= 2) return FRAMES;
        return isException(line) ? ENDED : END;
      case GROUP:
        if (isGroup(line)) return GROUP;
        return line.isEmpty ? BEFORE_LINK | WAITS : END;
      case ENDED:
        return line.isEmpty ? BEFORE_LINK | WAITS : ENDED | MESSAGE;
      case BEFORE_LINK:
        if (LINKS.some((link) => line.is(link))) return LINK;
        return ENDED | MESSAGE;
      case LINK:
        return line.isEmpty ? BEFORE_NEXT : END;
      default:
        return beginTraceback(line);
    }
  },
};

function beginTraceback(line: Line): number {
  if (line.is(TRACEBACK)) return FRAMES;
  return line.is(GROUP_TRACEBACK) ? GROUP : END;
}

/** `package.Name: what`, or the name alone. */
function isException(line: Line): boolean {
  if (!line.beginsWithName) return false;
  const { data, start, wordEnd } = line;
  for (let at = start; at < wordEnd; at++) if (!isNameByte(data[at]) && data[at] !== DOT) return false;
  return true;
}

function isGroup(line: Line): boolean {
  const at = line.start + line.indent;
  return line.indent > 0 && at < line.end && (line.data[at] === PLUS || line.data[at] === BAR);
}
