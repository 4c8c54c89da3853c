/** What need not be said: the type of a component that is called like one, and the containers of this host as the source. */
import { isTree, type Tree } from './document.js';
import { acceptedWords, shapeOf } from './keys.js';
import type { AnySchema } from './leaf.js';

/** The name that the source has where none is given. */
const DEFAULT_SOURCE = 'containers';

/** The type of the component `name` where it gives none; undefined where it has to. */
export function impliedType(component: AnySchema, name: string): string | undefined {
  const types = acceptedWords(component);
  if (types.includes(name)) return name;
  return name === DEFAULT_SOURCE && types.includes('docker') ? 'docker' : undefined;
}

/** Names of which `impliedType` knows the type. */
export function impliedNames(component: AnySchema): string[] {
  const types = acceptedWords(component);
  return types.includes('docker') ? [DEFAULT_SOURCE, ...types] : types;
}

/** Puts into `tree` what need not be said. */
export function addImplied(tree: Tree, schema: AnySchema): void {
  tree['sources'] ??= Object.create(null);
  const { sources } = tree;
  if (isTree(sources) && Object.keys(sources).length === 0) sources[DEFAULT_SOURCE] = Object.create(null);
  const shape = shapeOf(schema);
  if (shape.kind !== 'section') return;
  for (const part of ['sources', 'sinks']) {
    const key = shape.keys.get(part);
    const named = key && shapeOf(key.schema);
    const components = tree[part];
    if (named?.kind !== 'named' || !isTree(components)) continue;
    for (const [name, given] of Object.entries(components)) {
      const type = impliedType(named.value, name);
      if (type === undefined) continue;
      // `stdout:` with nothing behind it says all there is to say.
      const component = given === undefined ? Object.create(null) : given;
      components[name] = component;
      if (isTree(component)) component['type'] ??= type;
    }
  }
}
