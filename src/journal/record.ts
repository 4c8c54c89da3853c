/**
 * The journal's records. A segment file is a sequence of them, without padding:
 *
 *   offset size
 *        0    4  magic "LCJ1"
 *        4    1  type: 1 SNAPSHOT, 2 BLOCK, 3 COMMIT
 *        5    1  version of this layout: 1
 *        6    1  lane (BLOCK)
 *        7    1  flags: bit 0 = meta is in snappy's block format
 *        8    8  lsn of this record
 *       16    4  length of meta      20  4  CRC-32 of meta
 *       24    4  length of payload   28  4  CRC-32 of payload
 *       32    4  lines: of the block, of the commit's group
 *       36    4  raw bytes: of the block's payload when decompressed
 *       40    4  seconds since 1970: BLOCK its newest line, COMMIT when it was made,
 *                SNAPSHOT when the last commit before it was made
 *       44    4  CRC-32 of the 44 bytes before
 *       48       meta, then payload
 *
 * Little endian. Meta is a BLOCK's directory (directory.ts) and the JSON of a SNAPSHOT or COMMIT (state.ts); only a
 * BLOCK has a payload. The header has a CRC of its own, so that its lengths can be trusted where the rest is damaged, and
 * its own lsn, so that neither stale bytes nor a line that looks like a header can be taken for one.
 */
import { crc32 } from 'node:zlib';
import { compressSync, uncompressSync } from 'snappy';
import { LANES } from '../pipeline/streams.js';
import { AgentError } from '../runtime/errors.js';

export const HEADER_BYTES = 48;
export const MAGIC = Buffer.from('LCJ1', 'latin1');
const VERSION = 1;
const PACKED = 1;

export const RecordType = { snapshot: 1, block: 2, commit: 3 } as const;

export interface RecordHeader {
  readonly type: number;
  readonly lane: number;
  readonly packed: boolean;
  readonly lsn: number;
  readonly metaLength: number;
  readonly metaCrc: number;
  readonly payloadLength: number;
  readonly payloadCrc: number;
  readonly lines: number;
  readonly rawBytes: number;
  readonly seconds: number;
}

export interface RecordFields {
  readonly type: number;
  readonly lsn: number;
  readonly lane?: number;
  readonly lines?: number;
  readonly rawBytes?: number;
  readonly seconds: number;
}

/** Bytes of the whole record. */
export function recordLength(header: RecordHeader): number {
  return HEADER_BYTES + header.metaLength + header.payloadLength;
}

/** The record as buffers to write one after the other. Meta is compressed where that pays. */
export function encodeRecord(fields: RecordFields, meta: Buffer, payload?: Buffer): Buffer[] {
  const packed = meta.length >= 256 ? compressSync(meta, { copyOutputData: true }) : meta;
  const body = packed.length < meta.length ? packed : meta;
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header[4] = fields.type;
  header[5] = VERSION;
  header[6] = fields.lane ?? 0;
  header[7] = body === meta ? 0 : PACKED;
  header.writeBigUInt64LE(BigInt(fields.lsn), 8);
  header.writeUInt32LE(body.length, 16);
  header.writeUInt32LE(crc32(body), 20);
  header.writeUInt32LE(payload?.length ?? 0, 24);
  header.writeUInt32LE(payload ? crc32(payload) : 0, 28);
  header.writeUInt32LE(fields.lines ?? 0, 32);
  header.writeUInt32LE(fields.rawBytes ?? 0, 36);
  header.writeUInt32LE(fields.seconds, 40);
  header.writeUInt32LE(crc32(header.subarray(0, 44)), 44);
  return payload ? [header, body, payload] : [header, body];
}

/** The header at `at` if a good one with that lsn is there. Throws DATA_DIR_UNUSABLE for one of a later version. */
export function decodeHeader(bytes: Buffer, at: number, lsn: number): RecordHeader | undefined {
  if (at + HEADER_BYTES > bytes.length || MAGIC.compare(bytes, at, at + 4) !== 0) return undefined;
  if (crc32(bytes.subarray(at, at + 44)) !== bytes.readUInt32LE(at + 44)) return undefined;
  if (Number(bytes.readBigUInt64LE(at + 8)) !== lsn) return undefined;
  if (bytes[at + 5] !== VERSION) {
    throw new AgentError(
      'DATA_DIR_UNUSABLE',
      `The journal is of layout ${bytes[at + 5]}, unknown to this build.`,
      {
        remedy: 'Run the version that wrote it, or choose another data_dir.',
      },
    );
  }
  if (bytes[at + 4] === 0 || bytes[at + 4] > RecordType.commit || bytes[at + 6] >= LANES) return undefined;
  return {
    type: bytes[at + 4],
    lane: bytes[at + 6],
    packed: (bytes[at + 7] & PACKED) !== 0,
    lsn,
    metaLength: bytes.readUInt32LE(at + 16),
    metaCrc: bytes.readUInt32LE(at + 20),
    payloadLength: bytes.readUInt32LE(at + 24),
    payloadCrc: bytes.readUInt32LE(at + 28),
    lines: bytes.readUInt32LE(at + 32),
    rawBytes: bytes.readUInt32LE(at + 36),
    seconds: bytes.readUInt32LE(at + 40),
  };
}

/** Meta as it was before compression, or undefined where its CRC does not match. `body` begins with it. */
export function openMeta(header: RecordHeader, body: Buffer): Buffer | undefined {
  const meta = body.subarray(0, header.metaLength);
  if (meta.length !== header.metaLength || crc32(meta) !== header.metaCrc) return undefined;
  return header.packed ? (uncompressSync(meta, { copyOutputData: true }) as Buffer) : meta;
}

/** The payload, or undefined where its CRC does not match. `body` is meta and payload. */
export function openPayload(header: RecordHeader, body: Buffer): Buffer | undefined {
  const payload = body.subarray(header.metaLength, header.metaLength + header.payloadLength);
  const isGood = payload.length === header.payloadLength && crc32(payload) === header.payloadCrc;
  return isGood ? payload : undefined;
}
