/**
 * Lines of records that the engine had left out: late, with their own times. Where only some pieces of a line were missed
 * it cannot be made whole any more, as the others are delivered: its pieces are lines that are marked as incomplete.
 */
import { LineFlag } from '../../../pipeline/batch.js';
import { recordMark } from './ring.js';
import type { Missed } from './verification.js';

export interface MissedLine {
  readonly text: Buffer;
  readonly isStderr: boolean;
  /** Of its first piece. */
  readonly seconds: number;
  readonly nanos: number;
  readonly flags: number;
  /** Its records, and the sum of their marks. */
  readonly count: number;
  readonly sum: number;
}

/** `pieceBytes`: the shortest text without a newline that is a piece of a line. Records without their text are left out. */
export function missedLines(records: readonly Missed[], pieceBytes: number): MissedLine[] {
  const lines: MissedLine[] = [];
  const open: [Missed[], Missed[]] = [[], []];
  const close = (pieces: Missed[], flags: number): void => {
    if (pieces.length === 0) return;
    const [{ isStderr, seconds, nanos }] = pieces;
    const text = Buffer.concat(pieces.flatMap((piece) => piece.text ?? []));
    const sum = pieces.reduce((all, piece) => (all + recordMark(piece)) >>> 0, 0);
    lines.push({ text, isStderr, seconds, nanos, flags, count: pieces.length, sum });
    pieces.length = 0;
  };
  for (const record of records) {
    if (!record.text) continue;
    const pieces = open[record.isStderr ? 1 : 0];
    // All pieces of a line have the time of the first.
    if (pieces.length > 0 && !isSameTime(pieces[0], record)) close(pieces, LineFlag.incomplete);
    pieces.push(record);
    const isPiece = !record.endsLine && record.text.length >= pieceBytes;
    if (!isPiece) close(pieces, 0);
  }
  for (const pieces of open) close(pieces, LineFlag.incomplete);
  return lines;
}

function isSameTime(a: Missed, b: Missed): boolean {
  return a.nanos === b.nanos && a.seconds === b.seconds;
}
