/**
 * What becomes of the lines of each source key on their way into the journal, counted where it happens, in durable totals
 * that are part of the same commit as the lines and positions of the same push:
 *
 *   read        ended in what was read, as the decoder counts them         (Origin.lines)
 *   pushed      came in batches                                            read - pushed: the reader's difference
 *   generated, filtered:<reason>, merged, held                             as processors tell
 *   appended    went on to the journal                                     pushed + generated - … - appended: theirs
 *   journaled   were encoded, as the journal counts them itself            appended - journaled: the journal's
 *
 * Totals of a key that is forgotten go to the `_retired` of its source, so that no sum ever drops.
 */
import type { Batch } from './batch.js';
import type { LineAccount, Origin, SourceKey } from './contract.js';
import type { LineTime } from './line-time.js';
import { ownerOf, type StreamTable } from './streams.js';
import { retiredOf, splitTotal, totalName } from './totals.js';

/** What it needs of the journal. */
export interface TotalStore {
  count(name: string, lines: number): void;
  totals(prefix: string): ReadonlyMap<string, number>;
  moveTotal(from: string, into: string): void;
}

export class SourceLedger {
  readonly #store: TotalStore;
  readonly #streams: StreamTable;
  readonly #accounts = new Map<SourceKey, KeyAccount>();

  constructor(store: TotalStore, streams: StreamTable) {
    this.#store = store;
    this.#streams = streams;
  }

  /** A batch has come; answers where the processors tell what they do with its lines. */
  pushed(batch: Batch, { key, lines }: Origin): LineAccount {
    const account = this.of(key);
    account.read(lines);
    account.pushed(batch.length);
    account.saw(batch);
    const stream = batch.length > 0 ? this.#streams.get(batch.stream[0]) : undefined;
    if (stream) account.container = ownerOf(stream.labels);
    return account;
  }

  /** The batch goes on to the journal. */
  appended(batch: Batch, key: SourceKey): void {
    this.of(key).appended(batch.length);
  }

  /** The key is forgotten. */
  retire(key: SourceKey): void {
    this.#accounts.delete(key);
    for (const name of this.#store.totals(totalName(key, '')).keys())
      this.#store.moveTotal(name, totalName(retiredOf(key), splitTotal(name)[1]));
  }

  /** Whose lines they are, where some have come in this run. */
  containerOf(key: SourceKey): string | undefined {
    return this.#accounts.get(key)?.container;
  }

  /** Of the newest line that has come in this run. */
  newestOf(key: SourceKey): LineTime | undefined {
    return this.#accounts.get(key)?.newest;
  }

  of(key: SourceKey): KeyAccount {
    const known = this.#accounts.get(key);
    if (known) return known;
    const account = new KeyAccount(key, this.#store);
    this.#accounts.set(key, account);
    return account;
  }
}

class KeyAccount implements LineAccount {
  readonly #key: SourceKey;
  readonly #store: TotalStore;
  readonly #read: string;
  readonly #pushed: string;
  readonly #appended: string;
  container: string | undefined;
  #seconds = 0;
  #nanos = 0;

  constructor(key: SourceKey, store: TotalStore) {
    this.#key = key;
    this.#store = store;
    this.#read = totalName(key, 'read');
    this.#pushed = totalName(key, 'pushed');
    this.#appended = totalName(key, 'appended');
  }

  get newest(): LineTime | undefined {
    return this.#seconds > 0 ? { seconds: this.#seconds, nanos: this.#nanos } : undefined;
  }

  /** A batch is in order of time but for stragglers, which the next one makes good. */
  saw({ length, seconds, nanos }: Batch): void {
    const last = length - 1;
    if (last < 0 || seconds[last] < this.#seconds) return;
    if (seconds[last] > this.#seconds || nanos[last] > this.#nanos) this.#nanos = nanos[last];
    this.#seconds = seconds[last];
  }

  read(lines: number): void {
    this.#store.count(this.#read, lines);
  }

  pushed(lines: number): void {
    this.#store.count(this.#pushed, lines);
  }

  appended(lines: number): void {
    this.#store.count(this.#appended, lines);
  }

  generated(lines: number): void {
    this.#count('generated', lines);
  }

  filtered(reason: string, lines: number): void {
    this.#count(`filtered:${reason}`, lines);
  }

  merged(lines: number): void {
    this.#count('merged', lines);
  }

  held(lines: number): void {
    this.#count('held', lines);
  }

  #count(figure: string, lines: number): void {
    this.#store.count(totalName(this.#key, figure), lines);
  }
}
