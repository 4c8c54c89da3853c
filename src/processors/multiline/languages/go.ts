/**
 * What the Go runtime writes when a program panics, fails or is told to quit, and debug.Stack.
 *
 *   panic: first [recovered]                        or: fatal error: …, SIGQUIT: quit, runtime: …
 *   ⇥panic: again
 *   [signal SIGSEGV: …]
 *
 *   goroutine 1 [running]:
 *   main.fail({0x49bad7?, 0xc00009c010?})
 *   ⇥/app/main.go:19 +0x2d
 *   created by main.main
 *   ⇥/app/main.go:32 +0x293
 *
 *   goroutine 6 [sleep]: …                          and at the end maybe registers: rax    0x0
 */
import { END, type Grammar, MESSAGE, WAITS } from '../grammar.js';
import { isDigit, type Line, text } from '../line.js';

const HEADS = ['panic: ', 'fatal error: ', 'runtime: ', 'SIG'].map(text);
const GOROUTINE = text('goroutine ');
const RUNTIME_STACK = text('runtime stack:');
const SIGNAL = text('[signal ');
const PC = text('PC=');
const CREATED = text('created by ');
const ELIDED = text('...additional frames elided...');
const RAX = text('rax ');
const HEX = text('0x');
const CLOSING = text(')');
const RETURNS = text(']:');
const SIGNAL_SEPARATOR = text(': ');
const TAB = 0x09;
const PAREN = 0x28;
const SPACE = 0x20;
const BRACKET = 0x5b;

const HEAD = 1;
const GAP = 2;
const FUNCTION = 3;
const PLACE = 4;
const REGISTERS = 5;

export const go: Grammar = {
  name: 'go',
  firstBytes: 'pfrgS',
  beginsWithName: false,
  beginsWithError: false,

  begin(line) {
    if (isGoroutine(line)) return PLACE;
    if (!HEADS.some((head) => line.startsWith(head))) return END;
    return line.startsWith(HEADS[3]) && !isSignal(line) ? END : HEAD;
  },

  follow(state, line) {
    switch (state) {
      case HEAD:
        if (isGoroutine(line)) return PLACE;
        if (isOfHead(line)) return HEAD;
        return line.isEmpty ? GAP | WAITS : HEAD | MESSAGE;
      case GAP:
        if (isGoroutine(line)) return PLACE;
        return isRegister(line) && line.startsWith(RAX) ? REGISTERS : END;
      case FUNCTION:
        return isPlace(line) ? PLACE : END;
      case PLACE:
        if (isPlace(line) || line.is(ELIDED)) return PLACE;
        if (isFunction(line)) return FUNCTION | WAITS;
        return line.isEmpty ? GAP | WAITS : END;
      default:
        return isRegister(line) ? REGISTERS : END;
    }
  },
};

/** `goroutine 7 [chan receive, 2 minutes]:` */
function isGoroutine(line: Line): boolean {
  if (line.is(RUNTIME_STACK)) return true;
  if (!line.startsWith(GOROUTINE) || !line.endsWith(RETURNS)) return false;
  const end = line.digitsEnd(line.start + GOROUTINE.length);
  return line.data[end] === SPACE;
}

/** `SIGQUIT: quit` */
function isSignal(line: Line): boolean {
  return line.hasAt(line.wordEnd, SIGNAL_SEPARATOR);
}

function isOfHead(line: Line): boolean {
  if (line.data[line.start] === BRACKET) return line.startsWith(SIGNAL);
  if (line.indent > 0) return line.goesOnWith(HEADS[0]);
  return line.startsWith(PC) || line.startsWith(HEADS[1]) || line.startsWith(HEADS[2]);
}

/** `main.(*Shop).buy(0x1, …)`, `created by main.main in goroutine 1`. */
function isFunction(line: Line): boolean {
  if (line.startsWith(CREATED)) return true;
  if (line.indent > 0 || !line.endsWith(CLOSING)) return false;
  for (let at = line.start; at < line.end; at++) {
    if (line.data[at] === PAREN) return at > line.start;
    if (line.data[at] === SPACE) return false;
  }
  return false;
}

/** A tab, and where the function is. */
function isPlace(line: Line): boolean {
  return line.end - line.start > 1 && line.data[line.start] === TAB;
}

/** `r14    0xc0000061a0` */
function isRegister(line: Line): boolean {
  let at = line.wordEnd;
  if (at === line.start || at - line.start > 6) return false;
  while (at < line.end && line.data[at] === SPACE) at++;
  return line.hasAt(at, HEX) && (isDigit(line.data[at + 2]) || line.data[at + 2] > 0x60);
}
