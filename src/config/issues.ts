/** Zod's issues as sentences that say what is accepted, each at the place where the value was given. */
import type { z } from 'zod';
import type { Tree } from './document.js';
import { acceptedWords, optionsOf, shapeOf } from './keys.js';
import type { AnySchema } from './leaf.js';
import { type ConfigPath, type Places, type Problem, pathText } from './problems.js';
import { didYouMean } from './suggest.js';

export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  schema: AnySchema,
  tree: Tree,
  places: Places,
): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const { schema: at, value } = descend(schema, tree, issue.path);
    if (issue.code === 'unrecognized_keys') {
      const shape = shapeOf(at, value);
      const known = shape.kind === 'section' ? [...shape.keys.keys()] : [];
      return issue.keys.map((key) => ({
        place: places.key([...issue.path, key]),
        message: `${pathText([...issue.path, key])}: unknown key${didYouMean(key, known)} (accepted: ${known.join(', ')})`,
      }));
    }
    const place = issue.code === 'invalid_key' ? places.key(issue.path) : places.value(issue.path);
    return [{ place, message: `${pathText(issue.path)}: ${sentence(issue, at, value)}` }];
  });
}

function sentence(issue: z.core.$ZodIssue, schema: AnySchema, value: unknown): string {
  if (issue.code === 'custom') return value === undefined ? `is missing, ${issue.message}` : issue.message;
  if (issue.code === 'invalid_key') return `the name ${issue.issues[0]?.message ?? 'is not accepted'}`;
  if (issue.code === 'invalid_union' || issue.code === 'invalid_value') {
    const words = acceptedWords(schema);
    const given = typeof value === 'string' ? didYouMean(value, words) : '';
    return `${value === undefined ? 'is missing, ' : ''}must be ${words.join(' or ')}${given}`;
  }
  const shape = shapeOf(schema, value);
  if (shape.kind === 'named') return 'must be a section of names with their values, such as { name: value }';
  if (shape.kind === 'list') {
    const entry = shapeOf(shape.value);
    if (entry.kind === 'leaf')
      return `must be a list, each entry with a dash before it or in brackets: ${entry.form?.accepts ?? 'values'}`;
    const words = acceptedWords(shape.value);
    const example = words.length > 0 ? `\`- type: ${words[0]}\`` : '`- key: value`';
    return `must be a list of sections, each with a dash before it, such as ${example}`;
  }
  if (shape.kind === 'section')
    return `must be a section (accepted keys: ${[...shape.keys.keys()].join(', ')})`;
  return issue.message;
}

/** The schema and value at `path`; a discriminator's path ends at the union that it belongs to. */
function descend(schema: AnySchema, tree: unknown, path: ConfigPath): { schema: AnySchema; value: unknown } {
  let at = schema;
  let value = tree;
  for (const part of path) {
    const shape = shapeOf(at, value);
    const next =
      shape.kind === 'named' || shape.kind === 'list'
        ? shape.value
        : shape.kind === 'section'
          ? shape.keys.get(String(part))?.schema
          : undefined;
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part];
    if (next === undefined || (optionsOf(at) && part === 'type')) break;
    at = next;
  }
  return { schema: at, value };
}
