/** An OpenAPI document, as far as this page shows it, and its parts in words. */

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

export type Content = Readonly<Record<string, { readonly schema: Schema }>>;

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** In the document's order. */
export function groups({ paths }: ApiDocument): ReadonlyMap<string, readonly Route[]> {
  const byTag = new Map<string, Route[]>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0] ?? '';
      byTag.set(tag, [...(byTag.get(tag) ?? []), { method: method.toUpperCase(), path, operation }]);
    }
  }
  return byTag;
}

/** `#/components/schemas/Line` → Line */
export function nameOf({ $ref }: Schema): string | undefined {
  return $ref?.slice($ref.lastIndexOf('/') + 1);
}

/** `integer, 1 to 1000, default 60`, `Line[]`, `stdout | stderr`, `text or null` */
export function typeText(schema: Schema): string {
  const name = nameOf(schema);
  if (name !== undefined) return name;
  const { type, format, items, additionalProperties: others, minimum, maximum } = schema;
  if (schema.enum) return schema.enum.map(String).join(' | ');
  if (items) return `${typeText(items)}[]`;
  if (typeof others === 'object') return `{ name: ${typeText(others)} }`;
  const types = [type ?? 'anything']
    .flat()
    .map((one) => (format === 'date-time' && one === 'string' ? 'time' : one));
  const bounds = minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}` : '';
  const usual = schema.default === undefined ? '' : `default ${JSON.stringify(schema.default)}`;
  return [types.join(' or '), bounds, usual].filter(Boolean).join(', ');
}

/** The keys of what is shown below a schema, its items' or its values'. */
export function keysOf(
  schema: Schema,
): readonly (readonly [key: string, schema: Schema, isOptional: boolean])[] {
  const { properties, required = [], items, additionalProperties: others } = schema;
  if (properties)
    return Object.entries(properties).map(([key, part]) => [key, part, !required.includes(key)] as const);
  if (items) return keysOf(items);
  return typeof others === 'object' ? keysOf(others) : [];
}
