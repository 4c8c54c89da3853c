/**
 * The level that Loki finds in each line by itself and adds as structured metadata. It is free of the rate limits, but not
 * of the limit on a message: a request of short lines grows by half.
 */
import type { LabelPairs } from './labels.js';

export const LEVEL_NAME = 'detected_level';

const FIELDS = ['level', 'LEVEL', 'Level', 'Severity', 'severity', 'SEVERITY', 'lvl', 'LVL', 'Lvl'];
const KNOWN: Record<string, string> = {
  trace: 'trace',
  trc: 'trace',
  debug: 'debug',
  dbg: 'debug',
  info: 'info',
  inf: 'info',
  warn: 'warn',
  wrn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  critical: 'critical',
  fatal: 'fatal',
};
const WORDS: [level: string, words: string[]][] = [
  ['info', ['info', 'INFO']],
  ['error', ['err:', 'ERR:', 'error', 'ERROR']],
  ['warn', ['warn:', 'WARN:', 'warning', 'WARNING']],
  ['critical', ['CRITICAL:', 'critical:']],
  ['debug', ['debug:', 'DEBUG:']],
];
const PAIR = /([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)/g;

/** The level of one entry: of its labels, else of its metadata, else of its text. */
export function detectLevel(labels: LabelPairs, metadata: LabelPairs, line: Buffer): string {
  const named = fieldOf(labels) ?? fieldOf(metadata);
  if (named !== undefined) return named;
  const text = line.toString('latin1');
  const trimmed = text.trim();
  let field: string | undefined;
  if (trimmed.startsWith('{') && trimmed.endsWith('}')) field = jsonField(trimmed);
  else if (text.includes('=')) field = logfmtField(text);
  const known = field === undefined ? undefined : KNOWN[field.toLowerCase()];
  return known ?? WORDS.find(([, words]) => words.some((word) => text.includes(word)))?.[0] ?? 'unknown';
}

function fieldOf(pairs: LabelPairs): string | undefined {
  if (pairs.length === 0) return undefined;
  for (const field of FIELDS) {
    const pair = pairs.find(([name]) => name === field);
    if (pair) return pair[1];
  }
  return undefined;
}

function jsonField(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const record = value as Record<string, unknown>;
  const field = FIELDS.find((name) => Object.hasOwn(record, name));
  return field === undefined ? undefined : String(record[field]);
}

/** Of several fields the one named first above. */
function logfmtField(text: string): string | undefined {
  let best = FIELDS.length;
  let value: string | undefined;
  for (const [, key, quoted] of text.matchAll(PAIR)) {
    const index = FIELDS.findIndex((name) => name.toLowerCase() === key.toLowerCase());
    if (index < 0 || index >= best) continue;
    best = index;
    value = quoted.startsWith('"') ? quoted.slice(1, -1) : quoted;
  }
  return value;
}
