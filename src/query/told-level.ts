/**
 * The level of a line with all that is known of it. In this order: its field `level` (or `detected_level`), the label of
 * that name of its stream, and what the line itself tells (level.ts). A field or label says it by a word, or a number as
 * pino and bunyan write them; one that is no level counts for nothing.
 */
import { FieldFinder, fieldName } from '../pipeline/metadata.js';
import type { Labels } from '../pipeline/streams.js';
import { isDigit } from './ascii.js';
import { levelOf } from './level.js';
import { wordLevel } from './level-json.js';
import { type Level, levelOfNumber } from './level-names.js';

const NAMES = ['level', 'detected_level'];
const FIELDS = NAMES.map(fieldName);

const finder = new FieldFinder();

/**
 * Of the line data[start .. end) with the fields pairs[from .. to), encoded; `ofLabels` is what `levelOfLabels` says of its
 * stream.
 */
export function levelOfLine(
  data: Buffer,
  start: number,
  end: number,
  pairs: Buffer,
  from: number,
  to: number,
  ofLabels: Level | undefined,
): Level {
  if (to > from) {
    for (const name of FIELDS) {
      if (!finder.find(pairs, from, to, name)) continue;
      const level = levelNamed(pairs, finder.start, finder.end);
      if (level !== 'unknown') return level;
    }
  }
  return ofLabels ?? levelOf(data, start, end);
}

/** Undefined where the labels do not tell it. */
export function levelOfLabels(labels: Labels): Level | undefined {
  for (const name of NAMES) {
    if (!Object.hasOwn(labels, name)) continue;
    const value = Buffer.from(labels[name]);
    const level = levelNamed(value, 0, value.length);
    if (level !== 'unknown') return level;
  }
  return undefined;
}

function levelNamed(data: Buffer, from: number, to: number): Level {
  if (from === to || !isDigit(data[from])) return wordLevel(data, from, to);
  let value = 0;
  for (let i = from; i < to && i < from + 4 && isDigit(data[i]); i++) value = value * 10 + data[i] - 0x30;
  return levelOfNumber(value, 'tens');
}
