/** A line that is longer than the buffer that files are read into: found to its end piece by piece, then read, whole or its head. */
import type { LogFile } from '../docker/json-file/log-file.js';
import type { Span } from '../docker/json-file/span.js';
import { type Encoding, indexOfNewline, newlineBytes } from './encodings.js';

/** Longer lines are not read whole: what is kept of them is cut out of their head. */
const LONGEST_LINE = 8 * 1024 * 1024;

export interface LongLine {
  /** Its first bytes; its newline too where it is whole. */
  readonly head: Buffer;
  /** Without its newline. */
  readonly bytes: number;
  /** With its newline, where it has one. */
  readonly move: number;
  /** `head` is all of it, to its newline. */
  readonly isWhole: boolean;
}

/**
 * The line at the span's place. `isLast`: nothing will be written behind it, so that it may have no newline. Undefined where
 * its end is not written yet, or the file is gone; where it was looked for is remembered in the span.
 */
export async function readLongLine(
  span: Span,
  buf: Buffer,
  {
    encoding,
    isLast,
    kept,
  }: { readonly encoding: Encoding; readonly isLast: boolean; readonly kept: number },
): Promise<LongLine | undefined> {
  const { file } = span.current;
  let at = Math.max(span.offset, span.searched);
  let newline = -1;
  for (let bytes = buf.length; bytes === buf.length && newline < 0 && !file.isClosed; ) {
    bytes = await file.read(buf, buf.length, at);
    newline = indexOfNewline(buf, bytes, encoding);
    at += newline < 0 ? bytes : newline;
  }
  span.searched = newline < 0 ? at : 0;
  if (file.isClosed || (newline < 0 && !isLast)) return undefined;
  const bytes = at - span.offset;
  const move = newline < 0 ? bytes : bytes + newlineBytes(encoding);
  const head = await readHead(file, span.offset, move <= LONGEST_LINE ? move : kept);
  return head && { head, bytes, move, isWhole: newline >= 0 && move === head.length };
}

/** Undefined where it is not all there. */
async function readHead(file: LogFile, offset: number, wanted: number): Promise<Buffer | undefined> {
  const head = Buffer.allocUnsafe(wanted);
  let length = 0;
  for (let read = 1; read > 0 && length < wanted; length += read)
    read = await file.read(head.subarray(length), wanted - length, offset + length);
  return file.isClosed || length < wanted ? undefined : head;
}
