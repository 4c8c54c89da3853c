/**
 * How programs call their levels. Words are looked up by a hash of their bytes, case ignored, so that no string is made
 * of a line; another word with the same hash would be taken for one of these, which harms nobody.
 */
export const LEVELS = ['critical', 'error', 'warn', 'info', 'debug', 'trace', 'unknown'] as const;
export type Level = (typeof LEVELS)[number];

export type WordForm =
  /** Counts by itself where it stands in capitals, and in any case where it is marked: [error], error: */
  | 'plain'
  /** Counts in brackets, and in capitals before a colon. */
  | 'marked'
  /** Counts as the value of a field only. */
  | 'value'
  /** The name of the field that tells the level, in key=value. */
  | 'key'
  /** Counts at the very beginning of a line. */
  | 'first';

export interface LevelWord {
  readonly length: number;
  readonly level: Level;
  readonly form: WordForm;
}

const NAMES: readonly (readonly [level: Level, form: WordForm, words: string])[] = [
  ['critical', 'plain', 'critical crit fatal fata ftl panic pani emerg emergency'],
  ['critical', 'marked', 'alert'],
  ['critical', 'value', 'f c'],
  ['error', 'plain', 'error err erro severe'],
  ['error', 'first', 'fail traceback exception'],
  ['error', 'value', 'eror e'],
  ['warn', 'plain', 'warning warn wrn'],
  ['warn', 'value', 'w'],
  ['info', 'plain', 'info inf notice'],
  ['info', 'marked', 'information note system log'],
  ['info', 'value', 'informational i n'],
  ['debug', 'plain', 'debug dbg dbug debu'],
  ['debug', 'marked', 'fine'],
  ['debug', 'value', 'd'],
  ['trace', 'plain', 'trace trc trce trac vrb'],
  ['trace', 'marked', 'finer finest verbose'],
  ['trace', 'value', 't v'],
  ['unknown', 'key', 'level lvl severity loglevel'],
];
/** Fields of JSON objects; their numbers are pino's and bunyan's, or syslog's. */
const FIELDS: readonly (readonly [numbers: FieldNumbers, names: string])[] = [
  ['tens', 'level lvl loglevel log_level log.level'],
  ['syslog', 'severity priority syslog_severity'],
  ['none', 'levelname severity_text severitytext @l s'],
];

export type FieldNumbers = 'tens' | 'syslog' | 'none';

const SEVERITIES: readonly Level[] = [
  'critical',
  'critical',
  'critical',
  'error',
  'warn',
  'info',
  'info',
  'debug',
];
const TENS: readonly Level[] = ['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'critical'];

/** To begin a hash with. */
export const NO_BYTES = 0;

/** The hash with one more byte; keeps within what is no object for the engine. */
export function hashed(hash: number, byte: number): number {
  return (Math.imul(hash, 33) + (byte | 0x20)) & 0x3fffffff;
}

const WORDS = new Map<number, LevelWord>();
for (const [level, form, words] of NAMES)
  for (const word of words.split(' ')) WORDS.set(hashOf(word), { length: word.length, level, form });
/** 1 where a hash of a word ends so: nearly no other word does, and needs no look into the map. */
const MASK = 0xfff;
const MAY_BE = new Uint8Array(MASK + 1);
for (const hash of WORDS.keys()) MAY_BE[hash & MASK] = 1;
const FIELD_NUMBERS = new Map<number, FieldNumbers>();
for (const [numbers, names] of FIELDS)
  for (const name of names.split(' ')) FIELD_NUMBERS.set(hashOf(name), numbers);

function hashOf(word: string): number {
  return Buffer.from(word).reduce(hashed, NO_BYTES);
}

export function levelWord(hash: number, length: number): LevelWord | undefined {
  if (MAY_BE[hash & MASK] === 0) return undefined;
  const word = WORDS.get(hash);
  return word?.length === length ? word : undefined;
}

/** What numbers mean in the field with this name; undefined where it does not tell the level. */
export function levelField(hash: number): FieldNumbers | undefined {
  return FIELD_NUMBERS.get(hash);
}

/** Of 0 to 7. */
export function levelOfSeverity(severity: number): Level {
  return SEVERITIES[severity] ?? 'unknown';
}

/** Of a number in a field: 10, 20, … as pino and bunyan write them, or a syslog severity. */
export function levelOfNumber(value: number, numbers: FieldNumbers): Level {
  if (numbers === 'syslog' && value < 8) return levelOfSeverity(value);
  if (numbers === 'none' || value < 10 || value > 100) return 'unknown';
  return TENS[Math.min(6, Math.floor(value / 10))];
}
