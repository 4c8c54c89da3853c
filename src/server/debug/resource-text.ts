/**
 * The live scopes for people, as a dump of goroutines would show them: one row for each scope with its age, and what it owns by
 * kind and name with numbers and the age of the oldest.
 */
import type { ScopeTree } from '../../runtime/scope.js';
import type { ResourceReport } from '../../telemetry/census/report.js';

export function resourceText({ now, tree, real, baseline, holdings, unowned, note }: ResourceReport): string {
  const rows = Object.entries(unowned).map(
    ([kind, left]) =>
      `${kind.padEnd(8)} ${[real, baseline, holdings].map((counts) => cell(counts[kind as keyof typeof counts])).join(' ')} ${cell(left)}`,
  );
  return [
    ...(note === undefined ? [] : [note]),
    now,
    `${' '.repeat(8)} ${['real', 'baseline', 'owned', 'unowned'].map((name) => name.padStart(8)).join(' ')}`,
    ...rows,
    '',
    ...treeRows(tree, ''),
    '',
  ].join('\n');
}

function* treeRows({ name, ageSeconds, resources, scopes }: ScopeTree, indent: string): Generator<string> {
  const owned = resources.map(
    ({ kind, name: what, count, oldestSeconds }) => `${count} ${kind} ${plain(what)} ${age(oldestSeconds)}`,
  );
  yield `${indent}${plain(name)} ${age(ageSeconds)}${owned.length > 0 ? `: ${owned.join(', ')}` : ''}`;
  for (const scope of scopes) yield* treeRows(scope, `${indent}  `);
}

function cell(count = 0): string {
  return String(count).padStart(8);
}

function age(seconds: number): string {
  return `(${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s)`;
}

/** Names hold what others have named. */
function plain(name: string): string {
  return name.replace(/\p{C}/gu, '?');
}
