/** The streams that a container's lines go to, each acquired when its first line comes. */
import {
  CATCH_UP_LABEL,
  type Labels,
  type Stream,
  type StreamTable,
  type Tuning,
} from '../../pipeline/streams.js';

/** Of the slots, stdout and stderr each: the live ones first, these from here on. */
const CATCH_UP_SLOTS = 2;

export class StreamIds {
  readonly #table: StreamTable;
  readonly #outputLabel: string;
  readonly #streams: (Stream | undefined)[] = [];
  #labels: Labels | undefined;
  #tuning: Tuning | undefined;

  constructor(table: StreamTable, outputLabel: string, labels: Labels | undefined, tuning?: Tuning) {
    this.#table = table;
    this.#outputLabel = outputLabel;
    this.#labels = labels;
    this.#tuning = tuning;
  }

  get hasLabels(): boolean {
    return this.#labels !== undefined;
  }

  /** The container's, without those that are added here. */
  get labels(): Labels {
    return this.#labels ?? {};
  }

  setLabels(labels: Labels, tuning: Tuning | undefined): void {
    this.release();
    this.#labels = labels;
    this.#tuning = tuning;
  }

  /** The id of the stream for lines of stdout or stderr, live or catch-up. */
  of(isStderr: boolean, isCatchUp: boolean): number {
    const slot = (isStderr ? 1 : 0) + (isCatchUp ? CATCH_UP_SLOTS : 0);
    const known = this.#streams[slot];
    if (known) return known.id;
    const labels = {
      ...this.#labels,
      [this.#outputLabel]: isStderr ? 'stderr' : 'stdout',
      ...(isCatchUp ? { [CATCH_UP_LABEL]: 'true' } : {}),
    };
    const stream = this.#table.acquire(labels, this.#tuning);
    this.#streams[slot] = stream;
    return stream.id;
  }

  release(): void {
    this.#release(0);
  }

  releaseCatchUp(): void {
    this.#release(CATCH_UP_SLOTS);
  }

  #release(from: number): void {
    for (const stream of this.#streams.splice(from)) if (stream) this.#table.release(stream);
  }
}
