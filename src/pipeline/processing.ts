/**
 * The chains of all source keys: made when the first lines of a key come, flushed when what they hold is due, saved before
 * every commit, ended with their key.
 *
 * One draft serves them all: a push is one synchronous step.
 */
import type { Owned, Scope } from '../runtime/scope.js';
import type { Batch } from './batch.js';
import { Chain, type ChainEntry, type SavedChain } from './chain.js';
import type { LineAccount, Position, SourceKey, SourceRange } from './contract.js';
import { Draft } from './draft.js';
import type { JournalWriter } from './intake.js';
import type { SourceLedger } from './source-ledger.js';
import type { StreamTable, Tuning } from './streams.js';

/** The processors of a source key whose streams have this tuning. Equal entries have the same processor. */
export type ChainsFor = (tuning: Tuning | undefined) => readonly ChainEntry[];

export interface ProcessingParts {
  readonly journal: JournalWriter;
  readonly streams: StreamTable;
  readonly scope: Scope;
  readonly ledger: SourceLedger;
  readonly append: (
    batch: Batch,
    key: SourceKey,
    position: Position,
    origin: SourceRange,
  ) => Promise<void> | undefined;
}

const SAVED = 'pipeline/';
/** What is due is flushed so much later at most, all of it in one go. */
const GRAIN_MS = 25;
const MAX_TIMER_MS = 60_000;

interface Kept {
  readonly chain: Chain;
  readonly tuning: Tuning | undefined;
}

export class Processing {
  readonly #parts: ProcessingParts;
  readonly #draft = new Draft();
  /** Null: its lines pass as they are. */
  readonly #chains = new Map<SourceKey, Kept | null>();
  /** Something of them is in the journal. */
  readonly #saved = new Set<SourceKey>();
  #chainsFor: ChainsFor = () => [];
  #isRestored = false;
  #timer: Owned | undefined;
  #timerMs = Number.POSITIVE_INFINITY;

  constructor(parts: ProcessingParts) {
    this.#parts = parts;
    parts.journal.beforeCommit(() => this.#save());
  }

  /** The chain for lines of `key`; undefined where there is nothing to do. `origin` is what the ledger knows them by. */
  chainOf(key: SourceKey, batch: Batch, origin: string): Chain | undefined {
    const known = this.#chains.get(key);
    if (known === null) return undefined;
    if (known) {
      known.chain.origin = origin;
      return known.chain;
    }
    // An empty batch does not say how its streams are tuned.
    if (batch.length === 0) return undefined;
    const tuning = this.#parts.streams.get(batch.stream[0])?.tuning;
    return this.#open(key, origin, tuning)?.chain;
  }

  /** Lines of a source through its chain, and what comes out into the journal. */
  pass(
    chain: Chain,
    batch: Batch,
    account: LineAccount,
    append: (lines: Batch) => Promise<void> | undefined,
  ): Promise<void> | undefined {
    const draft = this.#draft;
    draft.load(batch);
    chain.process(draft, account);
    const wait = append(draft);
    chain.keepStreams(batch);
    this.#wake(chain.dueMs);
    return wait;
  }

  setProcessors(chainsFor: ChainsFor): void {
    this.#chainsFor = chainsFor;
    if (!this.#isRestored) return this.#restore();
    for (const [key, kept] of this.#chains) {
      if (!kept) this.#chains.delete(key);
      else {
        const entries = chainsFor(kept.tuning);
        let end = (): void => {};
        this.#putOut(key, kept.chain, (draft, account) => {
          end = kept.chain.rebuild(entries, draft, account);
        });
        end();
        if (entries.length === 0) this.#drop(key, kept.chain);
      }
    }
  }

