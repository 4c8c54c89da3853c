/** Writes the pieces of Loki's PushRequest (grammar in push-request.ts) into memory that the caller has sized. */

/** The most bytes that the tags and lengths of a StreamAdapter and of its labels take. */
export const STREAM_HEADER_BYTES = 12;

/** Bytes of the whole Entry, tag and length included, with `metadata` bytes of encoded pairs (metadata.ts). */
export function entryBytes(length: number, metadata: number, seconds: number, nanos: number): number {
  const body = entryBodyBytes(length, seconds, nanos) + metadata;
  return 1 + varintBytes(body) + body;
}

/** Everything of an Entry but the line itself, which belongs at the answered offset, and the pairs, which come behind it. */
export function putEntryHead(
  bytes: Buffer,
  offset: number,
  length: number,
  metadata: number,
  seconds: number,
  nanos: number,
): number {
  let at = offset;
  bytes[at++] = 0x12;
  at = putVarint(bytes, at, entryBodyBytes(length, seconds, nanos) + metadata);
  bytes[at++] = 0x0a;
  bytes[at++] = 2 + varintBytes(seconds) + varintBytes(nanos);
  bytes[at++] = 0x08;
  at = putVarint(bytes, at, seconds);
  bytes[at++] = 0x10;
  at = putVarint(bytes, at, nanos);
  bytes[at++] = 0x12;
  return putVarint(bytes, at, length);
}

/** The head of a StreamAdapter whose entries take `entriesBytes`; answers where they begin. */
export function putStreamHeader(
  bytes: Buffer,
  offset: number,
  labels: string,
  labelBytes: number,
  entriesBytes: number,
): number {
  let at = offset;
  bytes[at++] = 0x0a;
  at = putVarint(bytes, at, 1 + varintBytes(labelBytes) + labelBytes + entriesBytes);
  bytes[at++] = 0x0a;
  at = putVarint(bytes, at, labelBytes);
  return at + bytes.write(labels, at);
}

function entryBodyBytes(length: number, seconds: number, nanos: number): number {
  return 4 + varintBytes(seconds) + varintBytes(nanos) + 1 + varintBytes(length) + length;
}

export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  return 5;
}

/** `value` below 2^32. Answers where it ends. */
export function putVarint(bytes: Buffer, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}
