/**
 * Exceptions of PHP: uncaught ones, and those that a program prints.
 *
 *   PHP Fatal error:  Uncaught ShopException: inner in /app/shop.php:14
 *   Stack trace:
 *   #0 /app/shop.php(20): buy()
 *   #1 {main}
 *
 *   Next OtherException: outer in /app/shop.php:22
 *   Stack trace: …
 *     thrown in /app/shop.php on line 22
 */
import { END, type Grammar, MESSAGE, WAITS } from '../grammar.js';
import { isDigit, type Line, text } from '../line.js';

const UNCAUGHT = [text('Fatal error:  Uncaught '), text('Fatal error: Uncaught ')];
const PHP = text('PHP ');
const DATE_END = text('] ');
const STACK = text('Stack trace:');
const NEXT = text('Next ');
const THROWN = text('  thrown in ');
const BRACKET = 0x5b;
const HASH = 0x23;

const HEAD = 1;
const FRAMES = 2;
const GAP = 3;
const OVER = 4;

export const php: Grammar = {
  name: 'php',
  firstBytes: 'PF[',
  beginsWithName: false,
  beginsWithError: true,

  begin: (line, namesError) => (namesError || isUncaught(line) ? HEAD : END),

  follow(state, line) {
    switch (state) {
      case HEAD:
        return line.is(STACK) ? FRAMES : HEAD | MESSAGE;
      case FRAMES:
        if (isFrame(line)) return FRAMES;
        if (line.startsWith(THROWN)) return OVER;
        return line.isEmpty ? GAP | WAITS : END;
      case GAP:
        return line.startsWith(NEXT) ? HEAD : END;
      default:
        return END;
    }
  },
};

/** `[22-Nov-2026 16:23:57 UTC] PHP Fatal error:  Uncaught …`; date and `PHP` are not always there. */
function isUncaught(line: Line): boolean {
  let at = line.start;
  if (line.data[at] === BRACKET) {
    const end = Math.min(line.end, at + 64);
    while (at < end && !line.hasAt(at, DATE_END)) at++;
    at += DATE_END.length;
  }
  if (line.hasAt(at, PHP)) at += PHP.length;
  return line.hasAt(at, UNCAUGHT[0]) || line.hasAt(at, UNCAUGHT[1]);
}

/** `#12 /app/shop.php(20): buy()` */
function isFrame(line: Line): boolean {
  return line.end - line.start > 2 && line.data[line.start] === HASH && isDigit(line.data[line.start + 1]);
}
