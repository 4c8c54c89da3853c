/**
 * Panics of Rust, and what programs that use anyhow or eyre print of an error that main returns.
 *
 *   thread 'main' (4711) panicked at src/main.rs:19:29:
 *   assertion `left == right` failed
 *     left: 2
 *    right: 3
 *   stack backtrace:
 *      0: core::panicking::panic_fmt
 *                at /rustc/…/panicking.rs:80:14
 *   note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
 *
 *   Error: outer
 *
 *   Caused by:
 *       0: inner
 *
 *   Stack backtrace:
 *      0: …
 */
import { END, type Grammar, MESSAGE, WAITS } from '../grammar.js';
import { isDigit, type Line, text } from '../line.js';
import { isFrame } from './throwable.js';

const THREAD = text("thread '");
const PANICKED = text(' panicked at ');
const BACKTRACE = text('stack backtrace:');
const NOTE = text('note: ');
const ERROR = text('Error: ');
const CAUSED = text('Caused by:');
const ERROR_BACKTRACE = text('Stack backtrace:');
const PLACE_END = text(':');

const HEAD = 1;
const PANIC_MESSAGE = 2;
const FRAMES = 3;
const ERROR_MESSAGE = 4;
const GAP = 5;
const CAUSES = 6;
const OVER = 7;

export const rust: Grammar = {
  name: 'rust',
  firstBytes: 'tE',
  beginsWithName: false,
  beginsWithError: false,

  begin(line) {
    if (line.startsWith(ERROR)) return ERROR_MESSAGE;
    if (!line.startsWith(THREAD) || !line.includes(PANICKED)) return END;
    // Before Rust 1.73 the message stands in the same line.
    return line.endsWith(PLACE_END) ? HEAD : PANIC_MESSAGE;
  },

  follow(state, line) {
    switch (state) {
      case HEAD:
        return PANIC_MESSAGE;
      case PANIC_MESSAGE:
        if (line.is(BACKTRACE)) return FRAMES;
        if (line.startsWith(NOTE)) return OVER;
        return line.indent > 0 && !line.isBlank ? PANIC_MESSAGE : PANIC_MESSAGE | MESSAGE;
      case FRAMES:
        if (isNumbered(line) || isFrame(line)) return FRAMES;
        return line.startsWith(NOTE) ? OVER : END;
      case ERROR_MESSAGE:
        return line.isEmpty ? GAP | WAITS : END;
      case GAP:
        if (line.is(CAUSED)) return CAUSES;
        return line.is(ERROR_BACKTRACE) ? FRAMES : END;
      case CAUSES:
        if (line.indent >= 4) return CAUSES;
        return line.isEmpty ? GAP | WAITS : END;
      default:
        return END;
    }
  },
};

/** `  12: core::panicking::panic_fmt` */
function isNumbered(line: Line): boolean {
  const at = line.start + line.indent;
  return (
    line.indent > 0 && at < line.end && isDigit(line.data[at]) && line.hasAt(line.digitsEnd(at), PLACE_END)
  );
}
