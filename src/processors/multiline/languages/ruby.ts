/**
 * Exceptions of Ruby, newest call first or, as 2.5 to 2.7 do on a terminal, last.
 *
 *   shop.rb:17:in `rescue in buy': outer (ShopError)
 *   ⇥from shop.rb:14:in `buy'
 *   shop.rb:11:in `pay': inner (ArgumentError)      the cause, with calls of its own
 *   ⇥from shop.rb:15:in `buy'
 *
 *   Traceback (most recent call last):
 *   ⇥1: from shop.rb:9:in `<main>'
 *   shop.rb:17:in `buy': boom (ShopError)
 */
import { END, type Grammar, MESSAGE } from '../grammar.js';
import { isDigit, type Line, text } from '../line.js';

const THREAD = text('#<Thread:');
const TERMINATED = text('terminated with exception (report_on_exception is true):');
const TRACEBACK = text('Traceback (most recent call last):');
const IN = [text(':in `'), text(":in '")];
const FROM = text('from ');
const NUMBERED_FROM = text(': from ');
const LEVELS = text('... ');
const SUGGESTION = text('Did you mean?');
const CARET = 0x5e;

const THREAD_HEAD = 1;
const CALLS = 2;
const HEAD = 3;

export const ruby: Grammar = {
  name: 'ruby',
  firstBytes: 'T#',
  beginsWithName: true,
  beginsWithError: false,

  begin(line) {
    if (line.startsWith(THREAD)) return line.endsWith(TERMINATED) ? THREAD_HEAD : END;
    if (line.is(TRACEBACK)) return CALLS;
    return isHead(line) ? HEAD : END;
  },

  follow(state, line) {
    // A cause stands right behind the calls of what it caused.
    if (isHead(line)) return state === HEAD ? END : HEAD;
    if (state === THREAD_HEAD) return line.is(TRACEBACK) ? CALLS : END;
    if (isCall(line)) return CALLS;
    if (state === CALLS) return END;
    // What shows the place in the source ends a message.
    return isMarks(line) || line.startsWith(SUGGESTION) ? HEAD : HEAD | MESSAGE;
  },
};

/** `shop.rb:17:in `, and then a quote. */
function isHead(line: Line): boolean {
  if (!line.beginsWithName) return false;
  const digits = line.wordEnd + 1;
  const end = line.digitsEnd(digits);
  return end > digits && (line.hasAt(end, IN[0]) || line.hasAt(end, IN[1]));
}

/** `⇥from …`, `⇥3: from …`, `⇥ ... 12 levels...` */
function isCall(line: Line): boolean {
  if (line.indent === 0) return false;
  const at = line.start + line.indent;
  if (at < line.end && isDigit(line.data[at])) return line.hasAt(line.digitsEnd(at), NUMBERED_FROM);
  return line.hasAt(at, FROM) || line.hasAt(at, LEVELS);
}

function isMarks(line: Line): boolean {
  const { data, start, end, indent } = line;
  if (start + indent === end) return false;
  for (let at = start + indent; at < end; at++) if (data[at] !== CARET) return false;
  return true;
}
