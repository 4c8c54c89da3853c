/**
 * Selectors of streams in Loki's form, compiled to a test of labels:
 *
 *   {env="prod", team!="x", app=~"web-.*", zone!~"eu-(a|b)"}
 *
 * All comparisons must hold. A label that a stream does not have is an empty one; regular expressions (../regex/) are
 * of the whole value. Values stand in double quotes, with escapes as in Go and JSON, or in backquotes, without any.
 */
import { compilePattern, PatternError } from '../regex/index.js';
import { Scan } from './scan.js';
import type { Labels } from './streams.js';

export type Matcher = (labels: Labels) => boolean;
export type Operator = '=' | '!=' | '=~' | '!~';

/** One comparison of a selector. */
export interface Comparison {
  readonly name: string;
  readonly operator: Operator;
  readonly value: string;
}

const ACCEPTED = 'A selector looks like {env="prod", app=~"web-.*"}; = != =~ and !~ compare.';
/** Of a label or a field. */
export const NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
export const OPERATOR = /=~|!~|!=|=/y;

/** Throws a ScanError, which is a SyntaxError. */
export function compileMatch(text: string): Matcher {
  const scan = new Scan(text, 'selector', ACCEPTED);
  const comparisons = scanSelector(scan);
  scan.end('the }');
  return compileComparisons(comparisons);
}

/** `{…}`, with every value judged. */
export function scanSelector(scan: Scan): Comparison[] {
  const comparisons: Comparison[] = [];
  scan.expect('{');
  while (!scan.take('}')) {
    if (comparisons.length > 0) {
      scan.expect(',');
      if (scan.take('}')) break;
    }
    const name = scan.token(NAME, 'the name of a label');
    comparisons.push({ name, ...scanComparison(scan) });
  }
  return comparisons;
}

/** An operator and a value. */
export function scanComparison(scan: Scan): Omit<Comparison, 'name'> {
  const operator = scan.token(OPERATOR, '= != =~ or !~') as Operator;
  return { operator, value: scanValue(scan, operator.endsWith('~') ? compilePattern : undefined) };
}

/** A value, judged by `compile`, which throws a PatternError. */
export function scanValue(scan: Scan, compile: ((pattern: string) => unknown) | undefined): string {
  const value = scan.value();
  try {
    compile?.(value.text);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw scan.wrong(`the regular expression is wrong: ${error.what}`, value.placeOf(error.at));
  }
  return value.text;
}

/** All must hold. The patterns are known to be right. */
export function compileComparisons(comparisons: readonly Comparison[]): Matcher {
  const tests = comparisons.map(compileComparison);
  return (labels) => tests.every((holds) => holds(labels));
}

function compileComparison({ name, operator, value }: Comparison): Matcher {
  const holds = operator.endsWith('~') ? compilePattern(value) : (own: string) => own === value;
  const isNegated = operator.startsWith('!');
  return (labels) => holds(Object.hasOwn(labels, name) ? labels[name] : '') !== isNegated;
}
