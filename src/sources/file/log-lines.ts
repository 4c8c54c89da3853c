/** Takes the lines of one log out of the bytes of its files. What answers a promise asks to wait. */
import { LineFlag } from '../../pipeline/batch.js';
import { Decoder, type LineTarget } from '../docker/json-file/decode.js';
import type { LogFile } from '../docker/json-file/log-file.js';
import type { Span } from '../docker/json-file/span.js';
import type { Encoding } from './encodings.js';
import { readLongLine } from './long-line.js';
import type { LineDecoder, LogContext } from './types.js';

export class LogLines {
  readonly #context: Pick<LogContext, 'encodingOf' | 'decoderOf'>;
  readonly #target: LineTarget;
  readonly #encodings = new WeakMap<LogFile, Encoding>();

  constructor(context: Pick<LogContext, 'encodingOf' | 'decoderOf'>, target: LineTarget) {
    this.#context = context;
    this.#target = target;
  }

  /** Whole lines of the first `bytes` bytes of `buf`, which stand at the span's place. */
  decode(span: Span, buf: Buffer, bytes: number): Promise<void> | undefined {
    return bytes > 0 ? this.#decoderOf(span.current.file).decode(buf, bytes, span, this.#target) : undefined;
  }

  /** What stands behind the last newline of a file, as a line. */
  takeRest(span: Span, rest: Buffer): Promise<void> | undefined {
    const { length } = rest;
    if (length === 0) return undefined;
    return this.#decoderOf(span.current.file).takeRaw(rest, length, length, length, span, this.#target);
  }

  /** A line that is longer than `buf`, whole or its head; 'unended': its end is not written yet. */
  async takeLong(span: Span, buf: Buffer): Promise<'unended' | { readonly wait: Promise<void> | undefined }> {
    const encoding = this.#encodingOf(span.current.file);
    const decoder = this.#context.decoderOf(encoding);
    const isLast = !span.isInNewestFile;
    const line = await readLongLine(span, buf, { encoding, isLast, kept: 2 * decoder.maxLineBytes });
    if (!line) return 'unended';
    const { head, bytes, move, isWhole } = line;
    const wait = isWhole
      ? decoder.decode(head, head.length, span, this.#target)
      : decoder.takeRaw(head, Math.min(head.length, bytes), bytes, move, span, this.#target);
    return { wait };
  }

  /** Nothing will come that ends the lines that are open in a span. */
  endOpen(span: Span): Promise<void> | undefined {
    const decoder = this.#decoderOf(span.current.file);
    if (!(decoder instanceof Decoder)) return undefined;
    let wait: Promise<void> | undefined;
    for (const carry of [span.out, span.err])
      if (carry.isOpen) wait = decoder.pushOpenLine(span, carry, this.#target, LineFlag.incomplete) ?? wait;
    return wait;
  }

  /** Something else is in the file now. */
  forget(file: LogFile): void {
    this.#encodings.delete(file);
  }

  #encodingOf(file: LogFile): Encoding {
    const known = this.#encodings.get(file);
    if (known) return known;
    const encoding = this.#context.encodingOf(file);
    if (file.size > 2) this.#encodings.set(file, encoding);
    return encoding;
  }

  #decoderOf(file: LogFile): LineDecoder {
    return this.#context.decoderOf(this.#encodingOf(file));
  }
}
