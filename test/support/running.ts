/** Which sources and sinks run in an agent, and whether a reload has begun those anew that it says, and no others. */
import { expect } from 'vitest';
import type { ReloadResult } from '../../src/config/shape.js';
import type { ScopeTree } from '../../src/runtime/scope.js';
import type { Agent } from './agent.js';

const PARTS = ['sources', 'sinks'];

/** Has the agent reload; what is behind `changes` afterwards is what its scopes show. */
export async function reloadAndLook(agent: Agent): Promise<ReloadResult> {
  const before = performance.now();
  const answer = await fetch(`${agent.url}/api/v1/config/reload`, { method: 'POST' });
  const reloaded = (await answer.json()) as ReloadResult;
  const asked = performance.now();
  const ages = await agesOf(agent);
  const looked = performance.now();

  const left = new Set(ages.keys());
  for (const { component, change } of reloaded.changes) {
    if (!PARTS.some((part) => component.startsWith(`${part}.`))) continue;
    const age = ages.get(component);
    left.delete(component);
    const isNew = change === 'added' || change === 'rebuilt';
    if (change === 'removed') expect([component, age]).toEqual([component, undefined]);
    else if (isNew) expect(age, `${component} was not ${change}`).toBeLessThan(looked - before);
    else expect(age, `${component} is not ${change}`).toBeGreaterThan(asked - before);
  }
  if (reloaded.changes.length > 0) expect([...left], 'running, and of no configuration').toEqual([]);
  return reloaded;
}

/** Milliseconds, by `sources.web`. */
async function agesOf(agent: Agent): Promise<Map<string, number>> {
  const { tree } = await agent.get<{ tree: ScopeTree }>('/api/v1/resources');
  return new Map(
    tree.scopes
      .filter(({ name }) => PARTS.includes(name))
      .flatMap((part) =>
        part.scopes.map(({ name, ageSeconds }) => [`${part.name}.${name}`, ageSeconds * 1000] as const),
      ),
  );
}
