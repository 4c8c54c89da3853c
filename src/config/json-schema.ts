/**
 * The configuration for editors: JSON Schema (draft 7) made from the one schema. It accepts what the program accepts, and
 * `${VARIABLE}` for every value; some of what the program refuses (combinations of keys, ranges of sizes) passes here.
 */
import { z } from 'zod';
import { impliedNames, impliedType } from './implied.js';
import { acceptedWords, optionsOf, shapeOf } from './keys.js';
import { type AnySchema, formOf, type JsonSchema } from './leaf.js';
import { configSchema } from './schema/index.js';
import type { Key } from './section.js';

const VARIABLE: JsonSchema = { $ref: '#/definitions/variable' };

export function configJsonSchema(): JsonSchema {
  const definitions: Record<string, JsonSchema> = {
    variable: {
      description: 'Text with a variable of the environment in it.',
      type: 'string',
      pattern: '\\$\\{',
    },
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of log-capturer',
    ...schemaOf(configSchema, definitions, ''),
    definitions,
  };
}

/** `name` is that of the key: definitions of components are called after it. */
function schemaOf(schema: AnySchema, definitions: Record<string, JsonSchema>, name: string): JsonSchema {
  const options = optionsOf(schema);
  if (options) {
    for (const [type, option] of options)
      definitions[`${name}.${type}`] ??= schemaOf(option, definitions, name);
    return {
      type: 'object',
      required: ['type'],
      anyOf: [...options.keys()].map((type) => reference(name, type)),
    };
  }
  const shape = shapeOf(schema);
  if (shape.kind === 'section') return sectionSchema(shape.keys, definitions);
  if (shape.kind === 'named') {
    const component = schemaOf(shape.value, definitions, name);
    const names = formOf(shape.name)?.json;
    const implied = impliedNames(shape.value).map((known) => {
      const type = impliedType(shape.value, known) ?? '';
      const { anyOf } = component;
      return [
        known,
        // oxlint-disable-next-line unicorn/no-thenable
        { if: { type: 'object', required: ['type'] }, then: { anyOf }, else: reference(name, type) },
      ];
    });
    return {
      type: ['object', 'null'],
      ...(implied.length > 0 ? { properties: Object.fromEntries(implied) } : {}),
      additionalProperties: component,
      ...(names === undefined ? {} : { propertyNames: names }),
    };
  }
  if (shape.kind === 'list')
    return { type: ['array', 'null'], items: schemaOf(shape.value, definitions, name) };
  if (shape.form) return orVariable(shape.form.json);
  const [word] = acceptedWords(schema);
  return word === undefined ? {} : { const: word };
}

function sectionSchema(keys: ReadonlyMap<string, Key>, definitions: Record<string, JsonSchema>): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [key, { schema, what }] of keys) {
    const preset = defaultOf(schema);
    properties[key] = {
      description: what,
      ...(preset === undefined ? {} : { default: preset }),
      ...schemaOf(schema, definitions, key),
    };
    if (isRequired(schema) && key !== 'type' && shapeOf(schema).kind === 'leaf') required.push(key);
  }
  return {
    type: ['object', 'null'],
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

function reference(name: string, type: string): JsonSchema {
  return { $ref: `#/definitions/${name}.${type}` };
}

/** What accepts any text accepts variables already. */
function orVariable(json: JsonSchema): JsonSchema {
  const isAnyText = json['type'] === 'string' && json['pattern'] === undefined;
  if (isAnyText) return json;
  return { anyOf: [...(Array.isArray(json['anyOf']) ? json['anyOf'] : [json]), VARIABLE] };
}

/** As a file would hold it; undefined where there is none, or it is only that of the keys within. */
export function defaultOf(schema: AnySchema): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type !== 'default') return undefined;
  return z.encode(def.innerType as z.ZodType, def.defaultValue);
}

export function isRequired(schema: AnySchema): boolean {
  const { type } = schema._zod.def;
  return type !== 'optional' && type !== 'default' && type !== 'prefault';
}
