/** The journal as its readers and writers see it. Positions in it are lsn: byte offsets since its beginning. */
import type { Batch } from '../pipeline/batch.js';
import type { Block, BlockStream, Cursor, Position, SourceKey, SourceRange } from '../pipeline/contract.js';
import type { Span } from './span.js';

export interface JournalOptions {
  /** Hard cap on the journal's bytes on disk: at the cap the oldest segments go, read or not. */
  readonly maxBytes: number;
  /** Segments whose newest line arrived longer ago than this, in milliseconds, go once every cursor has passed. */
  readonly maxAgeMs: number;
  /** Fraction of the filesystem that stays free: below it the oldest segments go early. */
  readonly minFree: number;
  /** Group commit interval in milliseconds; 0 commits after every push. */
  readonly syncIntervalMs: number;
}

/** Lines that a reader will never get, and why. */
export interface Loss {
  readonly why: 'cap' | 'damaged';
  /** 0 where nobody can know any more how many there were. */
  readonly lines: number;
  readonly fromLsn: number;
  readonly toLsn: number;
  /** Whose lines they were, and whole seconds since 1970 of the earliest and latest; undefined where nothing tells any more. */
  readonly streams?: readonly BlockStream[];
  readonly firstSeconds?: number;
  readonly lastSeconds?: number;
}

export interface LaneRead {
  /** In order; empty where the lane has nothing committed at or after its cursor. */
  readonly blocks: readonly Block[];
  /** The lane's cursor once `blocks` are done. */
  readonly next: number;
  /** What was skipped on the way: already counted nowhere else. */
  readonly losses: readonly Loss[];
}

/** What a removed segment costs a reader, lane by lane; told in the moment of the removal. */
export type OnLost = (losses: readonly (Loss & { readonly lane: number })[]) => void;

/** One reader's place in the journal, lane by lane. The journal keeps what `retained` still needs, up to its cap. */
export interface JournalCursor {
  readonly name: string;
  /** Delivered: per lane, every block below is done. */
  readonly value: Cursor;
  /** What was stored under the name when it was opened; undefined where nothing was. */
  readonly stored: Cursor | undefined;
  /**
   * Reads on in `lane` at `from`, which is the cursor's place or an earlier `next`: whole blocks up to `maxRawBytes` raw,
   * but at least one if there is one. One read of a lane at a time. Rejects with a system error where the machine is
   * short of something (descriptors, memory): the same read may succeed later.
   */
  read(lane: number, from: number, maxRawBytes: number): Promise<LaneRead>;
  /** Moves the cursor; part of the next commit. `retained` may stay behind for sinks that fsync later. */
  advance(delivered: Cursor, retained?: Cursor): void;
  /** Lines at or after the cursor's place that were not told as lost. Exact once `locate` is done. */
  pendingLines(): number;
  /** Bytes of the journal from the first pending line on; 0 where none is pending. */
  pendingBytes(): number;
  /**
   * Counts what lies before the cursor in the segments where it stands. `taken` says how many lines of a lane the reader has
   * dealt with since the journal's beginning. Nothing else tells on which side of the
   * cursor damage is. Rejects as `read` does.
   */
  locate(taken?: (lane: number) => number): Promise<void>;
  /** Lines of the lane before the cursor since the journal's beginning, as `locate` found it. */
  linesBefore(lane: number): number;
  /** Detaches the reader: its last committed place stays known, and is kept for when it comes back. */
  close(): void;
}

/** Live: each property is read at the moment of its use. */
export interface JournalStats {
  /** On disk. */
  readonly bytes: number;
  readonly segments: number;
  /** Bytes that it may take on the disk at present: its cap, or less where the disk is short of space. */
  readonly capacity: number;
  /** The reader that old lines wait for, since it is far behind; undefined while none wait. */
  readonly oldLinesWaitFor: string | undefined;
  readonly oldestLsn: number;
  readonly committedLsn: number;
  /** Committed since the journal's beginning, earlier runs included. */
  readonly linesJournaled: number;
  readonly linesUncommitted: number;
  /** Appended, and committed, in this run. */
  readonly linesAppended: number;
  readonly linesCommitted: number;
  /** Commits of this run. */
  readonly commits: number;
  /** Damaged blocks or stretches that readers came to in this run. */
  readonly damagedBlocks: number;
  /** Why the journal cannot be written at present. */
  readonly lastError: string | undefined;
}

