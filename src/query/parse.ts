/** Reads the text of a query (query.ts), and judges its regular expressions. */
import {
  type Comparison,
  NAME,
  OPERATOR,
  type Operator,
  scanComparison,
  scanSelector,
  scanValue,
} from '../pipeline/match.js';
import { Scan } from '../pipeline/scan.js';
import { Budget, compileSearch } from '../regex/index.js';
import { judgeFieldPattern } from './field-test.js';
import type { FieldTest, LineOperator, LineTest, NumberOperator, Query } from './query.js';
import { textQuery } from './text.js';

const ACCEPTED =
  'A query looks like {container="web"} |= "timeout" | level="error", or is a text to look for.';
const MAX_CHARS = 4000;
/** So that as a regular expression it is never too large. */
const MAX_TEXT = 400;
const MAX_LINE_TESTS = 16;
const MAX_FIELD_TESTS = 16;
const LINE_OPERATOR = /\|=|!=|\|~|!~/y;
const LEVEL = /^(?:detected_)?level$/;
const NUMBER_TEST = /(?:==?|!=|<=?|>=?)(?=\s*[-+.\d])/y;
const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![a-zA-Z0-9_.])/y;

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
  const fields: FieldTest[] = [];
  while (!scan.isAtEnd) {
    if (/^(?:\|[=~]|![=~])/.test(text.slice(scan.at, scan.at + 2))) {
      if (lines.length === MAX_LINE_TESTS)
        throw scan.wrong(`a query has at most ${MAX_LINE_TESTS} texts and regular expressions`, scan.at);
      lines.push(lineTest(scan));
    } else {
      if (!scan.take('|')) throw scan.wrong('|= != |~ !~ or | level= is expected here', scan.at);
      const { at } = scan;
      const name = scan.token(NAME, 'level or the name of a field');
      if (LEVEL.test(name)) levels.push(scanComparison(scan));
      else fields.push(fieldTest(scan, name));
      if (fields.length > MAX_FIELD_TESTS)
        throw scan.wrong(`a query compares at most ${MAX_FIELD_TESTS} fields`, at);
    }
  }
  return { labels, lines, levels, fields };
}

function fieldTest(scan: Scan, name: string): FieldTest {
  if (!scan.isAt(NUMBER_TEST)) {
    const operator = scan.token(OPERATOR, '= != =~ !~ < <= > or >=') as Operator;
    return { name, operator, value: scanValue(scan, operator.endsWith('~') ? judgeFieldPattern : undefined) };
  }
  const operator = scan.token(NUMBER_TEST, 'an operator').replace('==', '=') as NumberOperator;
  // No -0: as text it is another number.
  return { name, operator, value: Number(scan.token(NUMBER, 'a number')) + 0 };
}

function lineTest(scan: Scan): LineTest {
  const operator = scan.token(LINE_OPERATOR, 'an operator') as LineOperator;
  return { operator, value: scanValue(scan, operator.endsWith('~') ? judge : undefined) };
}

function judge(pattern: string): void {
  compileSearch(pattern, new Budget());
}
