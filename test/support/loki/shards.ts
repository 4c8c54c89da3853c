/**
 * How Loki divides a hot stream: above 1.5 MiB a second its entries are dealt in turn to streams that differ by
 * `__stream_shard__`, each with a rate limit of its own. How hot it is, is known a second later, as a moving average; a stream
 * that nobody knows yet is not divided.
 */
import { entryBytes, type IngesterStream } from './ingester.js';
import { labelsText } from './labels.js';
import type { Entry } from './wire.js';

export const SHARD_NAME = '__stream_shard__';

const EVERY_MS = 1000;
const SMOOTHING = 0.4;
const FORGET_MS = 600_000;

interface Rate {
  bytes: number;
  pushes: number;
  next: number;
  seenMs: number;
}

export class Shards {
  readonly #perShard: number;
  readonly #rates = new Map<string, Rate>();
  /** Of the running second: bytes, and pushes by shard. */
  #seen = new Map<string, { bytes: number; pushes: Map<string, number> }>();
  #updatedMs: number;

  constructor(perShard: number, nowMs: number) {
    this.#perShard = perShard;
    this.#updatedMs = nowMs;
  }

  divide(stream: IngesterStream, nowMs: number): IngesterStream[] {
    this.#update(nowMs);
    const rate = this.#rates.get(stream.text);
    if (!rate || rate.pushes === 0) return [stream];
    const bytes = stream.entries.reduce((sum, { line }) => sum + line.length, 0);
    const shards = Math.ceil((rate.bytes + Math.floor(bytes * Math.min(1, rate.pushes))) / this.#perShard);
    if (shards <= 1) return [stream];
    const first = rate.next;
    const count = Math.min(shards, stream.entries.length);
    rate.next = first + count;
    const dealt: Entry[][] = Array.from({ length: count }, () => []);
    for (const [i, entry] of stream.entries.entries()) dealt[i % count].push(entry);
    return dealt.map((entries, i) => {
      const shard = [SHARD_NAME, String((first + i) % shards)] as const;
      const labels = [...stream.labels, shard].sort(([a], [b]) => (a < b ? -1 : 1));
      return { labels, text: labelsText(labels), entries };
    });
  }

  /** What one shard, or the undivided stream, was given. */
  record(stream: IngesterStream, nowMs: number): void {
    this.#update(nowMs);
    const whole = unsharded(stream);
    const seen = this.#seen.get(whole) ?? { bytes: 0, pushes: new Map<string, number>() };
    seen.bytes += stream.entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
    seen.pushes.set(stream.text, (seen.pushes.get(stream.text) ?? 0) + 1);
    this.#seen.set(whole, seen);
  }

  #update(nowMs: number): void {
    const seconds = Math.floor((nowMs - this.#updatedMs) / EVERY_MS);
    if (seconds <= 0) return;
    this.#updatedMs += seconds * EVERY_MS;
    for (const [text, { bytes, pushes }] of this.#seen) {
      const most = Math.max(...pushes.values());
      const known = this.#rates.get(text);
      if (known) {
        known.bytes = SMOOTHING * bytes + (1 - SMOOTHING) * known.bytes;
        known.pushes = SMOOTHING * most + (1 - SMOOTHING) * known.pushes;
        known.seenMs = nowMs;
      } else {
        this.#rates.set(text, { bytes, pushes: most, next: 0, seenMs: nowMs });
      }
    }
    for (const [text, rate] of this.#rates) {
      const quiet = this.#seen.has(text) ? seconds - 1 : seconds;
      rate.bytes *= (1 - SMOOTHING) ** quiet;
      rate.pushes *= (1 - SMOOTHING) ** quiet;
      if (nowMs - rate.seenMs > FORGET_MS) this.#rates.delete(text);
    }
    this.#seen = new Map();
  }
}

/** The text of the stream that `stream` is a shard of; its own where it is none. */
export function unsharded({ labels, text }: IngesterStream): string {
  if (!text.includes(SHARD_NAME)) return text;
  return labelsText(labels.filter(([name]) => name !== SHARD_NAME));
}
