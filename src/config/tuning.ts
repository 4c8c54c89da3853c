/**
 * What a container's label says of a processor (`log-capturer.multiline`, `.parse`, `.redact`):
 *
 *   false              none of this type
 *   true               as it is configured, else with defaults
 *   multiline          languages, `java, go`; else the pattern that lines begin with
 *   parse              a format
 *   redact             rules, `default, ip`
 *
 * What the label does not say is as configured.
 */
import type { z } from 'zod';
import type { Tunable } from '../processors/chain-for.js';
import type { ProcessorConfig } from './processor-types.js';
import { multiline } from './schema/processors/multiline.js';
import { parse } from './schema/processors/parse.js';
import { redact } from './schema/processors/redact.js';

const NO = ['false', 'no', 'off', '0'];
const YES = ['true', 'yes', 'on', '1', ''];

interface Form {
  readonly schema: z.ZodType<ProcessorConfig>;
  /** Keys of the configuration, as people write them. */
  readonly keys: (value: string) => Readonly<Record<string, unknown>>;
  /** What would be right. */
  readonly accepts: string;
}

const FORMS: Readonly<Record<Tunable, Form>> = {
  multiline: {
    schema: multiline,
    keys: (value) => {
      const languages = value.split(',').map((language) => language.trim());
      const isLanguages = multiline.safeDecode({ type: 'multiline', languages }).success;
      return isLanguages ? { languages } : { start: value };
    },
    accepts: 'false, languages such as "java, go", or the pattern that the first line of an event matches',
  },
  parse: {
    schema: parse,
    keys: (format) => ({ format }),
    accepts: 'false, or a format such as json',
  },
  redact: {
    schema: redact,
    keys: (rules) => ({ rules }),
    accepts: 'false, or rules such as "default, ip"',
  },
};

/** Undefined: no such processor. Throws a SyntaxError that says what is accepted. */
export function tunedConfig(
  type: Tunable,
  label: string,
  configured?: ProcessorConfig,
): ProcessorConfig | undefined {
  const value = label.trim();
  const word = value.toLowerCase();
  if (NO.includes(word)) return undefined;
  if (YES.includes(word) && configured) return configured;
  const { schema, keys, accepts } = FORMS[type];
  const decoded = schema.safeDecode({ type, ...(YES.includes(word) ? {} : keys(value)) } as never);
  if (!decoded.success) {
    const what = decoded.error.issues.map(({ message }) => message).join('; ');
    throw new SyntaxError(`it must be ${accepts} (${what})`);
  }
  const { match: _, ...base } = configured ?? {};
  const said = Object.keys(keys(value));
  return {
    ...decoded.data,
    ...base,
    ...Object.fromEntries(said.map((key) => [key, decoded.data[key as never]])),
  } as ProcessorConfig;
}
