/**
 * What Loki's ingester does with the streams of one request, in their order: each stream takes what it may, and what is
 * told to the client is what happened to the last stream alone.
 *
 * A stream refuses entries more than an hour behind the newest that it ever took, and everything while it is over its rate.
 * It drops an entry that equals the one before it, and one that equals another in the head block: the last 256 KiB of lines.
 * Entries are equal when time, line and structured metadata are.
 * An equal entry that comes later is stored again.
 */
import type { LabelPairs } from './labels.js';
import { type Limits, sizeText, TokenBucket } from './limits.js';
import { type Entry, isEqualEntry } from './wire.js';

const HEAD_BLOCK_BYTES = 256 * 1024;
const MOST_NAMED = 10;

/** An answer other than 204. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface IngesterStream {
  /** The canonical text, with what the distributor added. */
  readonly text: string;
  readonly labels: LabelPairs;
  readonly entries: readonly Entry[];
}

/** What became of one entry. `stored` is false for one that equals another and was dropped. */
export type OnTaken = (stream: IngesterStream, entry: Entry, stored: boolean) => void;

export class Ingester {
  readonly #tenant: string;
  readonly #limits: Limits;
  readonly #streams = new Map<string, StreamState>();

  constructor(tenant: string, limits: Limits) {
    this.#tenant = tenant;
    this.#limits = limits;
  }

  /** Answers what became of the last stream: undefined where it was taken whole. */
  push(streams: readonly IngesterStream[], nowMs: number, onTaken: OnTaken): Refusal | undefined {
    let last: Refusal | undefined;
    for (const stream of streams) {
      let state = this.#streams.get(stream.text);
      if (!state) {
        if (this.#streams.size >= this.#limits.maxStreams) {
          last = new Refusal(
            429,
            `maximum active stream limit exceeded when trying to create stream ${stream.text}, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: '${this.#tenant}'`,
          );
          continue;
        }
        state = new StreamState(stream.text, this.#tenant, this.#limits, nowMs);
        this.#streams.set(stream.text, state);
      }
      last = state.push(stream, nowMs, onTaken);
    }
    return last;
  }
}

interface Failed {
  readonly entry: Entry;
  readonly status: number;
  readonly why: string;
}

class StreamState {
  readonly #text: string;
  readonly #tenant: string;
  readonly #limits: Limits;
  readonly #bucket: TokenBucket;
  #last: Entry | undefined;
  #newest: Entry | undefined;
  #head = new Map<string, Entry[]>();
  #headBytes = 0;

  constructor(text: string, tenant: string, limits: Limits, nowMs: number) {
    this.#text = text;
    this.#tenant = tenant;
    this.#limits = limits;
    this.#bucket = new TokenBucket(limits.streamRate, limits.streamBurst, nowMs);
  }

  push(stream: IngesterStream, nowMs: number, onTaken: OnTaken): Refusal | undefined {
    const { shardStreams } = this.#limits;
    const taken: { entry: Entry; repeated: boolean }[] = [];
    let failed: Failed[] = [];
    let last = this.#last;
    let newest = this.#newest;
    let bytes = 0;
    for (const entry of stream.entries) {
      if (last && isEqualEntry(entry, last)) {
        taken.push({ entry, repeated: true });
        continue;
      }
      const size = entryBytes(entry);
      if (!shardStreams && !this.#bucket.take(size, nowMs)) {
        failed.push(this.#overRate(entry));
        continue;
      }
      const cutoff = newest === undefined ? undefined : earlier(newest, this.#limits.maxBehindMs);
      if (cutoff && isBefore(entry, cutoff)) {
        const why = `entry too far behind, entry timestamp is: ${rfc3339(entry)}, oldest acceptable timestamp is: ${rfc3339(cutoff)}`;
        failed.push({ entry, status: 400, why });
        continue;
      }
      bytes += size;
      last = entry;
      if (!newest || isBefore(newest, entry)) newest = entry;
      taken.push({ entry, repeated: false });
    }
    if (shardStreams && !this.#bucket.take(bytes, nowMs)) {
      failed = taken.filter(({ repeated }) => !repeated).map(({ entry }) => this.#overRate(entry));
      return this.#refusal(failed, stream.entries.length);
    }
    for (const { entry, repeated } of taken) onTaken(stream, entry, !repeated && this.#store(entry));
    this.#last = last;
    this.#newest = newest;
    return this.#refusal(failed, stream.entries.length);
  }

  /** False for an entry that the head block already holds. */
  #store(entry: Entry): boolean {
    const key = `${entry.seconds}.${entry.nanos}`;
    const equals = this.#head.get(key);
    if (equals?.some((other) => isEqualEntry(other, entry))) return false;
    if (equals) equals.push(entry);
    else this.#head.set(key, [entry]);
    this.#headBytes += entry.line.length;
    if (this.#headBytes >= HEAD_BLOCK_BYTES) {
      this.#head = new Map();
      this.#headBytes = 0;
    }
    return true;
  }

  #overRate(entry: Entry): Failed {
    const why = `Per stream rate limit exceeded (limit: ${sizeText(this.#limits.streamRate)}/sec) while attempting to ingest for stream '${this.#text}' totaling ${sizeText(entryBytes(entry))}, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased`;
    return { entry, status: 429, why };
  }

  /** The status is that of the last entry that failed; at most ten are named. */
  #refusal(failed: readonly Failed[], total: number): Refusal | undefined {
    const decisive = failed.at(-1);
    if (!decisive) return undefined;
    const named = failed
      .slice(0, MOST_NAMED)
      .map(({ entry, why }) => `entry with timestamp ${goTime(entry)} ignored, reason: '${why}',\n`);
    const ending = `user '${this.#tenant}', total ignored: ${failed.length} out of ${total} for stream: ${this.#text}`;
    return new Refusal(decisive.status, `${named.join('')}${ending}`);
  }
}

/** Of an entry as the rate limits count it. */
export function entryBytes({ line, metadata }: Entry): number {
  let bytes = line.length;
  for (const [name, value] of metadata) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}

type Time = Pick<Entry, 'seconds' | 'nanos'>;

function isBefore(a: Time, b: Time): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}

function earlier({ seconds, nanos }: Time, ms: number): Time | undefined {
  if (ms === Infinity) return undefined;
  const rest = nanos - (ms % 1000) * 1e6;
  const borrowed = rest < 0 ? 1 : 0;
  return { seconds: seconds - Math.floor(ms / 1000) - borrowed, nanos: rest + borrowed * 1e9 };
}

/** Go's time.RFC3339 in UTC: whole seconds. */
export function rfc3339({ seconds }: Time): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** Go's Time.String in UTC. */
function goTime(time: Time): string {
  const fraction = String(time.nanos).padStart(9, '0').replace(/0+$/, '');
  const [date, clock] = rfc3339(time).slice(0, -1).split('T');
  return `${date} ${clock}${fraction && '.'}${fraction} +0000 UTC`;
}
