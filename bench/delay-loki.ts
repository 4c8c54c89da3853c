/**
 * A Loki that looks at each line's time when it comes: how long after it was written the agent had delivered it. A process
 * of its own with an IPC channel: says `{ port }`; on `{ begin: ms }` counts from there the delays of lines written since;
 * on `{ quantiles: true }` answers `Delays`, else `Arrived`.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { BlockLines, decodeBlock } from '../src/pipeline/push-request.js';

export interface Arrived {
  readonly lines: number;
  /** Milliseconds since 1970 when the last one came. */
  readonly lastMs: number;
}

/** In milliseconds. */
export interface Delays {
  readonly p50: number;
  readonly p99: number;
}

const BUCKET_MS = 1;
const BUCKETS = 60_000;

const lines = new BlockLines();
let count = 0;
let lastMs = 0;
let fromMs = 0;
let delays = new Uint32Array(BUCKETS);

const server = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(204).end();
    lastMs = Date.now();
    decodeBlock(Buffer.concat(chunks), lines);
    count += lines.length;
    for (let i = 0; i < lines.length; i++) {
      const writtenMs = lines.seconds[i] * 1000 + lines.nanos[i] / 1e6;
      if (writtenMs < fromMs) continue;
      delays[Math.min(BUCKETS - 1, Math.max(0, Math.floor((lastMs - writtenMs) / BUCKET_MS)))]++;
    }
  });
});

function quantile(share: number): number {
  const all = delays.reduce((sum, lines) => sum + lines, 0);
  let seen = 0;
  return BUCKET_MS * delays.findIndex((lines) => (seen += lines) >= all * share);
}

server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', (message: { begin?: number; quantiles?: true }) => {
  if (message.begin !== undefined) {
    fromMs = message.begin;
    delays = new Uint32Array(BUCKETS);
    return;
  }
  if (message.quantiles) process.send?.({ p50: quantile(0.5), p99: quantile(0.99) } satisfies Delays);
  else process.send?.({ lines: count, lastMs } satisfies Arrived);
});
