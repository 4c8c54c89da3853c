/** The kinds of values that a key can have. */
import {
  formatDuration,
  formatPercent,
  formatSize,
  parseDuration,
  parsePercent,
  parseSize,
} from '../runtime/units.js';
import { type JsonSchema, type Leaf, leaf } from './leaf.js';

const LABEL_NAME = '^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$';
const COMPONENT_NAME = '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$';
const DURATION = '^\\d+(\\.\\d+)?\\s*(ms|s|m|h|d|w|MS|S|M|H|D|W)$';
const SIZE = '^\\d+(\\.\\d+)?\\s*([kKmMgGtT]?[iI]?[bB]?|[kKmMgGtT])$';
const PERCENT = '^\\d{1,3}(\\.\\d+)?\\s*%$';
const BASE_PATH = '^(/[A-Za-z0-9._~-]+)*/?$';
const SOME_TEXT: JsonSchema = { type: 'string', minLength: 1 };

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

export const text = (accepts: string): Leaf<string> =>
  leaf({ accepts, json: SOME_TEXT }, (value) => (isText(value) ? value : undefined));

/** A file or folder. */
export const path = (accepts: string): Leaf<string> =>
  leaf({ accepts, json: SOME_TEXT, role: 'path' }, (value) => (isText(value) ? value : undefined));

export const anyText = (): Leaf<string> =>
  leaf(
    { accepts: 'text, such as "a" (numbers, true and false in quotes)', json: { type: 'string' } },
    (value) => (typeof value === 'string' ? value : undefined),
  );

/** Text of a certain form; `pattern` matches all of it. */
export const textLike = (accepts: string, pattern: string): Leaf<string> => {
  const expression = new RegExp(pattern, 'u');
  return leaf({ accepts, json: { type: 'string', pattern } }, (value) =>
    typeof value === 'string' && expression.test(value) ? value : undefined,
  );
};

export function oneOf<T extends string>(...words: readonly T[]): Leaf<T> {
  return leaf({ accepts: words.join(' or '), json: { enum: words } }, (value) =>
    words.find((word) => word === value),
  );
}

export const flag = (): Leaf<boolean> =>
  leaf({ accepts: 'true or false', json: { type: 'boolean' } }, (value) => {
    if (typeof value === 'boolean') return value;
    return value === 'true' ? true : value === 'false' ? false : undefined;
  });

/** A whole number between `least` and `most`. */
export function whole(least: number, most: number, example: number): Leaf<number> {
  const accepts = `a whole number from ${least} to ${most}, such as ${example}`;
  return leaf({ accepts, json: { type: 'integer', minimum: least, maximum: most } }, (value) => {
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value) : value;
    return Number.isInteger(number) && (number as number) >= least && (number as number) <= most
      ? (number as number)
      : undefined;
  });
}

/** A number above `least`, at most `most`. */
export function number(least: number, most: number, example: number): Leaf<number> {
  const accepts = `a number above ${least}, at most ${most}, such as ${example}`;
  return leaf({ accepts, json: { type: 'number', exclusiveMinimum: least, maximum: most } }, (value) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && number > least && number <= most ? number : undefined;
  });
}

/** Bytes. */
export function size(least: number, example: string, most = Number.MAX_SAFE_INTEGER): Leaf<number> {
  const limit =
    most === Number.MAX_SAFE_INTEGER
      ? `of at least ${formatSize(least)}`
      : `from ${formatSize(least)} to ${formatSize(most)}`;
  const accepts = `a size ${limit}, such as ${example} or plain bytes`;
  const json = { type: ['string', 'integer'], pattern: SIZE, minimum: least, maximum: most };
  return leaf({ accepts, json }, (value) => between(parseSize(value), least, most), formatSize);
}

/** Milliseconds, from `leastMs` to `mostMs`. */
export function duration(leastMs: number, example: string, mostMs = Number.MAX_SAFE_INTEGER): Leaf<number> {
  const least = leastMs > 0 ? ` of at least ${formatDuration(leastMs)}` : '';
  const most = mostMs < Number.MAX_SAFE_INTEGER ? ` and at most ${formatDuration(mostMs)}` : '';
  const accepts = `a duration${least}${most}, such as ${example} (units: ms, s, m, h, d, w)`;
  const text = { type: 'string', pattern: DURATION };
  const json = leastMs > 0 ? text : { anyOf: [text, { enum: [0, '0'] }] };
  return leaf({ accepts, json }, (value) => between(parseDuration(value), leastMs, mostMs), formatDuration);
}

export const percent = (example: string): Leaf<number> =>
  leaf(
    {
      accepts: `a percentage from 0% to 100%, such as ${example}`,
      json: { type: 'string', pattern: PERCENT },
    },
    parsePercent,
    formatPercent,
  );

export const startAt = (): Leaf<'beginning' | 'end' | number> =>
  leaf(
    {
      accepts: 'beginning, end or an age, such as 24h (units: ms, s, m, h, d, w)',
      json: { anyOf: [{ enum: ['beginning', 'end', 0, '0'] }, { type: 'string', pattern: DURATION }] },
    },
    (value) => (value === 'beginning' || value === 'end' ? value : parseDuration(value)),
    (value) => (typeof value === 'number' ? formatDuration(value) : value),
  );

/** A list of texts; in the environment separated by commas. */
export const texts = (example: string): Leaf<readonly string[]> =>
  leaf(
    { accepts: `a list of texts, such as ${example}`, json: { type: ['array', 'string'], items: SOME_TEXT } },
    (value) => {
      const items = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
      const isList = Array.isArray(items) && items.every((item) => typeof item === 'string' && item !== '');
      return isList ? (items as string[]) : undefined;
    },
  );

/** `/logs`, without a slash at the end; empty, as `/` is: none. */
export const basePath = (): Leaf<string> =>
  leaf({ accepts: 'a path such as /logs', json: { type: 'string', pattern: BASE_PATH } }, (value) =>
    typeof value === 'string' && new RegExp(BASE_PATH).test(value) ? value.replace(/\/$/, '') : undefined,
  );

/** A stream label's name, as Loki accepts it. */
export const labelName = (): Leaf<string> =>
  textLike('a label name: letters, digits and _, beginning with a letter', LABEL_NAME);

/** The name of a source or sink: it becomes part of file names and metrics. */
export const componentName = (): Leaf<string> =>
  textLike('letters, digits, -, _ and ., beginning with a letter or digit, at most 64', COMPONENT_NAME);

function between(value: number | undefined, least: number, most: number): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined;
}
