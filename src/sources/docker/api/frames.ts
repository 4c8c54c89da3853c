/**
 * The stream of a container without a terminal: frames, each with one record.
 *
 *   kind  1 byte   0 and 1 stdout, 2 stderr, 3 a message of the engine itself
 *   zero  3 bytes
 *   size  4 bytes, big endian, of what follows
 *
 * A record without a time is handed on as it is: nothing that a container wrote is dropped for its form.
 */
import { ForeignStream, NEWLINE, type RecordDecoder, type RecordSink, StampParser } from './records.js';

const HEADER_BYTES = 8;
const STDERR = 2;
const ENGINE = 3;
/** Records have about 16 KiB; some drivers keep longer lines in one. */
const LARGEST_FRAME = 16 * 1024 * 1024;
const LONGEST_MESSAGE = 1000;

export class FrameDecoder implements RecordDecoder {
  needed = HEADER_BYTES;
  readonly #stamp = new StampParser();

  decode(buf: Buffer, length: number, _starts: readonly number[], _isEnd: boolean, sink: RecordSink): number {
    let at = 0;
    this.needed = HEADER_BYTES;
    while (length - at >= HEADER_BYTES) {
      const kind = buf[at];
      const size = buf.readUInt32BE(at + 4);
      if (kind > ENGINE || (buf[at + 1] | buf[at + 2] | buf[at + 3]) !== 0 || size > LARGEST_FRAME)
        throw new ForeignStream('there is no frame where one has to begin');
      const start = at + HEADER_BYTES;
      const end = start + size;
      if (end > length) {
        this.needed = HEADER_BYTES + size;
        break;
      }
      at = end;
      if (kind === ENGINE)
        sink.engineError(buf.toString('utf8', start, Math.min(end, start + LONGEST_MESSAGE)).trim());
      else if (!this.#take(buf, start, end, kind === STDERR, sink)) break;
    }
    return at;
  }

  #take(buf: Buffer, start: number, end: number, isStderr: boolean, sink: RecordSink): boolean {
    const endsLine = end > start && buf[end - 1] === NEWLINE;
    const textEnd = endsLine ? end - 1 : end;
    const text = this.#stamp.parse(buf, start, textEnd);
    if (text < 0) return sink.malformed(buf, start, textEnd, isStderr);
    const { seconds, nanos } = this.#stamp.time;
    return sink.record(buf, text, textEnd, endsLine, isStderr, seconds, nanos);
  }
}
