/** What is wrong with a configuration, as an editor shows it. Lines and columns count from 1. */
import type { ConfigProblem } from '../../../src/config/shape.js';
import { counted } from '../lib/format.js';

/** The worst of each line. */
export function severityByLine(
  problems: readonly ConfigProblem[],
): ReadonlyMap<number, ConfigProblem['severity']> {
  const worst = new Map<number, ConfigProblem['severity']>();
  for (const { line, severity } of problems) {
    if (line !== null && worst.get(line) !== 'error') worst.set(line, severity);
  }
  return worst;
}

/** Errors first, then by place; those of no place before the others. */
export function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.toSorted(
    (a, b) =>
      Number(a.severity !== 'error') - Number(b.severity !== 'error') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

/** What is wrong, without the key, which stands beside it. */
export function wordsOf({ key, message }: ConfigProblem): string {
  const prefix = `${key}: `;
  return key !== '' && message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

/** Where in the text a line and column are; the nearest place where the text is shorter than that. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let at = 1; at < line; at++) {
    const end = text.indexOf('\n', start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  return Math.min(start + Math.max(0, column - 1), end < 0 ? text.length : end);
}

/** `1 error, 2 warnings`; empty where there is none. */
export function summary(problems: readonly ConfigProblem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  return [errors > 0 && counted(errors, 'error'), warnings > 0 && counted(warnings, 'warning')]
    .filter(Boolean)
    .join(', ');
}
