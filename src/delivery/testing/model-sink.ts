/** A sink that decodes what it is given, and a store of it that outlives the process. */
import { linesOf } from '../../journal/testing/test-kit.js';
import type { Block, Cursor, Delivered, Sink } from '../../pipeline/contract.js';
import { AgentError } from '../../runtime/errors.js';

/** What a sink has, and what of it a power failure leaves. */
export class SinkStore {
  /** `<labels> <text>`, in the order of their coming. */
  readonly lines: string[] = [];
  readonly rejected: string[] = [];
  cursor: Cursor | undefined;
  #safe: { readonly lines: number; readonly rejected: number; readonly cursor: Cursor | undefined } = {
    lines: 0,
    rejected: 0,
    cursor: undefined,
  };

  get durable(): Cursor | undefined {
    return this.#safe.cursor;
  }

  checkpoint(): void {
    this.#safe = { lines: this.lines.length, rejected: this.rejected.length, cursor: this.cursor };
  }

  powerLoss(): void {
    this.lines.length = this.#safe.lines;
    this.rejected.length = this.#safe.rejected;
    this.cursor = this.#safe.cursor;
  }
}

export interface ModelSinkOptions {
  /** It keeps its own cursor, as a sink of files does. */
  readonly keepsCursor?: boolean;
  /** Whether it will not have a line, ever. */
  readonly rejects?: (line: string) => boolean;
}

export class ModelSink implements Sink {
  readonly name: string;
  readonly concurrency: number;
  readonly maxRawBytes = 1_000;
  readonly batchWaitMs = 0;
  /** Takes nothing. */
  isAway = false;
  readonly #store: SinkStore;
  readonly #options: ModelSinkOptions;

  constructor(name: string, store: SinkStore, options: ModelSinkOptions = {}) {
    this.name = name;
    this.#store = store;
    this.#options = options;
    // The cursor of one delivery does not know of another one under way.
    this.concurrency = options.keepsCursor ? 1 : 2;
  }

  get retained(): Cursor | undefined {
    return this.#store.durable;
  }

  async open(): Promise<Cursor | undefined> {
    return this.#options.keepsCursor ? this.#store.cursor : undefined;
  }

  async deliver(blocks: readonly Block[], cursor: Cursor): Promise<Delivered> {
    await new Promise(setImmediate);
    if (this.isAway) throw new AgentError('SINK_UNREACHABLE', 'Nobody there.', { retryable: true });
    const { keepsCursor, rejects = () => false } = this.#options;
    const store = this.#store;
    const all = blocks.flatMap(linesOf);
    const rejected = all.filter(rejects);
    const taken = all.filter((line) => !rejects(line));
    store.lines.push(...taken);
    store.rejected.push(...rejected);
    if (keepsCursor) store.cursor = cursor;
    if (keepsCursor && !store.durable) store.checkpoint();
    const reasons = rejected.length > 0 ? [['not_wanted', rejected.length] as const] : [];
    return { delivered: taken.length, rejected: new Map(reasons) };
  }

  async close(): Promise<void> {}
}
