/**
 * Everything that a receiver took, by stream: each entry once, in the order of its first arrival, and how often entries came
 * that were there already. Entries are equal, as in Loki, when stream, time, line and structured metadata are.
 */
import type { IngesterStream } from './ingester.js';
import type { LabelPairs } from './labels.js';
import { SHARD_NAME, unsharded } from './shards.js';
import { type Entry, isEqualEntry } from './wire.js';

export interface TakenStream {
  readonly tenant: string;
  /** As the client sent them, but for the service name that Loki adds. */
  readonly labels: Readonly<Record<string, string>>;
  readonly text: string;
  /** Distinct ones, in the order of their first arrival. */
  readonly entries: readonly Entry[];
  /** When each of them first arrived, in milliseconds since 1970. */
  readonly arrivedMs: readonly number[];
}

class StreamLedger implements TakenStream {
  readonly tenant: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly text: string;
  readonly entries: Entry[] = [];
  readonly arrivedMs: number[] = [];
  readonly #byTime = new Map<number, number | number[]>();

  constructor(tenant: string, text: string, labels: LabelPairs) {
    this.tenant = tenant;
    this.text = text;
    this.labels = Object.fromEntries(labels.filter(([name]) => name !== SHARD_NAME));
  }

  /** False when it was there already. */
  add(entry: Entry, nowMs: number): boolean {
    // Unique within a hundred days and exact in a double; entries a hundred days apart are told apart by the comparison.
    const time = (entry.seconds % 9_000_000) * 1e9 + entry.nanos;
    const known = this.#byTime.get(time);
    const indexes = known === undefined ? [] : typeof known === 'number' ? [known] : known;
    if (indexes.some((index) => isEqualEntry(this.entries[index], entry))) return false;
    const index = this.entries.push(entry) - 1;
    this.arrivedMs.push(nowMs);
    this.#byTime.set(time, known === undefined ? index : [...indexes, index]);
    return true;
  }
}

export class Ledger {
  readonly #streams = new Map<string, StreamLedger>();
  /** Entries that were taken, each time that they were. */
  taken = 0;
  /** Of them, those that were there already. */
  repeated = 0;
  /** Of the repeated ones, those that Loki dropped when they came; it stored the others again. */
  hidden = 0;

  add(tenant: string, stream: IngesterStream, entry: Entry, stored: boolean, nowMs: number): void {
    const text = unsharded(stream);
    const key = `${tenant} ${text}`;
    let own = this.#streams.get(key);
    if (!own) {
      own = new StreamLedger(tenant, text, stream.labels);
      this.#streams.set(key, own);
    }
    this.taken++;
    if (!stored) this.hidden++;
    if (!own.add(entry, nowMs)) this.repeated++;
  }

  /** Streams that have all of these labels. */
  streams(wanted: Readonly<Record<string, string>> = {}): TakenStream[] {
    return [...this.#streams.values()].filter(({ labels }) =>
      Object.entries(wanted).every(([name, value]) => labels[name] === value),
    );
  }
}
