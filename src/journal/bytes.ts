/**
 * Little binary helpers for what is written once per block, not per line: varints as in protobuf (seven bits a byte,
 * least significant first) up to 2^53, and texts as a varint length and UTF-8 bytes.
 */
import { AgentError } from '../runtime/errors.js';

export class ByteWriter {
  #bytes = Buffer.allocUnsafe(512);
  #length = 0;

  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length);
  }

  /** What was written; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Reads what ByteWriter wrote. Throws JOURNAL_DAMAGED where the bytes end too early. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      if (this.#at >= this.#bytes.length) throw damaged();
      const byte = this.#bytes[this.#at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw damaged();
  }

  text(): string {
    const length = this.varint();
    if (this.#at + length > this.#bytes.length) throw damaged();
    return this.#bytes.toString('utf8', this.#at, (this.#at += length));
  }
}

function damaged(): AgentError {
  return new AgentError('JOURNAL_DAMAGED', 'A block directory of the journal ends too early.');
}
