/**
 * Requests made of blocks. Two blocks are one request by adding the two lengths in front of them (a varint, snappy's
 * preamble) and putting the rest one after the other: copies in snappy are relative, and a PushRequest is a list.
 *
 * A request is single where it holds one stream once: Loki's answer then speaks of all of it. Streams that may be refused
 * travel so; and what a request of several leaves open is asked again one stream a request.
 */
import type { Block } from '../../pipeline/contract.js';
import { encodeBlock } from '../../pipeline/encode-block.js';
import { putVarint } from '../../pipeline/protobuf.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { AgentError } from '../../runtime/errors.js';

/** A block on its way, or what was left of one. */
export interface Piece {
  readonly block: Block;
  /** Seconds of the newest line by stream, where more is known of it than `block.lastSeconds`. */
  readonly newest?: ReadonlyMap<string, number> | undefined;
  /** The block that it was made of, and which of its lines these are; undefined: it is that block. */
  readonly from?: { readonly block: Block; readonly rows: Uint32Array } | undefined;
}

export interface Request {
  readonly pieces: readonly Piece[];
  /** X-Scope-OrgID. */
  readonly tenant: string | undefined;
  /** Was part of a request that Loki has answered, with others: what was good of it is stored. */
  readonly isAgain?: boolean;
}

// What Loki adds on the way to its ingester, whose limit of 4 MiB is for all of it: `detected_level` to each entry, to
// each stream `service_name` and a hash.
const ADDED_PER_LINE = 28;
/** What the rates count per line, less what stands around a line in the raw bytes. */
export const COUNTED_PER_LINE = 4;
const ADDED_PER_STREAM = 160;
const MAX_PREAMBLE_BYTES = 5;

/** Bytes of the message that Loki makes of the block. */
export function weightOf({ rawBytes, lines, streams }: Block): number {
  return rawBytes + ADDED_PER_LINE * lines + ADDED_PER_STREAM * streams.length;
}

export function requestWeight({ pieces }: Request): number {
  return pieces.reduce((sum, { block }) => sum + weightOf(block), 0);
}

/** Bytes that Loki counts against its rates: lines and the levels that it finds. */
export function rateBytes({ pieces }: Request): number {
  return pieces.reduce((sum, { block }) => sum + block.rawBytes + COUNTED_PER_LINE * block.lines, 0);
}

export function linesOf({ pieces }: Request): number {
  return pieces.reduce((sum, { block }) => sum + block.lines, 0);
}

/** Labels of the streams that the request has lines of; more than once where several of its blocks do. */
export function streamsOf({ pieces }: Request): string[] {
  return pieces.flatMap(({ block }) => block.streams.map(({ labels }) => labels));
}

/** The stream that the request holds once and alone. */
export function singleStream({ pieces }: Request): string | undefined {
  return pieces.length === 1 && pieces[0].block.streams.length === 1
    ? pieces[0].block.streams[0].labels
    : undefined;
}

/** The body: a PushRequest in snappy's block format. Where it must be put together, in the beginning of what `roomFor` answers. */
export function bodyOf(
  { pieces }: Request,
  roomFor = (bytes: number): Buffer => Buffer.allocUnsafe(bytes),
): Buffer {
  if (pieces.length === 1) return pieces[0].block.payload;
  let raw = 0;
  let most = MAX_PREAMBLE_BYTES;
  for (const { block } of pieces) {
    raw += preambleOf(block.payload).value;
    most += block.payload.length;
  }
  const body = roomFor(most);
  let at = putVarint(body, 0, raw);
  for (const { block } of pieces) at += block.payload.copy(body, at, preambleOf(block.payload).bytes);
  return body.subarray(0, at);
}

