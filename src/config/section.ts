/** A section of the configuration: keys as people write them (`max_bytes`) with the names that the program uses. */
import { z } from 'zod';
import { type AnySchema, formOf } from './leaf.js';
import { path } from './leaves.js';

/** Per property of T: the key in the file, the schema of its value, and what it is in one sentence. */
export type SectionTable<T> = {
  readonly [K in keyof T]-?: readonly [key: string, schema: z.ZodType<OrUndefined<T, K>>, what: string];
};

/** An optional property's schema may answer undefined: the property is then absent. */
type OrUndefined<T, K extends keyof T> = object extends Pick<T, K> ? T[K] | undefined : T[K];

export type Section<T> = z.ZodCodec<z.ZodObject, z.ZodCustom<T, T>>;

export interface Key {
  readonly schema: AnySchema;
  readonly what: string;
}

const keysOfSections = new WeakMap<AnySchema, ReadonlyMap<string, Key>>();

/**
 * Keys that the table does not name are errors. Encoding gives the file's form back. Beside a secret `<key>` stands
 * `<key>_file`: that file is read, and the key set, before the section is decoded (settle.ts).
 */
export function section<T extends object>(table: SectionTable<T>): Section<T> {
  const rows = Object.entries(table as Record<string, readonly [string, z.ZodType, string]>);
  const keys = new Map<string, Key>();
  for (const [, [key, schema, what]] of rows) {
    keys.set(key, { schema, what });
    if (isSecret(schema))
      keys.set(secretFileKey(key), { schema: SECRET_FILE, what: `A file that holds ${key}.` });
  }
  const object = z.strictObject(
    Object.fromEntries([...keys].map(([key, { schema }]) => [key, schema as z.ZodType])),
  );
  keysOfSections.set(object, keys);
  return z.codec(object, z.custom<T>(), {
    decode: (given) =>
      rename(
        rows.map(([name, [key]]) => [key, name] as const),
        given,
      ) as unknown as T,
    encode: (value) =>
      rename(
        rows.map(([name, [key]]) => [name, key] as const),
        value as Record<string, unknown>,
      ),
  }) as Section<T>;
}

const SECRET_FILE = path('a file').optional();

/** `password` → `password_file` */
export function secretFileKey(key: string): string {
  return `${key}_file`;
}

/** The keys of a section's inner object; undefined for any other schema. */
export function keysOf(schema: AnySchema): ReadonlyMap<string, Key> | undefined {
  return keysOfSections.get(schema);
}

/** Secrets have no default, but may be optional. */
function isSecret(schema: AnySchema): boolean {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return formOf(def.type === 'optional' ? def.innerType : schema)?.role === 'secret';
}

function rename(
  pairs: readonly (readonly [from: string, to: string])[],
  object: Record<string, unknown>,
): Record<string, unknown> {
  const renamed: Record<string, unknown> = {};
  for (const [from, to] of pairs) if (object[from] !== undefined) renamed[to] = object[from];
  return renamed;
}
