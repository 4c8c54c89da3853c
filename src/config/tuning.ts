/**
 * What a container's label says of a processor (`log-capturer.multiline`, `.parse`, `.redact`):
 *
 *   false              none of this type
 *   true               as it is configured, else with defaults
 *   multiline          languages, `java, go`; else the pattern that lines begin with
 *   parse              a format
 *   redact             rules, `default, ip`
 *
 * What the label does not say is as configured, but for parse: fields and message are those of another format.
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
  /** Properties of what is configured that the label says nothing of. */
  readonly keeps: readonly string[];
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
    keeps: ['maxLines', 'maxBytes', 'timeoutMs'],
    accepts: 'false, languages such as "java, go", or the pattern of lines that begin an event',
  },
  parse: {
    schema: parse,
    keys: (format) => ({ format }),
    keeps: [],
    accepts: 'false, or a format such as json',
  },
  redact: {
    schema: redact,
    keys: (rules) => ({ rules }),
    keeps: ['patterns'],
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
  const isPlain = YES.includes(word);
  if (isPlain && configured) return withoutMatch(configured);
  const { schema, keys, keeps, accepts } = FORMS[type];
  const decoded = schema.safeDecode({ type, ...(isPlain ? {} : keys(value)) });
  const trouble = decoded.success ? troubleOf(decoded.data) : decoded.error.issues[0].message;
  if (!decoded.success || trouble !== undefined)
    throw new SyntaxError(`it must be ${accepts}${trouble === undefined ? '' : `; ${trouble}`}`);
  const kept = Object.entries(configured ?? {}).filter(([key]) => keeps.includes(key));
  return { ...decoded.data, ...Object.fromEntries(kept) };
}

/** What is wrong with a label; undefined where nothing is. */
export function tuningProblem(type: Tunable, label: string): string | undefined {
  try {
    tunedConfig(type, label);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return error.message;
  }
}

/** What the form alone does not tell. */
function troubleOf(config: ProcessorConfig): string | undefined {
  return config.type === 'parse' && config.format === 'regex'
    ? 'the pattern of format regex can only be configured'
    : undefined;
}

function withoutMatch(config: ProcessorConfig): ProcessorConfig {
  const { match, ...rest } = config;
  return match === undefined ? config : rest;
}
