/** JSON Schema (2020-12) by short words. Objects have all of their keys, but for those that are `maybe`. */

export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

/** May be missing. */
interface Maybe {
  readonly maybe: Schema;
}

export const text = (description?: string): Schema => said({ type: 'string' }, description);
/** RFC 3339. */
export const time = (description?: string): Schema =>
  said({ type: 'string', format: 'date-time' }, description);
export const number = (description?: string): Schema => said({ type: 'number' }, description);
export const count = (description?: string): Schema => said({ type: 'integer', minimum: 0 }, description);
export const whole = (description?: string): Schema => said({ type: 'integer' }, description);
export const flag = (description?: string): Schema => said({ type: 'boolean' }, description);
export const anything = (description?: string): Schema => said({}, description);
export const oneOf = (values: readonly string[], description?: string): Schema =>
  said({ type: 'string', enum: values }, description);

export const list = (items: Schema, description?: string): Schema =>
  said({ type: 'array', items }, description);
/** Keys that nobody knows before. */
export const byName = (value: Schema, description?: string): Schema =>
  said({ type: 'object', additionalProperties: value }, description);

/** Null is what nobody knows. */
export const orNull = (schema: Schema): Schema => ({
  ...schema,
  type: [...[schema.type ?? []].flat(), 'null'],
  ...(schema.enum && { enum: [...schema.enum, null] }),
});

export const maybe = (schema: Schema): Maybe => ({ maybe: schema });

export function object(keys: Readonly<Record<string, Schema | Maybe>>, description?: string): Schema {
  const rows = Object.entries(keys);
  const properties = Object.fromEntries(rows.map(([key, row]) => [key, isMaybe(row) ? row.maybe : row]));
  const required = rows.flatMap(([key, row]) => (isMaybe(row) ? [] : [key]));
  return said({ type: 'object', properties, required }, description);
}

function isMaybe(row: Schema | Maybe): row is Maybe {
  return 'maybe' in row;
}

function said(schema: Schema, description: string | undefined): Schema {
  return description === undefined ? schema : { ...schema, description };
}
