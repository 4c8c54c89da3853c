/**
 * Keys given by environment variables: `LOG_CAPTURER_` and the key's path in upper case, parts joined by `_`, other
 * signs than letters and digits as `_` too. `LOG_CAPTURER_SINKS_LOCAL_MAX_BYTES` is sinks.local.max_bytes, and
 * `LOG_CAPTURER_LOKI_URL` short for sinks.loki.url. A list of sections is given as a whole, as YAML:
 * `LOG_CAPTURER_PROCESSORS='[{ type: multiline }]'`.
 */
import { isTree, parseValueText, type Tree } from './document.js';
import { impliedNames, impliedType } from './implied.js';
import { shapeOf } from './keys.js';
import type { AnySchema } from './leaf.js';
import type { Place, Places, Problem } from './problems.js';
import { didYouMean } from './suggest.js';

const PREFIX = 'LOG_CAPTURER_';
/** Set by Kubernetes, and by Docker's links, where a service is called log-capturer. */
const INJECTED = /^(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP|SCTP))(_|$)|^PORT$/;
const SHORT = /^LOKI_/;
const LONG = 'SINKS_LOKI_';

/** Puts the variables' values into `tree`; answers what they name wrongly. Empty ones count as not set. */
export function overlayEnvironment(
  tree: Tree,
  schema: AnySchema,
  env: NodeJS.ProcessEnv,
  places: Places,
): Problem[] {
  const problems: Problem[] = [];
  for (const name of Object.keys(env).sort()) {
    const value = env[name];
    if (!name.startsWith(PREFIX) || value === undefined || value === '') continue;
    const place: Place = { label: `environment variable ${name}`, line: 0, column: 0 };
    if (isInjected(name.slice(PREFIX.length), value)) continue;
    const target = findTarget(name.slice(PREFIX.length).replace(SHORT, LONG), schema, tree);
    if (target) {
      const read = target.isList ? parseValueText(value, name, env) : { value, problems: [] };
      setValue(tree, target.path, read.value, place, places);
      problems.push(...read.problems.map(({ message }) => ({ place, message })));
      continue;
    }
    const known = variableNames(schema, tree).flatMap((known) => [
      PREFIX + known,
      ...(known.startsWith(LONG) ? [PREFIX + known.replace(LONG, 'LOKI_')] : []),
    ]);
    const hint = didYouMean(name, known) || `; accepted are ${PREFIX}<KEY>, such as ${PREFIX}DATA_DIR`;
    problems.push({ place, message: `names no key of the configuration${hint}` });
  }
  return problems;
}

/** Sets `path` in `tree`, making sections on the way. Where a scalar is in the way, the schema will complain of that. */
export function setValue(
  tree: Tree,
  path: readonly string[],
  value: unknown,
  place: Place,
  places: Places,
): void {
  let section = tree;
  for (const [depth, key] of path.slice(0, -1).entries()) {
    if (section[key] === undefined) {
      section[key] = Object.create(null);
      places.set(path.slice(0, depth + 1), place, place);
    }
    const below = section[key];
    if (!isTree(below)) return;
    section = below;
  }
  section[path[path.length - 1]] = value;
  places.replace(path, place);
}

/** `PORT` alone could be somebody's mistake for SERVER_PORT: an injected one is an address. */
function isInjected(rest: string, value: string): boolean {
  return INJECTED.test(rest) && (rest !== 'PORT' || value.includes('://'));
}

interface Target {
  readonly path: readonly string[];
  readonly isList: boolean;
}

function findTarget(rest: string, schema: AnySchema, value: unknown): Target | undefined {
  const shape = shapeOf(schema, value);
  if (shape.kind === 'leaf' || shape.kind === 'list')
    return rest === '' ? { path: [], isList: shape.kind === 'list' } : undefined;
  const candidates: (readonly [string, AnySchema])[] =
    shape.kind === 'section'
      ? [...shape.keys].map(([key, { schema }]) => [key, schema] as const)
      : [...knownNames(value), ...newNames(rest)].map((name) => [name, shape.value] as const);
  for (const [key, below] of candidates) {
    const word = variablePart(key);
    if (rest !== word && !rest.startsWith(`${word}_`)) continue;
    const target = findTarget(rest.slice(word.length + 1), below, (value as Tree | undefined)?.[key]);
    if (target) return { ...target, path: [key, ...target.path] };
  }
  return undefined;
}

function knownNames(value: unknown): string[] {
  return isTree(value) ? Object.keys(value) : [];
}

/** `A_B_C` could begin with a name a, a_b or a_b_c. */
function newNames(rest: string): string[] {
  const words = rest.toLowerCase().split('_');
  return words.map((_, i) => words.slice(0, i + 1).join('_')).filter((name) => name !== '');
}

function variableNames(schema: AnySchema, value: unknown): string[] {
  const shape = shapeOf(schema, value);
  if (shape.kind === 'leaf' || shape.kind === 'list') return [''];
  const keys: (readonly [string, AnySchema])[] =
    shape.kind === 'section'
      ? [...shape.keys].map(([key, { schema }]) => [key, schema] as const)
      : [...new Set([...knownNames(value), ...impliedNames(shape.value)])].map(
          (name) => [name, shape.value] as const,
        );
  return keys.flatMap(([key, below]) =>
    variableNames(below, (value as Tree | undefined)?.[key] ?? { type: impliedType(below, key) }).map(
      (name) => (name === '' ? variablePart(key) : `${variablePart(key)}_${name}`),
    ),
  );
}

function variablePart(key: string): string {
  return key.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}
