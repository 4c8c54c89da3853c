/**
 * Throwable.printStackTrace, and what loggers make of it.
 *
 *   java.lang.IllegalStateException: outer          or: Exception in thread "main" …, or: <a logger's words>: …
 *   ⇥at com.acme.Shop.buy(Shop.java:17)
 *   ⇥Suppressed: java.io.IOException: …             with frames of its own, deeper
 *   Caused by: com.acme.Boom: inner
 *   ⇥... 4 more
 */
import { END, type Grammar, MESSAGE } from '../grammar.js';
import { type Line, text } from '../line.js';
import { beginsWithClass, isFrame, isOmission } from './throwable.js';

const THREAD = text('Exception in thread "');
const LINKS = ['Caused by: ', 'Suppressed: ', 'Wrapped by: '].map(text);
const LOCK = text('- ');

const HEAD = 1;
const FRAMES = 2;

export const java: Grammar = {
  name: 'java',
  firstBytes: 'E',
  beginsWithName: true,
  beginsWithError: true,

  begin: (line, namesError) => (namesError || beginsWithClass(line) || line.startsWith(THREAD) ? HEAD : END),

  follow(state, line) {
    if (isFrame(line) || isOmission(line)) return FRAMES;
    if (isLink(line)) return HEAD;
    if (state === HEAD) return HEAD | MESSAGE;
    // Of a dump of threads.
    return line.indent > 0 && line.goesOnWith(LOCK) ? FRAMES : END;
  },
};

function isLink(line: Line): boolean {
  for (const link of LINKS) if (line.goesOnWith(link)) return true;
  return false;
}
