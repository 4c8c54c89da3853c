/**
 * What a person looks for in lines, in Loki's language for the simple cases:
 *
 *   {container=~"web-.*", compose_project="shop"} |= "timeout" != "retry" |~ "5\\d\\d" !~ "(?i)health" | level=~"warn|error" | status>=500
 *
 *   {…}            labels of the stream (pipeline/match.ts); may be left out
 *   |= !=          lines that hold the text, or do not
 *   |~ !~          lines in which the regular expression (RE2's) matches somewhere, or does not
 *   | level="…"    lines of that level (told-level.ts); also detected_level, and != =~ !~ as for labels
 *   | name="…"     lines of which the field (structured metadata) has that value; else the stream's label; also != =~ !~
 *   | name>=500    lines of which it is a number, and the comparison holds; also = == != < <= >
 *
 * All must hold. A text that begins with neither `{`, `|` nor `!` is looked for itself, upper and lower case being one.
 */
import type { Comparison, Operator } from '../pipeline/match.js';

export { ScanError as QueryError } from '../pipeline/scan.js';

export type LineOperator = '|=' | '!=' | '|~' | '!~';

export interface LineTest {
  readonly operator: LineOperator;
  /** A text, or a regular expression. */
  readonly value: string;
}

export type FieldTest =
  | { readonly name: string; readonly operator: Operator; readonly value: string }
  | { readonly name: string; readonly operator: NumberOperator; readonly value: number };

export type NumberOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';

export interface Query {
  readonly labels: readonly Comparison[];
  readonly lines: readonly LineTest[];
  readonly levels: readonly Omit<Comparison, 'name'>[];
  readonly fields: readonly FieldTest[];
}
