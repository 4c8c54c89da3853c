/** Which keys a schema accepts at a place: for suggestions, for editors, and to find the key that an environment variable names. */
import type { z } from 'zod';
import { type AnySchema, formOf, type LeafForm } from './leaf.js';
import { type Key, keysOf } from './section.js';

export type Shape =
  /** One value; a literal has no form. */
  | { readonly kind: 'leaf'; readonly form: LeafForm | undefined }
  /** Fixed keys. */
  | { readonly kind: 'section'; readonly keys: ReadonlyMap<string, Key> }
  /** Keys that the user chooses. */
  | { readonly kind: 'named'; readonly value: AnySchema; readonly name: AnySchema }
  /** Entries in an order. */
  | { readonly kind: 'list'; readonly value: AnySchema };

/** The shape of `schema`. Of a union it is the option that the `type` in `value` names, else all options' keys together. */
export function shapeOf(schema: AnySchema, value?: unknown): Shape {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
      return shapeOf(def.innerType, value);
    case 'pipe': {
      const form = formOf(schema);
      return form ? { kind: 'leaf', form } : shapeOf(def.in, value);
    }
    case 'object':
      return { kind: 'section', keys: keysOf(schema) ?? new Map() };
    case 'record':
      return { kind: 'named', value: def.valueType, name: def.keyType };
    case 'array':
      return { kind: 'list', value: def.element };
    case 'union': {
      const options = def.options
        .map((option) => shapeOf(option))
        .filter((shape) => shape.kind === 'section');
      const type = (value as { type?: unknown } | null | undefined)?.type;
      const chosen = options.find(({ keys }) => accepts(keys.get('type')?.schema, type));
      // Where two of them have a key in common, the first one says what it is.
      const keys = options.toReversed().flatMap(({ keys }) => [...keys]);
      return chosen ?? { kind: 'section', keys: new Map(keys) };
    }
    default:
      return { kind: 'leaf', form: undefined };
  }
}

/** The options of a union, each with the word that its `type` accepts; undefined for other schemas. */
export function optionsOf(schema: AnySchema): ReadonlyMap<string, AnySchema> | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type !== 'union') return undefined;
  return new Map(
    def.options.flatMap((option) => acceptedWords(option).map((word) => [word, option] as const)),
  );
}

/** The words that a literal, or the `type` of a section or union, accepts; empty for other schemas. */
export function acceptedWords(schema: AnySchema): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'literal') return def.values.map(String);
  if (def.type === 'union') return def.options.flatMap((option) => acceptedWords(option));
  const shape = shapeOf(schema);
  const type = shape.kind === 'section' ? shape.keys.get('type') : undefined;
  return type ? acceptedWords(type.schema) : [];
}

function accepts(schema: AnySchema | undefined, value: unknown): boolean {
  return schema !== undefined && typeof value === 'string' && acceptedWords(schema).includes(value);
}
