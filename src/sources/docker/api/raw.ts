/**
 * The stream of a container with a terminal: records one after the other, all stdout, with nothing between them.
 *
 * A record ends with its newline. One without is told apart from the next by what comes behind it:
 * - the same time again, at least a piece's size later: both are pieces of one line;
 * - a later time, where a write of the engine begins: the process ended there, and this is the next one's first line.
 *   A text that holds a time is none: a program's own times are not later than the engine's for the same line. Where a
 *   proxy joins writes this cannot be seen, and the two lines come as one.
 * - the end of the stream.
 */
import { PIECE_BYTES } from '../json-file/decode.js';
import { NEWLINE, type RecordDecoder, type RecordSink, StampParser } from './records.js';

const ENGINE_ERROR = Buffer.from('Error grabbing logs: ');
/** No record is so long: what has neither newline nor time for so long is cut there. */
const LONGEST_RECORD = 1024 * 1024;

export class RawDecoder implements RecordDecoder {
  readonly needed = 1;
  readonly #stamp = new StampParser();
  readonly #nextStamp = new StampParser();
  readonly #pieceBytes: number;

  /** `pieceBytes` is the engine's, smaller only in tests. */
  constructor(pieceBytes = PIECE_BYTES) {
    this.#pieceBytes = pieceBytes;
  }

  decode(buf: Buffer, length: number, starts: readonly number[], isEnd: boolean, sink: RecordSink): number {
    let at = 0;
    let next = 0;
    while (at < length) {
      while (next < starts.length && starts[next] <= at) next++;
      const text = this.#stamp.parse(buf, at, length);
      const newline = buf.indexOf(NEWLINE, at);
      const lineEnd = newline < 0 || newline >= length ? length : newline;
      const isWhole = lineEnd < length;
      if (text < 0) {
        if (!isWhole && !isEnd && length - at < LONGEST_RECORD) break;
        const from = at;
        at = isWhole ? lineEnd + 1 : lineEnd;
        if (isAt(buf, from, lineEnd, ENGINE_ERROR)) sink.engineError(buf.toString('utf8', from, lineEnd));
        else if (!sink.malformed(buf, from, lineEnd, false)) break;
        continue;
      }
      const border = this.#border(buf, at, text, lineEnd, starts, next);
      if (border < 0 && !isWhole && !isEnd && length - at < LONGEST_RECORD) break;
      const end = border < 0 ? lineEnd : border;
      const endsLine = border < 0 && isWhole;
      at = endsLine ? end + 1 : end;
      const { seconds, nanos } = this.#stamp.time;
      if (!sink.record(buf, text, end, endsLine, false, seconds, nanos)) break;
    }
    return at;
  }

  /** Where in buf[text .. lineEnd) the next record begins; -1 where none does. */
  #border(
    buf: Buffer,
    from: number,
    text: number,
    lineEnd: number,
    starts: readonly number[],
    next: number,
  ): number {
    const piece =
      lineEnd - text > this.#pieceBytes ? buf.indexOf(buf.subarray(from, text), text + this.#pieceBytes) : -1;
    const samePiece = piece >= 0 && piece < lineEnd ? piece : -1;
    for (let i = next; i < starts.length && starts[i] < lineEnd; i++) {
      const start = starts[i];
      if (samePiece >= 0 && start >= samePiece) break;
      if (start >= text && this.#isLater(buf, start, lineEnd)) return start;
    }
    return samePiece;
  }

  #isLater(buf: Buffer, at: number, to: number): boolean {
    const { time: begun } = this.#stamp;
    const { time } = this.#nextStamp;
    if (this.#nextStamp.parse(buf, at, to) < 0) return false;
    return time.seconds > begun.seconds || (time.seconds === begun.seconds && time.nanos > begun.nanos);
  }
}

function isAt(buf: Buffer, from: number, to: number, bytes: Buffer): boolean {
  return to - from >= bytes.length && buf.compare(bytes, 0, bytes.length, from, from + bytes.length) === 0;
}
