/**
 * Bodies of push requests, decoded by protobufjs from Loki's own schema and by snappyjs: nothing of the agent's code, so that
 * a fault in that cannot hide here.
 */
import protobuf from 'protobufjs';
import { uncompress } from 'snappyjs';

export interface Entry {
  /** Whole seconds since 1970 and nanoseconds beyond them. */
  readonly seconds: number;
  readonly nanos: number;
  readonly line: Buffer;
}

export interface PushStream {
  /** In Prometheus' text form, as sent. */
  readonly labels: string;
  readonly entries: readonly Entry[];
}

// Lines are read as bytes: Loki looks into them no more than that.
const SCHEMA = `syntax = "proto3";
message PushRequest { repeated Stream streams = 1; }
message Stream { string labels = 1; repeated Entry entries = 2; }
message Entry { Timestamp timestamp = 1; bytes line = 2; }
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
`;
const PushRequest = protobuf.parse(SCHEMA).root.lookupType('PushRequest');

interface WireRequest {
  readonly streams: readonly {
    readonly labels: string;
    readonly entries: readonly {
      readonly timestamp: {
        readonly seconds: number | { toNumber(): number };
        readonly nanos: number;
      } | null;
      readonly line: Uint8Array;
    }[];
  }[];
}

/** Of a body in snappy's block format. Throws an Error for what is no push request. */
export function decodePush(body: Buffer): PushStream[] {
  const { streams } = PushRequest.decode(uncompress(body)) as unknown as WireRequest;
  return streams.map(({ labels, entries }) => ({
    labels,
    entries: entries.map(({ timestamp, line }) => {
      const seconds = timestamp?.seconds ?? 0;
      return {
        seconds: typeof seconds === 'number' ? seconds : seconds.toNumber(),
        nanos: timestamp?.nanos ?? 0,
        line: Buffer.from(line),
      };
    }),
  }));
}

const PAIR = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Of labels in Prometheus' text form. Throws an Error where that is none. */
export function parseLabels(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(PAIR)];
  const whole = `{${pairs.map(([pair]) => pair).join(', ')}}`;
  if (whole !== text) throw new Error(`no labels: ${text}`);
  return Object.fromEntries(pairs.map(([, name, value]) => [name, JSON.parse(`"${value}"`) as string]));
}
