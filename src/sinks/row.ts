/** One row of a decoded block as servers are told it: strings, for those that want them. */
import type { BlockLines } from '../pipeline/push-request.js';
import type { Level } from '../query/level-names.js';
import { levelOfLine } from '../query/told-level.js';

/** Most lines are of the second of the one before. */
let knownSecond = -1;
let knownText = '';

/** Whole, with nanoseconds: `2026-11-21T21:40:00.123456789Z`. */
export function timeText({ seconds, nanos }: BlockLines, row: number): string {
  const second = seconds[row];
  if (second !== knownSecond) {
    knownSecond = second;
    knownText = new Date(second * 1000).toISOString().slice(0, 19);
  }
  return `${knownText}.${String(nanos[row]).padStart(9, '0')}Z`;
}

/** U+FFFD for what is not UTF-8. */
export function lineText({ data, start, end }: BlockLines, row: number): string {
  return data.toString('utf8', start[row], end[row]);
}

/** `ofLabels` is what `levelOfLabels` says of its stream. */
export function levelAt(lines: BlockLines, row: number, ofLabels: Level | undefined): Level {
  const { data, start, end, metadataStart, metadataEnd } = lines;
  return levelOfLine(data, start[row], end[row], data, metadataStart[row], metadataEnd[row], ofLabels);
}
