/** The live scopes and what each owns, oldest first. Only what is unfolded is in the page. */
import { useSignal } from '@preact/signals';
import { count, counted, duration } from '../lib/format.js';
import { nameOf } from './names.js';

export interface ScopeTree {
  readonly name: string;
  readonly ageSeconds: number;
  readonly resources: readonly {
    readonly kind: string;
    readonly name: string;
    readonly count: number;
    readonly oldestSeconds: number;
  }[];
  readonly scopes: readonly ScopeTree[];
}

/** Deeper ones are folded at first. */
const OPEN_DEPTH = 2;
const MOST_CHILDREN = 100;

export function ScopeTreeView({ tree }: { readonly tree: ScopeTree }) {
  return (
    <ul class="scopes">
      <Node scope={tree} depth={0} />
    </ul>
  );
}

function Node({ scope, depth }: { readonly scope: ScopeTree; readonly depth: number }) {
  const isOpen = useSignal(depth < OPEN_DEPTH);
  const { name, ageSeconds, resources, scopes } = scope;
  const isLeaf = resources.length === 0 && scopes.length === 0;
  const face = (
    <>
      <span class="scopes-name">{name}</span>
      <span class="quiet scopes-note">
        {!isOpen.value && !isLeaf && `${summary(scope)}, `}
        {duration(ageSeconds)}
      </span>
    </>
  );
  if (isLeaf) return <li class="scopes-leaf">{face}</li>;
  return (
    <li>
      <button
        type="button"
        class="scopes-fold"
        aria-expanded={isOpen.value}
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        <span class="scopes-mark" aria-hidden="true">
          {isOpen.value ? '▾' : '▸'}
        </span>
        {face}
      </button>
      {isOpen.value && (
        <ul>
          {resources.map(({ kind, name, count: many, oldestSeconds }) => (
            <li key={`${kind} ${name}`} class="scopes-leaf">
              <span class="scopes-kind">{kind}</span>
              <span>{name}</span>
              {many > 1 && <span class="scopes-count">×{count(many)}</span>}
              <span class="quiet scopes-note">{duration(oldestSeconds)}</span>
            </li>
          ))}
          {scopes.slice(0, MOST_CHILDREN).map((child, at) => (
            <Node key={`${child.name} ${at}`} scope={child} depth={depth + 1} />
          ))}
          {scopes.length > MOST_CHILDREN && (
            <li class="scopes-leaf quiet">
              and {counted(scopes.length - MOST_CHILDREN, 'scope')} more: <code>debug/resources?text</code>{' '}
              has them all
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

/** `12 scopes, 3 timers` of all that is in it. */
function summary(scope: ScopeTree): string {
  const counts = new Map<string, number>();
  const add = ({ resources, scopes }: ScopeTree): void => {
    for (const { kind, count } of resources) counts.set(kind, (counts.get(kind) ?? 0) + count);
    for (const child of scopes) {
      counts.set('scope', (counts.get('scope') ?? 0) + 1);
      add(child);
    }
  };
  add(scope);
  return [...counts].map(([kind, many]) => `${count(many)} ${many === 1 ? kind : nameOf(kind)}`).join(', ');
}
