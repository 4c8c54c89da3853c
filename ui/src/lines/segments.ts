/** A text cut at every place where its look changes. */
import type { Run } from '../lib/ansi.js';
import type { Mark } from '../query/terms.js';

export interface Segment {
  readonly text: string;
  /** Empty: as the text around it. */
  readonly classes: string;
  /** It is something that was looked for. */
  readonly isMarked: boolean;
}

/** `runs` and `marks` are in order, and apart from their own kind. Together the segments are the text. */
export function segmentsOf(text: string, runs: readonly Run[], marks: readonly Mark[]): Segment[] {
  if (runs.length === 0 && marks.length === 0)
    return text === '' ? [] : [{ text, classes: '', isMarked: false }];
  const segments: Segment[] = [];
  let run = 0;
  let mark = 0;
  for (let at = 0; at < text.length; ) {
    while (run < runs.length && runs[run].end <= at) run++;
    while (mark < marks.length && marks[mark][1] <= at) mark++;
    const inRun = run < runs.length && runs[run].start <= at;
    const inMark = mark < marks.length && marks[mark][0] <= at;
    const runChange = run < runs.length ? (inRun ? runs[run].end : runs[run].start) : text.length;
    const markChange = mark < marks.length ? marks[mark][inMark ? 1 : 0] : text.length;
    const end = Math.min(runChange, markChange);
    segments.push({ text: text.slice(at, end), classes: inRun ? runs[run].classes : '', isMarked: inMark });
    at = end;
  }
  return segments;
}
