/** Bundles of dead letters: what is known of one, and the records that make it (record.ts). */
import type { Block, Refused } from '../../pipeline/contract.js';
import { encodeBlock } from '../../pipeline/encode-block.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import type { NewRecord } from './files.js';
import type { Bundle } from './record.js';

/** What is in memory of a bundle. */
export interface BundleFacts {
  /** Its place in the store: later ones were written later. */
  readonly id: number;
  readonly sink: string;
  readonly reason: string;
  readonly lines: number;
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly rejectedMs: number;
  readonly lane: number;
  readonly lsn: number;
  /** On disk. */
  readonly bytes: number;
}

export interface StoredBundle {
  readonly bundle: Bundle;
  /** The lines, as PushRequest in snappy's block format. */
  readonly payload: Buffer;
}

export function factsOf(id: number, bytes: number, bundle: Bundle): BundleFacts {
  const { sink, reason, rows, attempts, rejectedMs, lane, lsn } = bundle;
  return { id, sink, reason, lines: rows.length, attempts, rejectedMs, lane, lsn, bytes };
}

/** Lines that `sink` refused, but those of the rows that are `known`; undefined where that is none. */
export function recordOf(
  sink: string,
  { block, rows, reason, said, tenant }: Refused,
  known: ReadonlySet<number>,
  rejectedMs: number,
): NewRecord | undefined {
  const own = known.size === 0 ? rows : rows.filter((row) => !known.has(row));
  if (own.length === 0) return undefined;
  const { lane, lsn } = block;
  const bundle = { sink, reason, said, tenant, lane, lsn, rows: own, attempts: 1, rejectedMs };
  return { meta: { bundle }, payload: payloadOf(block, own) };
}

function payloadOf(block: Block, rows: readonly number[]): Buffer {
  const lines = new BlockLines();
  decodeBlock(block.payload, lines);
  const wanted = new Set(rows);
  return encodeBlock(block, lines, (row) => wanted.has(row))?.payload ?? Buffer.alloc(0);
}

/** What a sink refused once more of a bundle: `left` are lines of blocks that hold those of the bundle in their order. */
export function recordsInPlaceOf(
  id: number,
  bundle: Bundle,
  left: readonly Refused[],
  rejectedMs: number,
): NewRecord[] {
  if (left.length === 0) return [{ meta: { replaces: [id] } }];
  return left.map(({ block, rows, reason, said }, i) => {
    const again = rows.map((row) => bundle.rows[row]);
    const own = { ...bundle, reason, said, rows: again, attempts: bundle.attempts + 1, rejectedMs };
    const meta = { bundle: own, ...(i === left.length - 1 ? { replaces: [id] } : { isAwaiting: true }) };
    return { meta, payload: payloadOf(block, rows) };
  });
}
