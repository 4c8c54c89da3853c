/** One value of the configuration: a codec, with what it accepts told in words and for editors. */
import { z } from 'zod';

export type AnySchema = z.core.$ZodType;

export type Leaf<T> = z.ZodCodec<z.ZodUnknown, z.ZodCustom<T, T>>;

/** A piece of JSON Schema, draft 7. */
export type JsonSchema = { readonly [keyword: string]: unknown };

export interface LeafForm {
  /** In words: `a whole number from 1 to 10`. */
  readonly accepts: string;
  readonly json: JsonSchema;
  /** `path`: of a file or folder, made absolute. `secret`: never shown, and may be given as `<key>_file` too. */
  readonly role?: 'path' | 'secret';
}

const forms = new WeakMap<AnySchema, LeafForm>();

/**
 * Decoding takes what the file, the environment or a flag gave (all text in the latter two), encoding writes it as a
 * person would. `parse` answers undefined for what it does not accept, or throws a SyntaxError that says more; neither
 * the message nor the error may quote the value, which may be a secret.
 */
export function leaf<T>(
  form: LeafForm,
  parse: (value: unknown) => T | undefined,
  format: (value: T) => unknown = (value) => value,
): Leaf<T> {
  const schema = z.codec(z.unknown(), z.custom<T>(), {
    decode: (value, context) => {
      let more = '';
      try {
        const parsed = parse(value);
        if (parsed !== undefined) return parsed;
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        more = `: ${error.message}`;
      }
      context.issues.push({ code: 'custom', message: `must be ${form.accepts}${more}`, input: value });
      return z.NEVER;
    },
    encode: format,
  });
  forms.set(schema, form);
  return schema;
}

/** Undefined for what `leaf` did not make. */
export function formOf(schema: AnySchema): LeafForm | undefined {
  return forms.get(schema);
}
