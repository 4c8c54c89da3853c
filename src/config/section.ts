/** A section of the configuration: keys as people write them (`max_bytes`) with the names that the program uses. */
import { z } from 'zod';

/** Per property of T: the key in the file and the schema of its value. */
export type SectionTable<T> = {
  readonly [K in keyof T]-?: readonly [key: string, schema: z.ZodType<OrUndefined<T, K>>];
};

/** An optional property's schema may answer undefined: the property is then absent. */
type OrUndefined<T, K extends keyof T> = object extends Pick<T, K> ? T[K] | undefined : T[K];

export type Section<T> = z.ZodCodec<z.ZodObject, z.ZodCustom<T, T>>;

/** Keys that the table does not name are errors. Encoding gives the file's form back. */
export function section<T extends object>(table: SectionTable<T>): Section<T> {
  const rows = Object.entries(table as Record<string, readonly [string, z.ZodType]>);
  const shape = Object.fromEntries(rows.map(([, [key, schema]]) => [key, schema]));
  return z.codec(z.strictObject(shape), z.custom<T>(), {
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

function rename(
  pairs: readonly (readonly [from: string, to: string])[],
  object: Record<string, unknown>,
): Record<string, unknown> {
  const renamed: Record<string, unknown> = {};
  for (const [from, to] of pairs) if (object[from] !== undefined) renamed[to] = object[from];
  return renamed;
}
