/**
 * The journal: an append-only log of compressed blocks and the source positions they came from, on the local disk.
 *
 * On disk: a directory of segment files `<20 digits: lsn of its first byte>.journal`. An lsn is a byte offset since the
 * journal's beginning. A segment is SNAPSHOT, then groups of BLOCK… COMMIT (records: record.ts; directories:
 * directory.ts; snapshots and commits: state.ts).
 *
 * Invariants:
 * - what a commit covers is durable together, lines and positions; what it does not cover does not exist;
 * - each group is durable before the next one is written, so that only the newest group can ever be torn;
 * - a segment is readable without any other one: its snapshot repeats all that is remembered;
 * - readers see committed blocks only; each lane is read in the order of its lsns;
 * - a process writes only into segments that it began itself; what older ones hold is never changed, but for cutting off
 *   what was never committed.
 */

import type { Batch } from '../pipeline/batch.js';
import type { Block, Cursor, Position, SourceKey, SourceRange } from '../pipeline/contract.js';
import { LANES, LIVE_LANES, type StreamTable } from '../pipeline/streams.js';
import { BEFORE_TOTALS } from '../pipeline/totals.js';
import { AgentError, describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import { type CursorHost, ReaderCursor } from './cursor.js';
import { type Disk, nodeDisk } from './disk.js';
import { FreshBlocks } from './fresh-blocks.js';
import { type JournalLimits, limitsFor } from './limits.js';
import { Readers } from './readers.js';
import { readRecent } from './recent.js';
import { type Recovered, recover } from './recovery.js';
import { Retention } from './retention.js';
import { Room } from './room.js';
import { SegmentWriter } from './segment-writer.js';
import { type Segment, Segments } from './segments.js';
import type { Span } from './span.js';
import type { State, StoredCursor } from './state.js';
import type {
  Finding,
  HistoryFile,
  Journal,
  JournalCursor,
  JournalOptions,
  JournalStats,
  OnLost,
} from './types.js';
import { Writer } from './writer.js';

const RETENTION_INTERVAL_MS = 10_000;

/**
 * Opens the journal in `directory`, made if it is not there, and recovers it. `scope` owns it: closing the scope commits
 * and closes it. The directory is this process's alone. Throws DATA_DIR_UNUSABLE.
 */
export async function openJournal(
  directory: string,
  options: JournalOptions,
  streams: StreamTable,
  scope: Scope,
  log: Logger,
  disk: Disk = nodeDisk,
  limits: JournalLimits = limitsFor(options.maxBytes),
): Promise<Journal> {
  let recovered: Recovered;
  try {
    await disk.makeDirectory(directory);
    recovered = await recover(directory, disk, scope, log, limits.firstLsn ?? 0);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError(
      'DATA_DIR_UNUSABLE',
      `The journal in ${directory} cannot be opened: ${describeError(error)}`,
      {
        remedy: 'Make the directory readable and writable for this user, or set another data_dir.',
        cause: error,
      },
    );
  }
  const owner = scope.child('journal');
  const journal = new DiskJournal(directory, options, streams, owner, log, disk, limits, recovered);
  const owned = scope.own('task', 'journal', () => journal.close());
  journal.onClosed = () => void owned.release();
  return journal;
}

class DiskJournal implements Journal {
  readonly isFirstStart: boolean;
  readonly stats: JournalStats;
  readonly recovery: readonly Finding[];
  readonly totalsSince: number;
  /** As of the last commit. */
  readonly #state: State;
  /** The newest positions, committed or not. */
  readonly #positions: Map<SourceKey, Position>;
  /** The newest cursors, committed or not. */
  readonly #cursors: Map<string, StoredCursor>;
  readonly #segments: Segments;
  readonly #segmentWriter: SegmentWriter;
  readonly #retention: Retention;
  readonly #writer: Writer;
  readonly #readers = new Readers();
  readonly #room: Room;
  readonly #options: { -readonly [Key in keyof JournalOptions]: JournalOptions[Key] };
  readonly #segmentBytes: number;
  readonly #streams: StreamTable;
  readonly #scope: Scope;
  readonly #log: Logger;
  readonly #cursorHost: CursorHost;
  #damaged = 0;
  #closed: Promise<void> | undefined;
  onClosed: () => void = () => {};

  constructor(
    directory: string,
    options: JournalOptions,
    streams: StreamTable,
    scope: Scope,
    log: Logger,
    disk: Disk,
    limits: JournalLimits,
    { state, segments, end, isFirstStart, findings }: Recovered,
  ) {
    this.#scope = scope;
    this.#log = log;
    this.#streams = streams;
    this.#positions = new Map(state.positions);
    this.#cursors = new Map(state.cursors);
    this.isFirstStart = isFirstStart;
    this.recovery = findings;
    this.#state = state;
    if (state.since === 0) beginTotals(state, log);
    this.totalsSince = state.since;
    this.#segments = new Segments(directory, disk, scope, segments, limits.patienceMs);
    const now = Date.now;
    const shared = { directory, disk, segments: this.#segments, readers: this.#readers, now };
    const fresh = new FreshBlocks();
    this.#options = { ...options };
    this.#retention = new Retention({ ...shared, options: this.#options, log });
    const committedAt = segments.at(-1)?.committedAt ?? 0;
    this.#segmentWriter = new SegmentWriter(
      { ...shared, segmentBytes: limits.segmentBytes, retention: this.#retention, fresh },
      end,
      committedAt,
    );
    this.#writer = new Writer({
      streams,
      scope,
      log,
      options: this.#options,
      limits,
      segmentWriter: this.#segmentWriter,
      state,
    });
    this.#room = new Room({
      readers: () => this.#readers.all,
      end: () => this.#segmentWriter.end,
      capacity: () => this.#retention.capacity,
      now: () => performance.now(),
      log,
    });
    this.#segmentBytes = limits.segmentBytes;
    scope.interval('retention', RETENTION_INTERVAL_MS, () => {
      void this.#retention.enforce().then(() => this.#room.changed());
    });
    this.stats = this.#liveStats(state);
    this.#cursorHost = {
      segments: this.#segments,
      fresh,
      end: () => this.#segmentWriter.end,
      linesBefore: (segment, lane) => this.#linesBefore(segment, lane),
      store: (name, cursor, before) => this.#storeCursor(name, cursor, before),
      close: (cursor) => {
        this.#readers.delete(cursor);
        this.#room.changed();
      },
      countDamage: () => {
        this.#damaged++;
      },
    };
  }

  position(key: SourceKey): Position | undefined {
    return this.#positions.get(key);
  }

  positionKeys(prefix: string): SourceKey[] {
    return [...this.#positions.keys()].filter((key) => key.startsWith(prefix));
  }

  setPosition(key: SourceKey, position: Position | undefined): void {
    this.#writer.setPosition(key, position);
    if (position === undefined) this.#positions.delete(key);
    else this.#positions.set(key, position);
  }

  append(batch: Batch, key: SourceKey, position: Position, origin: SourceRange): Promise<void> | undefined {
    const wait = this.#writer.append(batch, key, position, origin);
    this.#positions.set(key, position);
    const lane = batch.length > 0 ? this.#streams.get(batch.stream[0])?.lane : undefined;
    const room = lane !== undefined && lane >= LIVE_LANES ? this.#room.wait() : undefined;
    return wait && room ? Promise.all([wait, room]).then(() => {}) : (wait ?? room);
  }

  count(name: string, lines: number): void {
    this.#writer.count(name, lines);
  }

  total(name: string): number {
    return this.#writer.totals.get(name) ?? 0;
  }

  totals(prefix: string): ReadonlyMap<string, number> {
    return new Map([...this.#writer.totals].filter(([name]) => name.startsWith(prefix)));
  }

  watchTotals(listener: (name: string) => void): void {
    this.#writer.onTotal = listener;
  }

  moveTotal(from: string, into: string): void {
    this.#writer.count(into, this.total(from));
    this.#writer.setTotal(from, 0);
  }

  linesGone(lane: number): number {
    return this.#linesBefore(this.#segments.all[0], lane);
  }

  barrier(): Promise<number> {
    return this.#writer.barrier();
  }

  waitCommitted(lsn: number, signal: AbortSignal): Promise<void> {
    return this.#writer.waitCommitted(lsn, signal);
  }

  committedRawBytes(lane: number): number {
    return this.#writer.committedRawBytes[lane];
  }

  watchTrouble(listener: (trouble: string | undefined) => void): void {
    this.#writer.onTrouble = listener;
    listener(this.#writer.trouble);
  }

  beforeCommit(listener: () => void): void {
    this.#writer.beforeCommit = listener;
  }

  openCursor(name: string, own?: Cursor, onLost?: OnLost): JournalCursor {
    if (this.#readers.has(name)) throw new AgentError('INTERNAL', `The cursor "${name}" is open already.`);
    const [delivered, retained] = this.#startOf(name, own);
    const stored = this.#cursors.get(name)?.[0];
    const cursor = new ReaderCursor(name, this.#cursorHost, { stored, delivered, retained }, onLost);
    this.#readers.add(cursor);
    return cursor;
  }

  history(): readonly HistoryFile[] {
    const segments = this.#segments;
    return segments.all.flatMap((segment) => {
      const { base, end, bytes, span } = segment;
      return bytes === 0 ? [] : [{ path: segments.path(segment), base, bytes: end - base, span }];
    });
  }

  learnSpan(base: number, span: Span): void {
    const segment = this.#segments.all.find((segment) => segment.base === base);
    if (segment) segment.span ??= span;
  }

  recent(lanes: readonly number[], maxRawBytes: number): Promise<readonly Block[]> {
    return readRecent(this.#segments, lanes, maxRawBytes);
  }

  configure(options: JournalOptions): void {
    Object.assign(this.#options, options);
    void this.#retention.enforce().then(() => this.#room.changed());
  }

  seal(): void {
    this.#writer.seal();
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#room.close();
      await this.#writer.close();
      await this.#segmentWriter.finish();
      await this.#retention.settled;
      await this.#scope.close();
      this.onClosed();
    })();
    return this.#closed;
  }

  #startOf(name: string, own: Cursor | undefined): [Cursor, Cursor] {
    const { end } = this.#segmentWriter;
    const stored = this.#cursors.get(name);
    const oldest = this.#segments.all[0]?.base ?? end;
    const wanted = own ?? stored?.[0] ?? Array.from({ length: LANES }, () => oldest);
    if (wanted.some((lsn) => lsn > end)) {
      this.#log.warn(
        { code: 'JOURNAL_DAMAGED', cursor: name, end },
        `"${name}" was further than the journal reaches, which was cut back or replaced: it goes on from the journal's end.`,
      );
    }
    const delivered = wanted.map((lsn) => Math.min(lsn, end));
    return [delivered, (stored?.[1] ?? delivered).map((lsn, lane) => Math.min(lsn, delivered[lane]))];
  }

  /** Of the lane, committed before the segment, or at all; as far as it is known. */
  #linesBefore(segment: Segment | undefined, lane: number): number {
    let lines = this.#state.lanes[lane];
    for (const later of this.#segments.all)
      if (segment && later.base >= segment.base) lines -= later.linesOf(lane);
    return lines;
  }

  /** A move over nothing but commits is not worth a commit, which would be one more of them. */
  #storeCursor(name: string, cursor: StoredCursor, before: Cursor): void {
    const isUrgent = before.some((lsn, lane) => lsn < this.#writer.lastBlockEnd && cursor[0][lane] !== lsn);
    this.#cursors.set(name, cursor);
    this.#writer.setCursor(name, cursor, isUrgent);
    this.#room.changed();
  }

  #liveStats(state: State): JournalStats {
    const segments = this.#segments;
    const segmentWriter = this.#segmentWriter;
    const writer = this.#writer;
    const damaged = () => this.#damaged;
    // The newest segment stays, however short of space the disk is.
    const capacity = () => Math.max(this.#retention.capacity, this.#segmentBytes);
    const room = this.#room;
    return {
      get bytes() {
        return segments.bytes;
      },
      get segments() {
        return segments.all.length;
      },
      get capacity() {
        return capacity();
      },
      get oldLinesWaitFor() {
        return room.waitsFor;
      },
      get oldestLsn() {
        return segments.all[0]?.base ?? segmentWriter.end;
      },
      get committedLsn() {
        return segmentWriter.end;
      },
      get linesJournaled() {
        return state.lines;
      },
      get linesUncommitted() {
        return writer.linesUncommitted;
      },
      get linesAppended() {
        return writer.linesAppended;
      },
      get linesCommitted() {
        return writer.linesCommitted;
      },
      get commits() {
        return writer.commits;
      },
      get damagedBlocks() {
        return damaged();
      },
      get lastError() {
        return writer.trouble;
      },
    };
  }
}

/** In a new journal, in one of an older build, and in one whose counts are damaged. */
function beginTotals(state: State, log: Logger): void {
  if (state.totals.size > 0)
    log.warn({}, 'The counts of some lines in the journal are damaged: the ledger begins anew.');
  state.since = Date.now();
  state.totals.clear();
  if (state.lines > 0) state.totals.set(BEFORE_TOTALS, state.lines);
}
