/** What Loki limits, under the values it has when nobody configures any. */
export interface Limits {
  /** Bytes of lines and structured metadata a second, per tenant; refused as a whole request. */
  readonly ingestionRate: number;
  readonly ingestionBurst: number;
  /** The same per stream, of lines that are otherwise fine. */
  readonly streamRate: number;
  readonly streamBurst: number;
  /** Streams above `shardRate` are divided, and one that is over its rate is refused whole; else entry by entry. */
  readonly shardStreams: boolean;
  readonly shardRate: number;
  readonly maxLineBytes: number;
  readonly maxLabelNames: number;
  readonly maxLabelNameBytes: number;
  readonly maxLabelValueBytes: number;
  readonly maxMetadataBytes: number;
  readonly maxMetadataPairs: number;
  readonly allowsMetadata: boolean;
  readonly rejectOlderMs: number;
  readonly rejectNewerMs: number;
  /** How far behind the newest entry of its stream an entry may be: half of max_chunk_age. */
  readonly maxBehindMs: number;
  readonly maxStreams: number;
  /** Of the message from distributor to ingester, with what the distributor adds. */
  readonly maxMessageBytes: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const MINUTE = 60_000;

export const DEFAULT_LIMITS: Limits = {
  ingestionRate: 4 * MIB,
  ingestionBurst: 6 * MIB,
  streamRate: 3 * MIB,
  streamBurst: 15 * MIB,
  shardStreams: true,
  shardRate: 1536 * KIB,
  maxLineBytes: 256 * KIB,
  maxLabelNames: 15,
  maxLabelNameBytes: 1024,
  maxLabelValueBytes: 2048,
  maxMetadataBytes: 64 * KIB,
  maxMetadataPairs: 128,
  allowsMetadata: true,
  rejectOlderMs: 7 * 24 * 60 * MINUTE,
  rejectNewerMs: 10 * MINUTE,
  maxBehindMs: 60 * MINUTE,
  maxStreams: 5_000,
  maxMessageBytes: 4 * MIB,
};

/** Only what is no limit but a rule of the wire remains. */
export const NO_LIMITS: Limits = {
  ingestionRate: Infinity,
  ingestionBurst: Infinity,
  streamRate: Infinity,
  streamBurst: Infinity,
  shardStreams: false,
  shardRate: Infinity,
  maxLineBytes: Infinity,
  maxLabelNames: Infinity,
  maxLabelNameBytes: Infinity,
  maxLabelValueBytes: Infinity,
  maxMetadataBytes: Infinity,
  maxMetadataPairs: Infinity,
  allowsMetadata: true,
  rejectOlderMs: Infinity,
  rejectNewerMs: Infinity,
  maxBehindMs: Infinity,
  maxStreams: Infinity,
  maxMessageBytes: Infinity,
};

/** Full at the beginning; what is asked for is had at once or not at all, and a refusal costs nothing. */
export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  /** `rate` tokens a second. */
  constructor(rate: number, burst: number, nowMs: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  take(tokens: number, nowMs: number): boolean {
    if (this.#rate === Infinity) return true;
    const passed = Math.max(0, nowMs - this.#atMs);
    this.#tokens = Math.min(this.#burst, this.#tokens + (passed / 1000) * this.#rate);
    this.#atMs = nowMs;
    if (tokens > this.#tokens) return false;
    this.#tokens -= tokens;
    return true;
  }
}

/** As Go's datasize prints: the largest unit that divides it. */
export function sizeText(bytes: number): string {
  const units = ['GB', 'MB', 'KB'];
  for (const [i, unit] of units.entries()) {
    const size = KIB ** (units.length - i);
    if (bytes > 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}
