/**
 * The dead letters: lines that a sink refused for good, kept whole until they are redriven, deleted, or their time is over.
 *
 * Invariants:
 * - what `keep` says is kept is durable: the sink's cursor may pass it;
 * - a line is in here once: sink, lane, lsn and row name it, and one that comes again after a kill is known;
 * - a bundle changes in one step: what takes its place is durable with its removal, or neither is;
 * - no more than `maxBytes` on disk and MAX_BUNDLES bundles, none older than `maxAgeMs`: beyond that the oldest go, counted;
 * - a disk that refuses holds a delivery up for PATIENCE_MS, not for ever: then what cannot be kept is dropped, counted and told.
 */
import { type Disk, nodeDisk } from '../../journal/disk.js';
import type { Block, Refused } from '../../pipeline/contract.js';
import { AgentError, describeError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import type { Health } from '../../telemetry/health.js';
import { type BundleFacts, factsOf, recordOf, recordsInPlaceOf, type StoredBundle } from './bundles.js';
import { LetterFiles, type NewRecord, type Stored } from './files.js';
import { Recall } from './recall.js';
import { type LetterCounts, Tally } from './tally.js';

const COMPONENT = 'dead letters';
const FILE_SHARE = 16;
const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Each takes memory. */
const MAX_BUNDLES = 65_536;
const PATIENCE_MS = 30_000;
const RETRY_MS = 500;
const EXPIRY_INTERVAL_MS = 60_000;

export interface DeadLettersOptions {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

export interface DeadLettersParts {
  readonly directory: string;
  readonly options: DeadLettersOptions;
  readonly scope: Scope;
  readonly log: Logger;
  readonly health: Health;
  readonly disk?: Disk;
  readonly now?: () => number;
}

/** Opens the store, made if it is not there, and finds what it holds. Throws DATA_DIR_UNUSABLE. */
export async function openDeadLetters(parts: DeadLettersParts): Promise<DeadLetters> {
  // Sinks that drain while the agent closes still need it: it ends in its turn.
  const store = new DeadLetters({ ...parts, scope: parts.scope.child(COMPONENT) });
  try {
    await store.open();
  } catch (error) {
    const happened = `The dead letters in ${parts.directory} cannot be opened: ${describeError(error)}`;
    throw new AgentError('DATA_DIR_UNUSABLE', happened, {
      remedy: 'Make the directory readable and writable for this user, or set another data_dir.',
      cause: error,
    });
  }
  return store;
}

export class DeadLetters {
  #options: DeadLettersOptions;
  readonly #scope: Scope;
  readonly #log: Logger;
  readonly #health: Health;
  readonly #now: () => number;
  readonly #files: LetterFiles;
  readonly #bundles = new Map<number, BundleFacts>();
  readonly #dropped = new Tally();
  /** Whoever changes the store comes after who was there before. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Since when the disk refuses, in milliseconds of `performance.now()`. */
  #failingSince: number | undefined;

  /** Does nothing yet: `openDeadLetters`. */
  constructor({ directory, options, scope, log, health, disk = nodeDisk, now = Date.now }: DeadLettersParts) {
    this.#options = options;
    this.#scope = scope;
    this.#log = log;
    this.#health = health;
    this.#now = now;
    const fileBytes = Math.min(MAX_FILE_BYTES, Math.floor(options.maxBytes / FILE_SHARE));
    this.#files = new LetterFiles(directory, disk, scope, fileBytes);
  }

  async open(): Promise<void> {
    const recall = new Recall(this.#bundles);
    const onRecord = (stored: Stored): void => recall.next(stored);
    const damaged = await this.#files.open(onRecord, (error) => {
      this.#log.warn({ err: error }, `Some dead letters cannot be read at present: ${describeError(error)}`);
    });
    if (damaged > 0)
      this.#log.warn({ damaged }, `${damaged} records of the dead letters are damaged and were skipped.`);
    await this.#tidy();
    this.#scope.interval('expiry of dead letters', EXPIRY_INTERVAL_MS, () => {
      void this.#inTurn(() => this.#tidy());
    });
  }

  /** From now on these bounds hold. */
  configure(options: DeadLettersOptions): void {
    this.#options = options;
    void this.#inTurn(() => this.#tidy());
  }

  /** On disk. */
  get bytes(): number {
    return this.#files.bytes;
  }

  /** Those that are here. */
  get counts(): LetterCounts {
    const tally = new Tally();
    for (const { sink, reason, lines } of this.#bundles.values()) tally.add(sink, reason, lines);
    return tally.rows;
  }

  /** Those that had to go in this run: for room, for their age, or because the disk would not take them. */
  get dropped(): LetterCounts {
    return this.#dropped.rows;
  }

  /** All of them as of now, in the order of their writing. */
  bundles(): BundleFacts[] {
    return [...this.#bundles.values()];
  }

  /** Undefined where it is no more; one that is damaged is dropped, and counted. Rejects with a system error. */
  async read({ id, bytes }: Pick<BundleFacts, 'id' | 'bytes'>): Promise<StoredBundle | undefined> {
    const facts = this.#bundles.get(id);
    if (!facts) return undefined;
    const found = await this.#files.read(id, bytes);
    if (found?.meta.bundle) return { bundle: found.meta.bundle, payload: found.payload };
    if (this.#bundles.delete(id)) {
      this.#dropped.add(facts.sink, facts.reason, facts.lines);
      this.#log.warn({ lines: facts.lines }, 'Dead letters are damaged on the disk, and gone.');
    }
    return undefined;
  }

  /**
   * Keeps lines that `sink` refused; those that are here already stay as they are. False where `signal` is aborted before that
   * is settled: then the next run must be given them again.
   */
  async keep(sink: string, refused: readonly Refused[], signal: AbortSignal): Promise<boolean> {
    for (;;) {
      try {
        await this.#inTurn(async () => {
          const records: NewRecord[] = [];
          for (const one of refused) {
            const known = await this.#knownRows(sink, one.block);
            const record = recordOf(sink, one, known, this.#now());
            if (record) records.push(record);
          }
          if (records.length > 0) this.#added(await this.#files.append(records));
          await this.#tidy();
        });
        this.#works();
        return true;
      } catch (error) {
        const failingMs = this.#fails(error);
        if (signal.aborted || this.#scope.isClosing) return false;
        if (failingMs >= PATIENCE_MS) {
          for (const { reason, rows } of refused) this.#dropped.add(sink, reason, rows.length);
          return true;
        }
        await this.#scope.sleep(RETRY_MS);
      }
    }
  }

  /**
   * Removes bundles, and puts `left` in the place of the one that is given with it, in one step. Answers how many lines went.
   * Rejects with a system error, and all is as it was.
   */
  async remove(ids: readonly number[]): Promise<number> {
    return this.#inTurn(async () => {
      const gone = ids.filter((id) => this.#bundles.has(id));
      if (gone.length === 0) return 0;
      await this.#files.append([{ meta: { replaces: gone } }]);
      const lines = this.#forget(gone);
      await this.#tidy();
      return lines;
    });
  }

  /**
   * Puts what a sink refused once more in the place of the bundle: `left` are lines of `block`, which holds those of the
   * bundle in their order. Nothing happens where the bundle is no more. Rejects with a system error, and all is as it was.
   */
  async replace(id: number, { bundle }: StoredBundle, left: readonly Refused[]): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#bundles.has(id)) return;
      const records = recordsInPlaceOf(id, bundle, left, this.#now());
      const stored = await this.#files.append(records);
      this.#forget([id]);
      this.#added(stored);
      await this.#tidy();
    });
  }

  /** One after the other. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Rows of the block that are here, for this sink. */
  async #knownRows(sink: string, { lane, lsn }: Block): Promise<ReadonlySet<number>> {
    const rows = new Set<number>();
    for (const facts of this.#bundles.values()) {
      if (facts.lsn !== lsn || facts.lane !== lane || facts.sink !== sink) continue;
      const stored = await this.read(facts);
      for (const row of stored?.bundle.rows ?? []) rows.add(row);
    }
    return rows;
  }

  #added(stored: readonly Stored[]): void {
    for (const { place, bytes, meta } of stored)
      if (meta.bundle) this.#bundles.set(place, factsOf(place, bytes, meta.bundle));
  }

  /** Answers how many lines these were. */
  #forget(ids: readonly number[]): number {
    let lines = 0;
    for (const id of ids) {
      lines += this.#bundles.get(id)?.lines ?? 0;
      this.#bundles.delete(id);
    }
    return lines;
  }

  #drop(bundles: readonly BundleFacts[], why: string): void {
    if (bundles.length === 0) return;
    for (const { sink, reason, lines } of bundles) this.#dropped.add(sink, reason, lines);
    const lines = this.#forget(bundles.map(({ id }) => id));
    this.#log.warn({ lines }, `${lines} dead letters are gone: ${why}.`);
  }

  /** Keeps to the bounds, as far as the disk allows. */
  async #tidy(): Promise<void> {
    try {
      await this.#expire();
      await this.#makeRoom();
    } catch (error) {
      this.#log.warn({ err: error }, `Old dead letters could not be removed: ${describeError(error)}`);
    }
  }

  async #expire(): Promise<void> {
    const oldestMs = this.#now() - this.#options.maxAgeMs;
    const excess = this.#bundles.size - MAX_BUNDLES;
    const over = [...this.#bundles.values()].filter(
      ({ rejectedMs }, i) => i < excess || rejectedMs < oldestMs,
    );
    if (over.length === 0) return;
    await this.#files.append([{ meta: { replaces: over.map(({ id }) => id) } }]);
    this.#drop(over, `they are older than dead_letters.max_age, or more than ${MAX_BUNDLES}`);
  }

  async #makeRoom(): Promise<void> {
    if (this.#bundles.size === 0) while (this.#files.count > 0) await this.#files.removeOldest();
    for (let end = this.#files.oldestEnd; end !== undefined; end = this.#files.oldestEnd) {
      const { maxBytes } = this.#options;
      const own = [...this.#bundles.values()].filter(({ id }) => id < (end ?? 0));
      if (own.length > 0 && this.#files.bytes <= maxBytes) return;
      // Where most of what lies on the disk was redriven or deleted long ago, nothing has to be lost for room.
      if (this.#liveBytes <= maxBytes / 2) for (const facts of own) await this.#moveOn(facts);
      else this.#drop(own, 'dead_letters.max_bytes is reached, and they were the oldest');
      await this.#files.removeOldest();
    }
  }

  get #liveBytes(): number {
    let bytes = 0;
    for (const bundle of this.#bundles.values()) bytes += bundle.bytes;
    return bytes;
  }

  /** Writes the bundle once more, in the place of itself. */
  async #moveOn(facts: BundleFacts): Promise<void> {
    const found = await this.read(facts);
    if (!found) return;
    const meta = { bundle: found.bundle, replaces: [facts.id] };
    this.#added(await this.#files.append([{ meta, payload: found.payload }]));
    this.#bundles.delete(facts.id);
  }

  #works(): void {
    if (this.#failingSince === undefined) return;
    this.#failingSince = undefined;
    this.#log.info({}, 'Dead letters are kept again.');
    this.#health.set(COMPONENT, 'healthy');
  }

  /** Tells it; answers for how long it has been so, in milliseconds. */
  #fails(error: unknown): number {
    const now = performance.now();
    if (this.#failingSince === undefined) {
      this.#failingSince = now;
      const sentence = `Rejected lines cannot be kept: ${describeError(error)}. Where that lasts for ${PATIENCE_MS / 1000} s, they are dropped and counted; make room on the disk.`;
      this.#log.error({ code: 'JOURNAL_WRITE' }, sentence);
      this.#health.set(COMPONENT, 'degraded', sentence);
    }
    return now - this.#failingSince;
  }
}
