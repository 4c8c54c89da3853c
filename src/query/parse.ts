/** Reads the text of a query (query.ts), and judges its regular expressions. */
import { type Comparison, scanComparison, scanSelector, scanValue } from '../pipeline/match.js';
import { Scan } from '../pipeline/scan.js';
import { compileSearch } from '../regex/index.js';
import type { LineOperator, LineTest, Query } from './query.js';
import { textQuery } from './text.js';

const ACCEPTED =
  'A query looks like {container="web"} |= "timeout" | level="error", or is a text to look for.';
const MAX_CHARS = 4000;
/** So that as a regular expression it is never too large. */
const MAX_TEXT = 400;
const MAX_LINE_TESTS = 16;
const LINE_OPERATOR = /\|=|!=|\|~|!~/y;
const LEVEL = /(?:detected_)?level(?![a-zA-Z0-9_])/y;

/** Throws a QueryError, which says what is wrong and at which character. */
export function parseQuery(text: string): Query {
  const scan = new Scan(text, 'query', ACCEPTED);
  if (text.length > MAX_CHARS)
    throw scan.wrong(`a query has at most ${MAX_CHARS.toLocaleString('en')} characters`, MAX_CHARS);
  const trimmed = text.trim();
  if (trimmed !== '' && !/^[{|!]/.test(trimmed)) {
    if (trimmed.length > MAX_TEXT)
      throw scan.wrong(`a text to look for has at most ${MAX_TEXT} characters`, MAX_TEXT);
    return textQuery(trimmed);
  }
  const labels = text.startsWith('{', scan.at) ? scanSelector(scan) : [];
  const lines: LineTest[] = [];
  const levels: Omit<Comparison, 'name'>[] = [];
  while (!scan.isAtEnd) {
    if (/^(?:\|[=~]|![=~])/.test(text.slice(scan.at, scan.at + 2))) {
      if (lines.length === MAX_LINE_TESTS)
        throw scan.wrong(`a query has at most ${MAX_LINE_TESTS} texts and regular expressions`, scan.at);
      lines.push(lineTest(scan));
    } else {
      if (!scan.take('|')) throw scan.wrong('|= != |~ !~ or | level= is expected here', scan.at);
      scan.token(LEVEL, 'level');
      levels.push(scanComparison(scan));
    }
  }
  return { labels, lines, levels };
}

function lineTest(scan: Scan): LineTest {
  const operator = scan.token(LINE_OPERATOR, 'an operator') as LineOperator;
  return { operator, value: scanValue(scan, operator.endsWith('~') ? compileSearch : undefined) };
}
