/**
 * Streams of one log: one for each output, and others for the lines that were there before the agent came, which are sent in
 * lanes of their own.
 */
import { CATCH_UP_LABEL, type Labels, type Stream, type StreamTable } from '../../pipeline/streams.js';
import type { LogFile } from '../docker/json-file/log-file.js';
import type { Span } from '../docker/json-file/span.js';

export class LogStreams {
  readonly #table: StreamTable;
  readonly #labels: Labels;
  readonly #tellsOutput: boolean;
  readonly #streams: (Stream | undefined)[] = [];
  /** Lines that end before this place are old. */
  #oldUntil: { readonly file: LogFile; readonly offset: number } | undefined;

  /** `tellsOutput`: stdout and stderr are told apart. */
  constructor(table: StreamTable, labels: Labels, tellsOutput: boolean) {
    this.#table = table;
    this.#labels = labels;
    this.#tellsOutput = tellsOutput;
  }

  /** Whether what is read now was there before the agent came. */
  get isCatchingUp(): boolean {
    return this.#oldUntil !== undefined;
  }

  /** All that there is of `file`, and of those before it, is old. */
  catchUp(file: LogFile): void {
    this.#oldUntil = { file, offset: file.size };
  }

  /** `span` was read on: where it is past the old lines, what follows is not. */
  passed({ current, offset, marks }: Span): void {
    const until = this.#oldUntil;
    if (!until) return;
    const isPast = !marks.some(({ file }) => file === until.file);
    if (isPast || (current.file === until.file && offset >= until.offset)) this.#oldUntil = undefined;
  }

  /** Of the stream for the next line. */
  idOf(isStderr: boolean): number {
    const slot = (isStderr ? 1 : 0) + (this.#oldUntil ? 2 : 0);
    this.#streams[slot] ??= this.#table.acquire({
      ...this.#labels,
      ...(this.#tellsOutput && { stream: isStderr ? 'stderr' : 'stdout' }),
      ...(this.#oldUntil && { [CATCH_UP_LABEL]: 'true' }),
    });
    return this.#streams[slot].id;
  }

  release(): void {
    for (const stream of this.#streams.splice(0)) if (stream) this.#table.release(stream);
  }
}