/** What recovery found, for the log. */
export interface Finding {
  readonly sentence: string;
  /** To what was durable; false for what any killed writer leaves. */
  readonly isDamage: boolean;
}

/** What is committed of a segment's file, which does not change any more: bytes [0, `bytes`), beginning at lsn `base`. */
export interface HistoryFile {
  readonly path: string;
  readonly base: number;
  readonly bytes: number;
  /** Where its lines are in time, where that is known. */
  readonly span: Span | undefined;
}

export interface Journal {
  readonly isFirstStart: boolean;
  readonly stats: JournalStats;
  /** Empty after a clean stop. */
  readonly recovery: readonly Finding[];

  /** The newest position, committed or not; after a restart that is the last committed one. */
  position(key: SourceKey): Position | undefined;
  positionKeys(prefix: string): SourceKey[];
  setPosition(key: SourceKey, position: Position | undefined): void;

  /**
   * Encodes the batch at once (it is the caller's again on return). A promise means: wait, the disk is behind, or, for
   * lines of catch-up lanes, a reader is. A batch holds lines of live lanes or of catch-up lanes, not of both.
   */
  append(batch: Batch, key: SourceKey, position: Position, origin: SourceRange): Promise<void> | undefined;

  /**
   * Adds to a durable total (pipeline/totals.ts), which is part of the same commit as what is appended, and which places
   * are moved, in the same synchronous step. It may be negative. Nothing is hurried for it. `append` itself counts what it
   * encodes as JOURNALED of the origin's key.
   */
  count(name: string, lines: number): void;
  /** As counted, committed or not; 0 for one that never was. */
  total(name: string): number;
  /** All with a name that begins with `prefix`. */
  totals(prefix: string): ReadonlyMap<string, number>;
  /** The listener hears the name of each total that is counted, in the same step. One listener. */
  watchTotals(listener: (name: string) => void): void;
  /** Adds all of `from` to `into`, and forgets `from`. */
  moveTotal(from: string, into: string): void;
  /** When the totals began, in milliseconds since 1970. */
  readonly totalsSince: number;
  /** Lines of the lane in segments that are no longer there. */
  linesGone(lane: number): number;

  /**
   * Resolves with the end lsn once everything appended before the call is durable. Rejects when closed: with
   * JOURNAL_WRITE where the disk did not take what was there.
   */
  barrier(): Promise<number>;

  /** Resolves when a block at or after `lsn` is committed, when `signal` is aborted, or the journal is closed. */
  waitCommitted(lsn: number, signal: AbortSignal): Promise<void>;

  /** Raw bytes committed to a lane in this run. */
  committedRawBytes(lane: number): number;

  /** Tells the listener now, and whenever it changes, why the journal cannot be written; undefined when it can. One listener. */
  watchTrouble(listener: (trouble: string | undefined) => void): void;

  /**
   * Calls the listener in the step in which a commit takes what there is: positions that it sets are part of that commit.
   * It must not append. One listener.
   */
  beforeCommit(listener: () => void): void;

  /**
   * Opens a reader; one per name. A cursor beyond the journal's end is taken back to it. `own` is the cursor of a sink
   * that keeps its own; else the last committed one, else the oldest. With `onLost` what goes before it was read is told
   * there, and not by `read`.
   */
  openCursor(name: string, own?: Cursor, onLost?: OnLost): JournalCursor;

  /** From now on these bounds hold; how large segments are was decided at the start. */
  configure(options: JournalOptions): void;

  /**
   * Ends the blocks that are being filled, of every lane and route class: where a stream gets another route class, its later
   * lines must not come before its earlier ones.
   */
  seal(): void;

  /** What is committed now, oldest first, for readers that open the files themselves: retention may take them meanwhile. */
  history(): readonly HistoryFile[];
  /** Somebody has looked where the lines of the segment at `base` are in time. */
  learnSpan(base: number, span: Span): void;

  /** The newest committed blocks of the given lanes, up to `maxRawBytes` raw, oldest first. For the tail's first lines. */
  recent(lanes: readonly number[], maxRawBytes: number): Promise<readonly Block[]>;

  /** Commits what is there and closes. Idempotent. */
  close(): Promise<void>;
}
