/** What `POST /api/v1/config/check` answers, and how an editor shows it. Lines and columns count from 1. */
import { counted } from '../lib/format.js';

export interface Problem {
  readonly severity: 'error' | 'warning';
  /** Null where it is of no single place, as is the column. */
  readonly line: number | null;
  readonly column: number | null;
  /** `sinks.loki.url`; empty where it is of no key. */
  readonly key: string;
  readonly message: string;
  readonly remedy?: string | null;
}

export interface Difference {
  readonly key: string;
  /** As YAML; null where the key is not there. */
  readonly now: unknown;
  readonly then: unknown;
}

/** What a reload does to a component. */
export interface Change {
  /** `sinks.loki`, `processors.redact-2`. */
  readonly component: string;
  readonly change: 'added' | 'removed' | 'rebuilt' | 'changed' | 'unchanged' | 'restart';
  /** Empty where there is nothing to add. */
  readonly why: string;
}

/** What `POST /api/v1/config/reload` answers. */
export interface Reloaded {
  readonly result: 'applied' | 'unchanged' | 'refused';
  readonly changes: readonly Change[];
  readonly problems: readonly Problem[];
}

export interface Checked {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly effective: string | null;
  readonly differs: readonly Difference[];
  readonly changes: readonly Change[];
}

/** The worst of each line. */
export function severityByLine(problems: readonly Problem[]): ReadonlyMap<number, Problem['severity']> {
  const worst = new Map<number, Problem['severity']>();
  for (const { line, severity } of problems) {
    if (line !== null && worst.get(line) !== 'error') worst.set(line, severity);
  }
  return worst;
}

/** Errors first, then by place; those of no place before the others. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(
    (a, b) =>
      Number(a.severity !== 'error') - Number(b.severity !== 'error') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

/** What is wrong, without the key, which stands beside it. */
export function wordsOf({ key, message }: Problem): string {
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
export function summary(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  return [errors > 0 && counted(errors, 'error'), warnings > 0 && counted(warnings, 'warning')]
    .filter(Boolean)
    .join(', ');
}
