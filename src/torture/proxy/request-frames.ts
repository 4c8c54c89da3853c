/**
 * Divides what an HTTP client sends over one connection into requests, without changing a byte. Bodies have a
 * Content-Length; a request without one has no body.
 */
const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const NOTHING = Buffer.alloc(0);

export interface Frame<T> {
  /** As `onRequest` answered it. */
  readonly request: T;
  /** The next bytes of it. */
  readonly bytes: Buffer;
  /** Where they begin in the request, and how long that is, head included. */
  readonly from: number;
  readonly size: number;
}

export class RequestFrames<T> {
  readonly #onRequest: () => T;
  #head: Buffer = NOTHING;
  #current: { readonly request: T; readonly size: number; seen: number } | undefined;

  /** `onRequest` is called when the head of a request is complete, before its first frame. */
  constructor(onRequest: () => T) {
    this.#onRequest = onRequest;
  }

  *feed(chunk: Buffer): Generator<Frame<T>> {
    let rest = chunk;
    while (rest.length > 0) {
      if (!this.#current) {
        this.#head = Buffer.concat([this.#head, rest]);
        const end = this.#head.indexOf(HEAD_END);
        if (end < 0) return;
        const length = LENGTH.exec(this.#head.toString('latin1', 0, end + 2))?.[1] ?? '0';
        this.#current = { request: this.#onRequest(), size: end + HEAD_END.length + Number(length), seen: 0 };
        rest = this.#head;
        this.#head = NOTHING;
      }
      const { request, size, seen } = this.#current;
      const bytes = rest.subarray(0, size - seen);
      rest = rest.subarray(bytes.length);
      this.#current.seen += bytes.length;
      if (this.#current.seen === size) this.#current = undefined;
      yield { request, bytes, from: seen, size };
    }
  }
}
