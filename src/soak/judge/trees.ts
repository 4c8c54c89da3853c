/** What two trees of scopes differ in, by name: a row is what scopes of one path own of one kind and name. */
import type { ScopeTree } from '../../runtime/scope.js';
import { figure, some } from './words.js';

export interface Row {
  readonly kind: string;
  /** Names of the scopes from the root, and of the thing. */
  readonly path: string;
  readonly count: number;
  readonly oldestSeconds: number;
}

/** Rows of which the later tree has more than the earlier, with how many more; most first. */
export function added(before: ScopeTree, after: ScopeTree): readonly Row[] {
  const had = new Map(rows(before).map((row) => [keyOf(row), row.count]));
  return rows(after)
    .map((row) => ({ ...row, count: row.count - (had.get(keyOf(row)) ?? 0) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
}

/** "agent/sources/stream: timer "rotation" +12, …" */
export function named(differing: readonly Row[]): string {
  return some(differing.map(({ kind, path, count }) => `${kind} ${path} +${figure(count)}`));
}

function rows(tree: ScopeTree): readonly Row[] {
  const found = new Map<string, Row>();
  const walk = (scope: ScopeTree, parents: string): void => {
    const here = parents === '' ? scope.name : `${parents}/${scope.name}`;
    for (const { kind, name, count, oldestSeconds } of scope.resources) {
      const row = { kind, path: `${here}/${name}`, count, oldestSeconds };
      const twin = found.get(keyOf(row));
      found.set(keyOf(row), {
        ...row,
        count: count + (twin?.count ?? 0),
        oldestSeconds: Math.max(oldestSeconds, twin?.oldestSeconds ?? 0),
      });
    }
    for (const child of scope.scopes) walk(child, here);
  };
  walk(tree, '');
  return [...found.values()];
}

function keyOf({ kind, path }: Row): string {
  return `${kind}\n${path}`;
}
