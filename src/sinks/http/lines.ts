/**
 * Lines on their way to a server: pieces of blocks, in their order. Blocks are decoded when a request is made of them, one at a
 * time, so that a request that waits costs no more than the blocks it is made of.
 */
import type { Block } from '../../pipeline/contract.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';

/** All lines of a block, or some. */
export interface Piece {
  readonly block: Block;
  /** Which ones, ascending, as decoding counts them; undefined: all. */
  readonly rows: readonly number[] | undefined;
}

/** Pieces that go out together. */
export type Request = readonly Piece[];

export function countOf({ block, rows }: Piece): number {
  return rows ? rows.length : block.lines;
}

export function linesOf(request: Request): number {
  return request.reduce((sum, piece) => sum + countOf(piece), 0);
}

/** Raw bytes, of a part of a block as if all of its lines were equally long. */
export function bytesOf(request: Request): number {
  return request.reduce(
    (sum, piece) => sum + Math.ceil((piece.block.rawBytes * countOf(piece)) / Math.max(1, piece.block.lines)),
    0,
  );
}

export function rowsOf({ block, rows }: Piece): readonly number[] {
  return rows ?? Array.from({ length: block.lines }, (_, row) => row);
}

/** The `i`-th lines of the request, `wanted` ascending, as a request. */
export function partOf(request: Request, wanted: readonly number[]): Request {
  const parts: Piece[] = [];
  let at = 0;
  let from = 0;
  for (const piece of request) {
    const to = from + countOf(piece);
    const first = at;
    while (at < wanted.length && wanted[at] < to) at++;
    if (at > first) {
      const rows = rowsOf(piece);
      parts.push({ block: piece.block, rows: wanted.slice(first, at).map((i) => rows[i - from]) });
    }
    from = to;
  }
  return parts;
}

/** Two requests with the same lines, in order: between two blocks, else between two lines; undefined for a single line. */
export function halves(request: Request): readonly [Request, Request] | undefined {
  if (request.length > 1) {
    const middle = Math.ceil(request.length / 2);
    return [request.slice(0, middle), request.slice(middle)];
  }
  const [{ block }] = request;
  const rows = rowsOf(request[0]);
  if (rows.length < 2) return undefined;
  const middle = Math.ceil(rows.length / 2);
  return [[{ block, rows: rows.slice(0, middle) }], [{ block, rows: rows.slice(middle) }]];
}

/** The same lines in one request, in their order. */
export function joined(requests: readonly Request[]): Request {
  const pieces: { readonly block: Block; readonly rows: number[] }[] = [];
  for (const piece of requests.flat()) {
    const last = pieces.at(-1);
    if (last?.block === piece.block) last.rows.push(...rowsOf(piece));
    else pieces.push({ block: piece.block, rows: [...rowsOf(piece)] });
  }
  return pieces;
}

/** The same lines in requests of at most `maxBytes` raw bytes, as far as lines can be parted. */
export function fitting(request: Request, maxBytes: number): Request[] {
  if (bytesOf(request) <= maxBytes) return [request];
  const parts = halves(request);
  return parts ? parts.flatMap((part) => fitting(part, maxBytes)) : [request];
}

/** Decodes one block after the other, always into the same columns. */
export class Decoder {
  readonly #lines = new BlockLines();

  /** Throws JOURNAL_DAMAGED. */
  decode(block: Block): BlockLines {
    decodeBlock(block.payload, this.#lines);
    return this.#lines;
  }
}