  /** Takes up what a process before this one left. */
  #restore(): void {
    this.#isRestored = true;
    for (const position of this.#parts.journal.positionKeys(SAVED)) {
      const key = position.slice(SAVED.length);
      const saved = this.#parts.journal.position(position) as unknown as SavedChain;
      this.#saved.add(key);
      const { tuning } = saved;
      const kept = this.#open(key, saved.origin, tuning) ?? { chain: this.#newChain(saved.origin), tuning };
      this.#putOut(key, kept.chain, (draft, account) => kept.chain.restore(saved, draft, account));
      this.#wake(kept.chain.dueMs);
      if (kept.chain.isEmpty) this.#drop(key, kept.chain);
    }
  }

  /** The key is about to be forgotten. */
  end(key: SourceKey): void {
    const kept = this.#chains.get(key);
    if (kept) {
      this.#flush(key, kept.chain, Number.POSITIVE_INFINITY);
      kept.chain.close();
    }
    this.#chains.delete(key);
    this.#forget(key);
  }

  flush(): void {
    for (const [key, kept] of this.#chains) if (kept) this.#flush(key, kept.chain, Number.POSITIVE_INFINITY);
  }

  #open(key: SourceKey, origin: string, tuning: Tuning | undefined): Kept | undefined {
    const entries = this.#chainsFor(tuning);
    if (entries.length === 0) {
      this.#chains.set(key, null);
      return undefined;
    }
    const chain = this.#newChain(origin);
    chain.rebuild(entries, this.#draft, this.#parts.ledger.of(origin));
    const kept = { chain, tuning };
    this.#chains.set(key, kept);
    return kept;
  }

  #newChain(origin: string): Chain {
    return new Chain(origin, this.#parts.streams, () => performance.now());
  }

  #drop(key: SourceKey, chain: Chain): void {
    chain.close();
    this.#chains.set(key, null);
    this.#forget(key);
  }

  #forget(key: SourceKey): void {
    if (this.#saved.delete(key)) this.#parts.journal.setPosition(SAVED + key, undefined);
  }

  #flush(key: SourceKey, chain: Chain, nowMs: number): void {
    this.#putOut(key, chain, (draft, account) => chain.flush(draft, nowMs, account));
  }

  /** Lines that come out of the chain without any that came in. */
  #putOut(key: SourceKey, chain: Chain, put: (draft: Draft, account: LineAccount) => void): void {
    const { journal, ledger, append } = this.#parts;
    const draft = this.#draft;
    draft.clear();
    const { origin } = chain;
    put(draft, ledger.of(origin));
    // Sources wait where the journal is full: these lines were let in before.
    if (draft.length > 0)
      void append(draft, key, journal.position(key) ?? null, { key: origin, from: 0, to: 0 });
    draft.clear();
    chain.keepStreams(draft);
  }

  /** The timer goes off at `dueMs` or earlier. */
  #wake(dueMs: number): void {
    if (dueMs >= this.#timerMs || this.#parts.scope.isClosing) return;
    void this.#timer?.release();
    this.#timerMs = dueMs;
    const wait = Math.min(MAX_TIMER_MS, Math.max(0, dueMs - performance.now()) + GRAIN_MS);
    this.#timer = this.#parts.scope.timeout('lines that processors hold', wait, () => this.#due());
  }

  #due(): void {
    this.#timer = undefined;
    this.#timerMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [key, kept] of this.#chains) {
      if (!kept) continue;
      if (kept.chain.dueMs <= nowMs) this.#flush(key, kept.chain, nowMs);
      next = Math.min(next, kept.chain.dueMs);
    }
    if (next < Number.POSITIVE_INFINITY) this.#wake(next);
  }

  /** In the step in which a commit takes what was appended: both are of one moment. */
  #save(): void {
    const { journal } = this.#parts;
    for (const [key, kept] of this.#chains) {
      if (!kept?.chain.isDirty) continue;
      const saved = kept.chain.save();
      if (saved) {
        this.#saved.add(key);
        const { tuning } = kept;
        const whole: SavedChain = { ...saved, ...(tuning && { tuning }) };
        journal.setPosition(SAVED + key, whole as unknown as Position);
      } else this.#forget(key);
    }
  }
}
