/** All that can be told of what the process holds, for people and for programs that look for leaks. */
import type { ResourceKind, Scope, ScopeTree } from '../../runtime/scope.js';
import type { Census, CensusTaker } from './census.js';
import { type LiveMemory, memoryWithoutGarbage } from './garbage.js';

export interface ResourceReport extends Census {
  /** ISO 8601. */
  readonly now: string;
  /** The live scopes, and what each owns. */
  readonly tree: ScopeTree;
  /** Entries of all scopes by kind; one entry may hold none or many things of the system. */
  readonly resources: ReadonlyMap<ResourceKind, number>;
  /** Bytes. Compiled code is told only where garbage was collected first. */
  readonly memory: NodeJS.MemoryUsage & Partial<Pick<LiveMemory, 'code'>>;
}

/**
 * As of one moment, but for what the census says, and the memory where garbage is collected first. Throws INTERNAL where the
 * census does not see anything.
 */
export async function resourceReport(
  scope: Scope,
  taker: CensusTaker,
  collects: boolean,
): Promise<ResourceReport> {
  const withoutGarbage = collects ? await memoryWithoutGarbage(scope) : undefined;
  const census = await taker.take();
  return {
    now: new Date().toISOString(),
    tree: scope.tree(),
    resources: scope.census(),
    ...census,
    memory: withoutGarbage ?? process.memoryUsage(),
  };
}
