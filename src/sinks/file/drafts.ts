/**
 * From blocks to what each output gets: lines formatted, stdout and stderr of a container merged by time within a block,
 * blocks in their order. Nothing is written yet.
 */
import type { Block } from '../../pipeline/contract.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { LineFormatter, type Middle } from './line-format.js';
import { mergeStreams } from './merge.js';
import { targetOf } from './names.js';

/** What one output gets: `chunks` are the offsets [from, to, from, to, …] in the formatter's buffer, in order. */
export interface Draft {
  readonly output: string;
  readonly chunks: number[];
  bytes: number;
}

interface Route {
  readonly output: string;
  readonly middle: Middle;
}

const MAX_KNOWN_ROUTES = 10_000;
const NOTHING = Buffer.alloc(0);

export class Drafts {
  readonly #formatter: LineFormatter;
  readonly #lines = new BlockLines();
  readonly #routes = new Map<string, Route>();
  #rows = new Uint32Array(1024);
  #merged = new Uint32Array(1024);
  #gathered = NOTHING;

  constructor(format: 'text' | 'json') {
    this.#formatter = new LineFormatter(format);
  }

  /**
   * Formats `blocks`. The drafts are valid until the next call. Throws JOURNAL_DAMAGED where a block cannot be decoded.
   */
  format(blocks: readonly Block[]): { drafts: Draft[]; lines: number } {
    const drafts = new Map<string, Draft>();
    let lines = 0;
    this.#formatter.reset();
    for (const block of blocks) {
      decodeBlock(block.payload, this.#lines);
      this.#formatBlock(drafts);
      lines += this.#lines.length;
    }
    this.#lines.data = NOTHING;
    return { drafts: [...drafts.values()], lines };
  }

  /** The bytes of a draft, valid until the next call of this or of `format`. */
  bytesOf({ chunks, bytes }: Draft): Buffer {
    if (chunks.length === 2) return this.#formatter.slice(chunks[0], chunks[1]);
    if (this.#gathered.length < bytes) this.#gathered = Buffer.allocUnsafeSlow(bytes * 2);
    let at = 0;
    for (let i = 0; i < chunks.length; i += 2) {
      const chunk = this.#formatter.slice(chunks[i], chunks[i + 1]);
      this.#gathered.set(chunk, at);
      at += chunk.length;
    }
    return this.#gathered.subarray(0, bytes);
  }

  #formatBlock(drafts: Map<string, Draft>): void {
    const lines = this.#lines;
    const routes = lines.streams.map((labels) => this.#route(labels));
    this.#formatter.load(lines, Math.max(0, ...routes.map(({ middle }) => middle.length)));

    // A block may name a stream twice: both are one, else merging by time could exchange their lines.
    const first = new Map<string, number>();
    const canonical = lines.streams.map((labels, i) => first.get(labels) ?? (first.set(labels, i), i));
    const bounds = this.#groupRows(canonical);
    const byOutput = new Map<string, number[]>();
    for (const stream of first.values()) {
      const { output } = routes[stream];
      const streams = byOutput.get(output);
      if (streams) streams.push(stream);
      else byOutput.set(output, [stream]);
    }

    for (const [output, streams] of byOutput) {
      const from = this.#formatter.end;
      this.#formatOutput(streams, bounds, routes);
      addChunk(drafts, output, from, this.#formatter.end);
    }
  }

  /** Sorts the block's rows by stream, in order within each; rows of stream i are at [bounds[i] .. bounds[i + 1]). */
  #groupRows(canonical: readonly number[]): number[] {
    const { stream, length } = this.#lines;
    if (this.#rows.length < length) {
      this.#rows = new Uint32Array(stream.length);
      this.#merged = new Uint32Array(stream.length);
    }
    const bounds = Array.from({ length: canonical.length + 1 }, () => 0);
    for (let row = 0; row < length; row++) bounds[canonical[stream[row]] + 1]++;
    for (let i = 1; i < bounds.length; i++) bounds[i] += bounds[i - 1];
    const next = bounds.slice();
    for (let row = 0; row < length; row++) this.#rows[next[canonical[stream[row]]]++] = row;
    return bounds;
  }

  #formatOutput(streams: readonly number[], bounds: readonly number[], routes: readonly Route[]): void {
    const formatter = this.#formatter;
    if (streams.length === 1) {
      const [stream] = streams;
      const { middle } = routes[stream];
      for (let i = bounds[stream]; i < bounds[stream + 1]; i++) formatter.add(this.#rows[i], middle);
      return;
    }
    const count = mergeStreams(this.#lines, this.#rows, streams, bounds, this.#merged);
    const { stream } = this.#lines;
    for (let i = 0; i < count; i++) {
      const row = this.#merged[i];
      formatter.add(row, routes[stream[row]].middle);
    }
  }

  #route(labels: string): Route {
    const known = this.#routes.get(labels);
    if (known) return known;
    if (this.#routes.size >= MAX_KNOWN_ROUTES) this.#routes.clear();
    const { output, tag } = targetOf(labels);
    const route = { output, middle: this.#formatter.middle(tag) };
    this.#routes.set(labels, route);
    return route;
  }
}

function addChunk(drafts: Map<string, Draft>, output: string, from: number, to: number): void {
  if (from === to) return;
  let draft = drafts.get(output);
  if (!draft) {
    draft = { output, chunks: [], bytes: 0 };
    drafts.set(output, draft);
  }
  draft.chunks.push(from, to);
  draft.bytes += to - from;
}
