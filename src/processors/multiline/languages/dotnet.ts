/**
 * Exception.ToString of .NET, Framework and Mono, and entries of the console logger of ASP.NET.
 *
 *   System.InvalidOperationException: outer         or: Unhandled exception. …, or: <a logger's words>: …
 *    ---> System.Exception: inner                   of an aggregate: ---> (Inner Exception #1) …, up to <--- and an empty line
 *      at Shop.Buy() in /src/Shop.cs:line 12
 *      --- End of inner exception stack trace ---
 *
 *   fail: Microsoft.AspNetCore.Server.Kestrel[13]
 *         lines of the entry, moved in by six spaces
 */
import { END, type Grammar, MESSAGE } from '../grammar.js';
import { type Line, text } from '../line.js';
import { beginsWithClass, isFrame } from './throwable.js';

const UNHANDLED = [text('Unhandled exception. '), text('Unhandled Exception:')];
const INNER = text('---> ');
const INNER_END = text('<---');
const MARK = text('--- End of ');
const LEVELS = ['trce: ', 'dbug: ', 'info: ', 'warn: ', 'fail: ', 'crit: '].map(text);
const ENTRY_INDENT = text('      ');
const ENTRY_END = text(']');

const HEAD = 1;
const FRAMES = 2;
const INNER_ENDED = 3;
const ENTRY = 4;
const UNHANDLED_HEAD = 5;

export const dotnet: Grammar = {
  name: 'dotnet',
  firstBytes: 'Utdiwfc',
  beginsWithName: true,
  beginsWithError: true,

  begin(line, namesError) {
    if (isEntry(line)) return ENTRY;
    for (const unhandled of UNHANDLED) if (line.startsWith(unhandled)) return UNHANDLED_HEAD;
    return namesError || beginsWithClass(line) ? HEAD : END;
  },

  follow(state, line) {
    if (state === ENTRY) return line.startsWith(ENTRY_INDENT) ? ENTRY : END;
    if (line.goesOnWith(INNER)) return HEAD;
    if (isFrame(line) || line.goesOnWith(MARK)) return line.endsWith(INNER_END) ? INNER_ENDED : FRAMES;
    switch (state) {
      // The error stands in the next line, whatever its name.
      case UNHANDLED_HEAD:
        return line.isBlank ? END : HEAD;
      case HEAD:
        return HEAD | MESSAGE;
      case INNER_ENDED:
        return line.isBlank ? INNER_ENDED : END;
      default:
        return END;
    }
  },
};

function isEntry(line: Line): boolean {
  if (!line.endsWith(ENTRY_END)) return false;
  for (const level of LEVELS) if (line.startsWith(level)) return true;
  return false;
}
