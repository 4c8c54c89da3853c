/**
 * A Loki for benchmarks, in a process of its own: answers 204 at once, keeps the bodies, and looks into them only when the clock
 * has stopped. It keeps none of the real one's rules: receiver.ts does.
 *
 * Forked with an IPC channel: says `{ port }`; on `Victim` kills that process when so many bytes have come, in the middle of a
 * request that is not the first one and gets no answer; on `Examine` decodes everything with protobufjs, answers
 * `CountingResult`, then ends.
 */
import { createHash, type Hash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { uncompressSync } from 'snappy';
import { parseLabels } from './labels.js';
import { decodeProto, decodePush, type PushStream } from './wire.js';

export interface CountingResult {
  readonly requests: number;
  /** As sent, compressed. */
  readonly bytes: number;
  readonly rawBytes: number;
  readonly lines: number;
  /** Stream elements of all requests. */
  readonly streams: number;
  /** Lines by `<container> <stdout|stderr>`. */
  readonly linesOf: Readonly<Record<string, number>>;
  /** SHA-256 over each line and a newline by `<container> <stdout|stderr>`: one part behind the other, each in the order of arrival. */
  readonly digests: Readonly<Record<string, string>>;
}

export interface Victim {
  readonly pid: number;
  readonly afterBytes: number;
}

export interface Examine {
  /** Whose lines are the older ones. */
  readonly first: 'catch_up' | 'live';
  /** Whether a newline at the end of a line is left out: other collectors send the one that Docker has there. */
  readonly cutsNewlines?: boolean;
}

interface Taken {
  readonly body: Buffer;
  readonly headers: http.IncomingHttpHeaders;
}

const NEWLINE = 10;
const bodies: Taken[] = [];
let bytes = 0;
let victim: Victim | undefined;

const server = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    if (victim && bodies.length > 0 && bytes + body.length >= victim.afterBytes) {
      process.kill(victim.pid, 'SIGKILL');
      victim = undefined;
      return;
    }
    bodies.push({ body, headers: request.headers });
    bytes += body.length;
    response.writeHead(204).end();
  });
});

server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', (message: Victim | Examine) => {
  if ('pid' in message) {
    victim = message;
    return;
  }
  server.close();
  server.closeAllConnections();
  process.send?.(examine(message), () => process.disconnect());
});

function examine({ first, cutsNewlines = false }: Examine): CountingResult {
  const hashes = new Map<string, Hash>();
  const linesOf: Record<string, number> = {};
  const counts = { requests: bodies.length, bytes: 0, rawBytes: 0, lines: 0, streams: 0 };
  for (const part of [first, 'rest']) {
    for (const taken of bodies) {
      const { rawBytes, streams } = opened(taken);
      for (const { labels: text, entries } of streams) {
        const labels = Object.fromEntries(parseLabels(text));
        const isFirst = (labels['catch_up'] === 'true') === (first === 'catch_up');
        if (isFirst !== (part === first)) continue;
        const key = `${labels['container']} ${labels['stream']}`;
        const hash = hashes.get(key) ?? createHash('sha256');
        hashes.set(key, hash);
        for (const { line } of entries) {
          const hasNewline = cutsNewlines && line.at(-1) === NEWLINE;
          hash.update(hasNewline ? line.subarray(0, -1) : line).update('\n');
        }
        linesOf[key] = (linesOf[key] ?? 0) + entries.length;
        counts.lines += entries.length;
        counts.streams++;
      }
      if (part !== first) continue;
      counts.bytes += taken.body.length;
      counts.rawBytes += rawBytes;
    }
  }
  const digests = Object.fromEntries([...hashes].map(([key, hash]) => [key, hash.digest('hex')]));
  return { ...counts, linesOf, digests };
}

function opened({ body, headers }: Taken): { rawBytes: number; streams: readonly PushStream[] } {
  const type = headers['content-type'] ?? '';
  if (type.includes('json')) return decodePush(body, type, headers['content-encoding'] ?? '');
  const raw = uncompressSync(body) as Buffer;
  return { rawBytes: raw.length, streams: decodeProto(raw) };
}
