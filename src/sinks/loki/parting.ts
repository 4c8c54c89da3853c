/**
 * Parts a block by stream without looking at its lines: a PushRequest is a list of streams, so what some of them have is
 * cut out of it as it is, and compressed.
 */
import { compressSync } from 'snappy';
import type { Block } from '../../pipeline/contract.js';
import { decompressBlock, locateStreams, type StreamPlace } from '../../pipeline/push-request.js';
import type { Piece } from './request.js';

export class Parting {
  readonly #piece: Piece;
  readonly #data: Buffer;
  /** As the block's directory has its streams. */
  readonly #places: readonly StreamPlace[];

  private constructor(piece: Piece, data: Buffer, places: readonly StreamPlace[]) {
    this.#piece = piece;
    this.#data = data;
    this.#places = places;
  }

  /**
   * Undefined where the block names a stream twice, as after a log was opened again: what is of one stream must be gathered
   * then, line by line. Throws JOURNAL_DAMAGED where it cannot be read.
   */
  static of(piece: Piece): Parting | undefined {
    const { streams, payload } = piece.block;
    const data = decompressBlock(payload);
    const places = locateStreams(data);
    const isAsToldOnce =
      places.length === streams.length &&
      places.every(({ labels }, i) => labels === streams[i].labels) &&
      new Set(places.map(({ labels }) => labels)).size === places.length;
    return isAsToldOnce ? new Parting(piece, data, places) : undefined;
  }

  /** The streams for whose labels `wants` answers true, as a piece; undefined where that is none. */
  part(wants: (labels: string) => boolean): Piece | undefined {
    const { block, from } = this.#piece;
    const chosen = block.streams.map(({ labels }) => wants(labels));
    const streams = block.streams.filter((_, i) => chosen[i]);
    if (streams.length === 0) return undefined;
    const lines = streams.reduce((sum, { lines }) => sum + lines, 0);
    const raw = Buffer.concat(
      this.#places.flatMap(({ from, to }, i) => (chosen[i] ? this.#data.subarray(from, to) : [])),
    );
    const payload = compressSync(raw, { copyOutputData: true });
    const rows = rowsOf(block, chosen, lines);
    return {
      block: { ...block, lines, rawBytes: raw.length, streams, payload },
      from: { block: from?.block ?? block, rows: from ? rows.map((row) => from.rows[row]) : rows },
    };
  }
}

/** Rows of the block that are of the chosen streams. */
function rowsOf(block: Block, chosen: readonly boolean[], count: number): Uint32Array {
  const rows = new Uint32Array(count);
  let at = 0;
  let row = 0;
  for (const [i, { lines }] of block.streams.entries())
    for (const next = row + lines; row < next; row++) if (chosen[i]) rows[at++] = row;
  return rows;
}
