/** What a line is in JSON that a server defines: times and texts, one string each. */
import type { BlockLines } from '../pipeline/push-request.js';

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
