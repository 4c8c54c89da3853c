/** Pushes to a Loki, real or not, in a way of its own: what the receiver's tests and comparisons with the real one send. */
import { gzipSync } from 'node:zlib';
import { compressSync } from 'snappy';
import { PushRequest } from './wire.js';

export interface SentStream {
  readonly labels: string;
  readonly entries: readonly SentEntry[];
}

export interface SentEntry {
  /** Milliseconds since 1970; nanoseconds beyond them. */
  readonly ms: number;
  readonly nanos?: number;
  readonly line: string | Buffer;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Streams as protobuf in snappy. */
export async function pushProto(
  url: string,
  streams: readonly SentStream[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const raw = PushRequest.encode({
    streams: streams.map(({ labels, entries }) => ({
      labels,
      entries: entries.map(({ ms, nanos = 0, line, metadata = {} }) => ({
        timestamp: { seconds: Math.floor(ms / 1000), nanos: Math.round(ms % 1000) * 1_000_000 + nanos },
        line: Buffer.from(line),
        structuredMetadata: Object.entries(metadata).map(([name, value]) => ({ name, value })),
      })),
    })),
  }).finish();
  return post(url, compressSync(Buffer.from(raw)), { 'content-type': 'application/x-protobuf', ...headers });
}

/** One stream as JSON, compressed with gzip or not. */
export async function pushJson(
  url: string,
  stream: Readonly<Record<string, string>>,
  entries: readonly SentEntry[],
  gzip: boolean,
): Promise<Answer> {
  const values = entries.map(({ ms, nanos = 0, line, metadata }) => {
    const time = (BigInt(ms) * 1_000_000n + BigInt(nanos)).toString();
    return metadata ? [time, line, metadata] : [time, line];
  });
  const text = JSON.stringify({ streams: [{ stream, values }] });
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (gzip) headers['content-encoding'] = 'gzip';
  return post(url, gzip ? gzipSync(text) : Buffer.from(text), headers);
}

export async function post(url: string, body: Buffer, headers: Record<string, string>): Promise<Answer> {
  const answer = await fetch(`${url}/loki/api/v1/push`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers,
  });
  return { status: answer.status, text: await answer.text() };
}
