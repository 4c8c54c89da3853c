/**
 * Opens the blocks of a plan, as far as a filter makes that necessary: what is decompressed and holds none of the texts
 * that are looked for is not decoded.
 */
import { decodeHeader, HEADER_BYTES, openPayload } from '../journal/record.js';
import { shownLabels } from '../pipeline/hidden-labels.js';
import { BlockLines, decodeLines, decompressBlock } from '../pipeline/push-request.js';
import { parseLabelText } from '../pipeline/streams.js';
import type { LineFilter } from '../query/index.js';
import { type StreamFacts, streamFacts } from '../query/shown-line.js';
import { type Archive, isShortage } from './archive.js';
import type { PlannedBlock } from './plan.js';
import type { SegmentIndex } from './segment-index.js';

/** A stream as the lines of a search name it. */
export interface FoundStream extends StreamFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly isWanted: boolean;
}

/** What became of a block: its lines are in `lines`, nothing in it can match, its segment has gone, it is damaged. */
export type Opened = 'open' | 'nothing' | 'removed' | 'damaged';

export class BlockReader {
  readonly #archive: Archive;
  readonly #filter: LineFilter;
  readonly #streams = new Map<string, FoundStream>();
  #record: Buffer = Buffer.allocUnsafeSlow(256 * 1024);
  /** Of the block opened last, and its streams by the numbers in the column `stream`. */
  readonly lines = new BlockLines();
  streams: FoundStream[] = [];

  constructor(archive: Archive, filter: LineFilter) {
    this.#archive = archive;
    this.#filter = filter;
  }

  open(block: PlannedBlock): Opened {
    try {
      const payload = this.#payload(block);
      if (typeof payload === 'string') return payload;
      const data = decompressBlock(payload);
      this.#filter.begin(data);
      if (!this.#filter.mayHold()) return 'nothing';
      decodeLines(data, this.lines);
    } catch (error) {
      if (isShortage(error)) throw error;
      // What the disk refuses to read must not end a search either.
      return 'damaged';
    }
    this.streams = this.lines.streams.map((text) => this.#stream(text));
    sharpen(block.index, block.row, this.lines);
    return 'open';
  }

  #payload({ file, index, row }: PlannedBlock): Buffer | 'removed' | 'damaged' {
    const size = index.size[row];
    if (size > this.#record.length) this.#record = Buffer.allocUnsafeSlow(size);
    const record = this.#record.subarray(0, size);
    const read = this.#archive.read(file, record, index.offset[row]);
    if (read === undefined) return 'removed';
    const header = read === size ? decodeHeader(record, 0, file.base + index.offset[row]) : undefined;
    return (header && openPayload(header, record.subarray(HEADER_BYTES))) ?? 'damaged';
  }

  #stream(text: string): FoundStream {
    let stream = this.#streams.get(text);
    if (!stream) {
      const labels = shownLabels(parseLabelText(text));
      stream = { ...streamFacts(labels, text), labels, isWanted: this.#filter.wantsStream(labels) };
      this.#streams.set(text, stream);
    }
    return stream;
  }
}

/** From now on the index knows the block's first and last line to the nanosecond. */
function sharpen(index: SegmentIndex, row: number, { seconds, nanos, length }: BlockLines): void {
  const first = index.firstSeconds[row];
  const last = index.lastSeconds[row];
  let least = 999_999_999;
  let most = 0;
  for (let i = 0; i < length; i++) {
    if (seconds[i] === first && nanos[i] < least) least = nanos[i];
    if (seconds[i] === last && nanos[i] > most) most = nanos[i];
  }
  index.firstNanos[row] = least;
  index.lastNanos[row] = most;
}
