/** Which keys a schema accepts at a place: for suggestions, and to find the key that an environment variable names. */
import type { z } from 'zod';

export type AnySchema = z.core.$ZodType;

export type Shape =
  | { readonly kind: 'leaf' }
  /** Fixed keys. */
  | { readonly kind: 'section'; readonly keys: ReadonlyMap<string, AnySchema> }
  /** Keys that the user chooses. */
  | { readonly kind: 'named'; readonly value: AnySchema };

/** The shape of `schema`. Of a union it is the option that the `type` in `value` names, else all options' keys together. */
export function shapeOf(schema: AnySchema, value?: unknown): Shape {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
      return shapeOf(def.innerType, value);
    case 'pipe':
      return shapeOf(def.in, value);
    case 'object':
      return { kind: 'section', keys: new Map(Object.entries(def.shape)) };
    case 'record':
      return { kind: 'named', value: def.valueType };
    case 'union': {
      const options = def.options
        .map((option) => shapeOf(option))
        .filter((shape) => shape.kind === 'section');
      const type = (value as { type?: unknown } | null | undefined)?.type;
      const chosen = options.find(({ keys }) => accepts(keys.get('type'), type));
      return chosen ?? { kind: 'section', keys: new Map(options.flatMap(({ keys }) => [...keys])) };
    }
    default:
      return { kind: 'leaf' };
  }
}

/** True for a union: the path of a wrong discriminator ends inside it, but speaks of all its options. */
export function isUnion(schema: AnySchema): boolean {
  return schema._zod.def.type === 'union';
}

/** The words that a literal or union discriminator accepts; empty for other schemas. */
export function acceptedWords(schema: AnySchema): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'literal') return def.values.map(String);
  if (def.type !== 'union') return [];
  return def.options.flatMap((option) => {
    const shape = shapeOf(option);
    const type = shape.kind === 'section' ? shape.keys.get('type') : undefined;
    return type ? acceptedWords(type) : [];
  });
}

function accepts(schema: AnySchema | undefined, value: unknown): boolean {
  return schema !== undefined && typeof value === 'string' && acceptedWords(schema).includes(value);
}
