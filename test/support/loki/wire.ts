/**
 * Bodies of push requests, decoded by protobufjs from Loki's own schema and by snappyjs: nothing of the agent's code.
 *
 *   application/json    {"streams":[{"stream":{…},"values":[["<nanoseconds>","<line>",{metadata}?],…]},…]}
 *   anything else       PushRequest in snappy's block format
 */
import { gunzipSync, inflateRawSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { uncompress } from 'snappyjs';
import { goQuote } from './labels.js';

export interface Entry {
  /** Whole seconds since 1970 and nanoseconds beyond them. */
  readonly seconds: number;
  readonly nanos: number;
  readonly line: Buffer;
  /** Structured metadata: name and value. */
  readonly metadata: readonly (readonly [string, string])[];
}

/** Whether Loki keeps only one of them. */
export function isEqualEntry(a: Entry, b: Entry): boolean {
  return (
    a.seconds === b.seconds &&
    a.nanos === b.nanos &&
    a.line.equals(b.line) &&
    a.metadata.length === b.metadata.length &&
    a.metadata.every(([name, value], i) => name === b.metadata[i][0] && value === b.metadata[i][1])
  );
}

export interface PushStream {
  readonly labels: string;
  readonly entries: readonly Entry[];
}

export interface Push {
  readonly streams: readonly PushStream[];
  /** Bytes of the request when decompressed. */
  readonly rawBytes: number;
}

// Lines are read as bytes: Loki looks into them no more than that.
const SCHEMA = `syntax = "proto3";
message PushRequest { repeated Stream streams = 1; }
message Stream { string labels = 1; repeated Entry entries = 2; uint64 hash = 3; }
message Entry { Timestamp timestamp = 1; bytes line = 2; repeated LabelPair structuredMetadata = 3; }
message LabelPair { string name = 1; string value = 2; }
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
`;
export const PushRequest = protobuf.parse(SCHEMA).root.lookupType('PushRequest');

interface WireRequest {
  readonly streams: readonly {
    readonly labels: string;
    readonly entries: readonly {
      readonly timestamp: {
        readonly seconds: number | { toNumber(): number };
        readonly nanos: number;
      } | null;
      readonly line: Uint8Array;
      readonly structuredMetadata: readonly { readonly name: string; readonly value: string }[];
    }[];
  }[];
}

/** Throws an Error, whose message is the answer, for what is no push request. */
export function decodePush(body: Buffer, contentType: string, contentEncoding: string): Push {
  const plain = decodeContent(body, contentEncoding);
  if (contentType === '') throw new Error('mime: no media type');
  if (contentType.split(';')[0].trim().toLowerCase() === 'application/json') return decodeJson(plain);
  let raw: Buffer;
  try {
    raw = asBuffer(uncompress(plain));
  } catch {
    throw new Error('snappy: corrupt input');
  }
  return { streams: decodeProto(raw), rawBytes: raw.length };
}

function decodeContent(body: Buffer, encoding: string): Buffer {
  switch (encoding) {
    case '':
    case 'snappy':
      return body;
    case 'gzip':
      return gunzipSync(body);
    case 'deflate':
      return inflateRawSync(body);
    default:
      throw new Error(`Content-Encoding ${goQuote(encoding)} not supported`);
  }
}

/** Of a request that is known to be one. */
export function decodeProto(raw: Buffer): PushStream[] {
  const { streams } = PushRequest.decode(raw) as unknown as WireRequest;
  return streams.map(({ labels, entries }) => ({
    labels,
    entries: entries.map(({ timestamp, line, structuredMetadata }) => {
      const seconds = timestamp?.seconds ?? 0;
      return {
        seconds: typeof seconds === 'number' ? seconds : seconds.toNumber(),
        nanos: timestamp?.nanos ?? 0,
        line: asBuffer(line),
        metadata: structuredMetadata.map(({ name, value }) => [name, value] as const),
      };
    }),
  }));
}

function decodeJson(body: Buffer): Push {
  const { streams = [] } = JSON.parse(body.toString('utf8')) as {
    streams?: { stream?: Record<string, string>; values?: [string, string, Record<string, string>?][] }[];
  };
  return {
    rawBytes: body.length,
    streams: streams.map(({ stream = {}, values = [] }) => ({
      labels: `{${Object.keys(stream)
        .sort()
        .map((name) => `${name}=${goQuote(stream[name])}`)
        .join(', ')}}`,
      entries: values.map(([time, line, metadata = {}]) => {
        if (typeof time !== 'string' || typeof line !== 'string')
          throw new Error("Value is string, but can't find closing '\"' symbol");
        const nanoseconds = BigInt(time);
        return {
          seconds: Number(nanoseconds / 1_000_000_000n),
          nanos: Number(nanoseconds % 1_000_000_000n),
          line: Buffer.from(line),
          metadata: Object.entries(metadata),
        };
      }),
    })),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  // protobufjs answers a plain array for bytes that are none.
  return bytes.length === 0 ? Buffer.alloc(0) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
