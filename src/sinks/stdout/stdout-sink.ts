/**
 * Every line as one line of JSON on standard output, for pipes and first looks.
 *
 *   {"time":"2026-11-21T21:40:00.123456789Z","labels":{"container":"web","stream":"stdout"},"line":"…"}\n
 *
 * Where the line has fields, `"fields":{"status":"200"}` follows.
 *
 * A delivery is done when the reader's pipe has it, so a slow reader is waited for, and lines are written again after a
 * kill: at least once. What is written is valid JSON without control characters, whatever the line holds.
 */
import type { Block, Cursor, Delivered, Sink } from '../../pipeline/contract.js';
import { shownLabels } from '../../pipeline/hidden-labels.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { parseLabelText } from '../../pipeline/streams.js';
import { AgentError, systemCode } from '../../runtime/errors.js';
import type { Scope } from '../../runtime/scope.js';
import { LineFormatter, type Middle } from '../file/line-format.js';

const NOTHING_REJECTED: ReadonlyMap<string, number> = new Map();
/** Where containers come and go, what is kept of each stream must not look like a leak. */
const MAX_KNOWN_STREAMS = 256;

export class StdoutSink implements Sink {
  readonly name: string;
  readonly concurrency = 1;
  readonly maxRawBytes = 1024 * 1024;
  readonly batchWaitMs = 0;
  readonly retained = undefined;
  readonly #output: NodeJS.WritableStream;
  readonly #lines = new BlockLines();
  #formatter = new LineFormatter('json');
  readonly #middles = new Map<string, Middle>();

  constructor(name: string, output: NodeJS.WritableStream) {
    this.name = name;
    this.#output = output;
  }

  async open(scope: Scope): Promise<Cursor | undefined> {
    // The write that fails tells; without a listener the event would end the process.
    const ignore = (): void => {};
    this.#output.on('error', ignore);
    scope.own('listener', 'errors of standard output', () => {
      this.#output.off('error', ignore);
    });
    return undefined;
  }

  /** Throws SINK_WRITE, retryable, where nobody reads any more, JOURNAL_DAMAGED where a block cannot be read. */
  async deliver(blocks: readonly Block[], _cursor: Cursor, signal: AbortSignal): Promise<Delivered> {
    let delivered = 0;
    this.#formatter.reset();
    for (const block of blocks) delivered += this.#format(block);
    await this.#write(this.#formatter.slice(0, this.#formatter.end), signal);
    return { delivered, rejected: NOTHING_REJECTED };
  }

  async close(): Promise<void> {}

  #format(block: Block): number {
    const lines = this.#lines;
    decodeBlock(block.payload, lines);
    const middles = lines.streams.map((labels) => this.#middle(labels));
    this.#formatter.load(lines, Math.max(0, ...middles.map(({ length }) => length)));
    for (let row = 0; row < lines.length; row++) this.#formatter.add(row, middles[lines.stream[row]]);
    return lines.length;
  }

  #middle(labels: string): Middle {
    const known = this.#middles.get(labels);
    if (known) return known;
    if (this.#middles.size >= MAX_KNOWN_STREAMS) this.#middles.clear();
    const middle = this.#formatter.jsonMiddle(
      `"labels":${JSON.stringify(shownLabels(parseLabelText(labels)))}`,
    );
    this.#middles.set(labels, middle);
    return middle;
  }

  /** Resolves when the bytes are out of this process's hands. */
  #write(bytes: Buffer, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown): void => {
        signal.removeEventListener('abort', onAbort);
        if (error === undefined || error === null) return resolve();
        // The stream may still hold the formatter's bytes.
        this.#formatter = new LineFormatter('json');
        reject(refused(error));
      };
      const onAbort = (): void => settle(signal.reason);
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#output.write(bytes, settle);
    });
  }
}

function refused(cause: unknown): AgentError {
  const why = systemCode(cause) === 'EPIPE' ? 'nobody reads it any more' : (cause as Error).message;
  return new AgentError('SINK_WRITE', `Standard output takes no lines: ${why}.`, { retryable: true, cause });
}