/** The lines of `piece`, decoded to `lines`, for which `keeps` answers true, as a piece; undefined where that is none. */
export function partOf(piece: Piece, lines: BlockLines, keeps: (row: number) => boolean): Piece | undefined {
  const block = encodeBlock(piece.block, lines, keeps);
  if (!block) return undefined;
  const rows = new Uint32Array(block.lines);
  let at = 0;
  for (let row = 0; row < lines.length; row++)
    if (keeps(row)) rows[at++] = piece.from ? piece.from.rows[row] : row;
  return { block, from: { block: piece.from?.block ?? piece.block, rows } };
}

/** The piece without structured metadata. Throws JOURNAL_DAMAGED where its block cannot be read. */
export function withoutMetadata(piece: Piece): Piece {
  const lines = new BlockLines();
  decodeBlock(piece.block.payload, lines);
  const { metadataStart, metadataEnd, length } = lines;
  if (!metadataEnd.subarray(0, length).some((end) => end > 0)) return piece;
  metadataStart.fill(0, 0, length);
  metadataEnd.fill(0, 0, length);
  return partOf(piece, lines, () => true) ?? piece;
}

/** The request with these of its lines; undefined where that is none. */
export function partOfRequest(
  { pieces, ...rest }: Request,
  wanted: Iterable<{ readonly piece: Piece; readonly row: number }>,
): Request | undefined {
  const rows = new Map<Piece, Set<number>>();
  for (const { piece, row } of wanted) rows.set(piece, (rows.get(piece) ?? new Set()).add(row));
  const lines = new BlockLines();
  const left = pieces.flatMap((piece) => {
    const own = rows.get(piece);
    if (!own) return [];
    decodeBlock(piece.block.payload, lines);
    return partOf(piece, lines, (row) => own.has(row)) ?? [];
  });
  return left.length > 0 ? { ...rest, pieces: left } : undefined;
}

/** The same lines as several requests of one stream each, in order. Throws JOURNAL_DAMAGED where a block cannot be read. */
export function byStream({ pieces, ...rest }: Request): Request[] {
  return pieces.flatMap((piece) => {
    if (piece.block.streams.length === 1) return [{ ...rest, pieces: [piece] }];
    const lines = new BlockLines();
    decodeBlock(piece.block.payload, lines);
    // After a log was opened again a block may name a stream twice.
    return [...new Set(lines.streams)].flatMap((labels) => {
      const part = partOf(piece, lines, (row) => lines.streams[lines.stream[row]] === labels);
      return part ? [{ ...rest, pieces: [part] }] : [];
    });
  });
}

/**
 * The same lines as smaller requests, in order: of half the blocks, of one stream each, or of half the lines; undefined
 * for a single line. Throws JOURNAL_DAMAGED where a block cannot be read.
 */
export function divide(request: Request): Request[] | undefined {
  const { pieces } = request;
  if (pieces.length > 1) {
    const middle = Math.ceil(pieces.length / 2);
    return [
      { ...request, pieces: pieces.slice(0, middle) },
      { ...request, pieces: pieces.slice(middle) },
    ];
  }
  const [piece] = pieces;
  const { block } = piece;
  if (block.streams.length > 1) return byStream(request);
  if (block.lines === 1) return undefined;
  const lines = new BlockLines();
  decodeBlock(block.payload, lines);
  const middle = Math.ceil(lines.length / 2);
  return [(row: number) => row < middle, (row: number) => row >= middle].flatMap((keeps) => {
    const half = partOf(piece, lines, keeps);
    return half ? [{ ...request, pieces: [half] }] : [];
  });
}

function preambleOf(payload: Buffer): { value: number; bytes: number } {
  let value = 0;
  for (let bytes = 0; bytes < Math.min(MAX_PREAMBLE_BYTES, payload.length); bytes++) {
    value += (payload[bytes] & 0x7f) * 2 ** (7 * bytes);
    if (payload[bytes] < 0x80) return { value, bytes: bytes + 1 };
  }
  throw new AgentError('JOURNAL_DAMAGED', 'A block of the journal does not begin with its length.');
}
