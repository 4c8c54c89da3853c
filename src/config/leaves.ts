/**
 * The kinds of values that a key can have. Each is a codec: decoding takes what the file, the environment or a flag
 * gave (all text in the latter two), encoding writes it as a person would.
 */
import { z } from 'zod';
import {
  formatDuration,
  formatPercent,
  formatSize,
  parseDuration,
  parsePercent,
  parseSize,
} from '../runtime/units.js';

export type Leaf<T> = z.ZodCodec<z.ZodUnknown, z.ZodCustom<T, T>>;

const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

function leaf<T>(
  accepts: string,
  parse: (value: unknown) => T | undefined,
  format: (value: T) => unknown = (value) => value,
): Leaf<T> {
  return z.codec(z.unknown(), z.custom<T>(), {
    decode: (value, context) => {
      const parsed = parse(value);
      if (parsed !== undefined) return parsed;
      context.issues.push({ code: 'custom', message: `must be ${accepts}`, input: value });
      return z.NEVER;
    },
    encode: format,
  });
}

export const text = (accepts: string): Leaf<string> =>
  leaf(accepts, (value) => (typeof value === 'string' && value.trim() !== '' ? value : undefined));

export const anyText = (): Leaf<string> =>
  leaf('text, such as "a" (numbers, true and false in quotes)', (value) =>
    typeof value === 'string' ? value : undefined,
  );

export function oneOf<T extends string>(...words: readonly T[]): Leaf<T> {
  return leaf(words.join(' or '), (value) => words.find((word) => word === value));
}

export const flag = (): Leaf<boolean> =>
  leaf('true or false', (value) => {
    if (typeof value === 'boolean') return value;
    return value === 'true' ? true : value === 'false' ? false : undefined;
  });

/** A whole number between `least` and `most`. */
export function whole(least: number, most: number, example: number): Leaf<number> {
  const accepts = `a whole number from ${least} to ${most}, such as ${example}`;
  return leaf(accepts, (value) => {
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value) : value;
    return Number.isInteger(number) && (number as number) >= least && (number as number) <= most
      ? (number as number)
      : undefined;
  });
}

/** Bytes, at least `least`. */
export function size(least: number, example: string): Leaf<number> {
  const accepts = `a size of at least ${formatSize(least)}, such as ${example} or plain bytes`;
  return leaf(accepts, (value) => atLeast(parseSize(value), least), formatSize);
}

/** Milliseconds, at least `leastMs`. */
export function duration(leastMs: number, example: string): Leaf<number> {
  const least = leastMs > 0 ? ` of at least ${formatDuration(leastMs)}` : '';
  return leaf(
    `a duration${least}, such as ${example} (units: ms, s, m, h, d, w)`,
    (value) => atLeast(parseDuration(value), leastMs),
    formatDuration,
  );
}

export const percent = (example: string): Leaf<number> =>
  leaf(`a percentage from 0% to 100%, such as ${example}`, parsePercent, formatPercent);

export const startAt = (): Leaf<'beginning' | 'end' | number> =>
  leaf(
    'beginning, end or an age, such as 24h (units: ms, s, m, h, d, w)',
    (value) => (value === 'beginning' || value === 'end' ? value : parseDuration(value)),
    (value) => (typeof value === 'number' ? formatDuration(value) : value),
  );

/** A list of texts; in the environment separated by commas. */
export const texts = (example: string): Leaf<readonly string[]> =>
  leaf(`a list of texts, such as ${example}`, (value) => {
    const items = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
    const isList = Array.isArray(items) && items.every((item) => typeof item === 'string' && item !== '');
    return isList ? (items as string[]) : undefined;
  });

/** A stream label's name, as Loki accepts it. */
export const labelName = (): Leaf<string> =>
  leaf('a label name: letters, digits and _, beginning with a letter', (value) =>
    typeof value === 'string' && LABEL_NAME.test(value) ? value : undefined,
  );

/** The name of a source or sink: it becomes part of file names and metrics. */
export const componentName = (): Leaf<string> =>
  leaf('letters, digits, -, _ and ., beginning with a letter or digit, at most 64', (value) =>
    typeof value === 'string' && /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/.test(value) ? value : undefined,
  );

function atLeast(value: number | undefined, least: number): number | undefined {
  return value !== undefined && value >= least ? value : undefined;
}
