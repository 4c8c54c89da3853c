/**
 * The contract between components.
 *
 * - Constructors do nothing. `run(scope)` opens everything through the scope, returns when the scope is closing, and
 *   has cleaned up before it returns. It is called once.
 * - Sinks start before sources and stop after them. Close means drain and is idempotent; abort is another word.
 * - One failing stop never skips the rest.
 */
import type { Scope } from '../runtime/scope.js';
import type { Batch } from './batch.js';
import type { Draft } from './draft.js';
import type { SourceGap } from './gaps.js';
import type { Labels, Stream, StreamTable } from './streams.js';

/** Where a source goes on reading after a restart. Opaque to everybody but the source that made it. */
export type Position =
  | string
  | number
  | boolean
  | null
  | readonly Position[]
  | { readonly [key: string]: Position };

/** Names what a position is for, unique over all sources: `docker/<container id>`, `file/<path>`. */
export type SourceKey = string;

/** What a batch was made of: bytes [from, to) of the file or log named `key`. */
export interface SourceRange {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

export interface Origin extends SourceRange {
  /** Lines that ended there, as whoever decodes them counts them: not taken from the batch, which is held against it. */
  readonly lines: number;
}

/** What a source writes to: processors first, then the journal. */
export interface Pipeline {
  readonly streams: StreamTable;

  /**
   * Takes the lines of `batch`, and `position` as the place to go on from once they are durable: both are committed
   * together or not at all. The batch is the caller's again when the call returns. A returned promise asks the caller
   * to wait before the next push: the disk is behind, or, for lines of catch-up streams, a sink is, maybe for long. It
   * never rejects. A batch holds lines of catch-up streams or of others, not of both.
   */
  push(batch: Batch, key: SourceKey, position: Position, origin: Origin): Promise<void> | undefined;

  /**
   * Lines of the container with these labels (without the one that says stdout or stderr) are missing. Tells it, and leaves
   * a line in the container's history. It is part of the same commit as what is pushed, or which position is moved, in
   * the same synchronous step: so whoever tells a gap there moves its position over it there, and it is told once. A gap
   * without a place (`to`) is remembered, once for a container and a reason; to tell people is left to the caller.
   */
  gap(gap: SourceGap, labels: Labels): void;

  /** Moves a position without lines; `undefined` forgets it, for a container that is gone and fully read. */
  setPosition(key: SourceKey, position: Position | undefined): void;

  /** The last committed position for `key`, from before the restart. */
  position(key: SourceKey): Position | undefined;

  /** All keys with a position that begin with `prefix`. */
  positionKeys(prefix: string): SourceKey[];

  /** True where this data directory has never committed anything: the first start. */
  readonly isFirstStart: boolean;
}

export interface Source {
  readonly name: string;
  run(scope: Scope, pipeline: Pipeline): Promise<void>;
  /** What it has read so far; undefined before it runs. */
  figures(): SourceFigures | undefined;
  /**
   * Lines and bytes of the same, by what names a container for good, for those who ask every few seconds. To be had where
   * there may be thousands: nothing is made for it.
   */
  tellReads?(tell: TellReads): void;
}

/** `id` is undefined for all that ended. */
export type TellReads = (id: string | undefined, lines: number, bytes: number) => void;

/** Totals of this run, each counted where it happens. */
export interface ReadTotals {
  linesRead: number;
  /** Of those: what an engine had left out, and that stands behind later lines. */
  linesLate: number;
  bytesRead: number;
  /** Streams that came to their age, and log files that were replaced while they were read. */
  rotations: number;
  heartbeats: number;
  /** Requests for a log at the engine's API: streams, and looks at its newest records. */
  requests: number;
}

export interface SourceFigures {
  /** By container name; two containers of one name are one row. */
  readonly active: ReadonlyMap<string, Readonly<ReadTotals>>;
  /** The sum of all that ended, so that sums over both never drop. */
  readonly retired: Readonly<ReadTotals>;
  /** Containers by what was decided: `file`, `api`, `none`. */
  readonly containers: Readonly<Record<string, number>>;
  /** Logs that are open now. */
  readonly streams: readonly OpenStream[];
  /** How many logs may be read through an engine's API at once; 0 where the source has no such limit. */
  readonly streamCapacity: number;
  /** Logs that wait for their turn. */
  readonly waiting: number;
  /** Containers that run and have shown no sign of life for `liveness_timeout`. */
  readonly stalled: number;
}

export interface OpenStream {
  readonly container: string;
  readonly transport: 'file' | 'api';
  /** Milliseconds since 1970. */
  readonly openedMs: number;
}

/** What a processor says of the lines that it takes out of a batch, or puts into it, where it does so. */
export interface LineAccount {
  generated(lines: number): void;
  filtered(reason: string, lines: number): void;
  /** They are in another line now. */
  merged(lines: number): void;
  /** They stay in the processor until a later batch; less than 0: so many of them are in this one. */
  held(lines: number): void;
}

/**
 * One entry of `processors:`, for all sources. What it knows of the lines of one source key is in a stage, so that
 * everything of a key (what is held, what must survive a kill) comes and goes with it.
 */
export interface Processor {
  /** Unique among the processors: its type, or `<type>-2` where it is the second of its type. */
  readonly name: string;
  /** Made when the first lines of a source key come. Nothing is opened. */
  begin(context: StageContext): Stage;
  /** Totals of this run for /metrics and the page. */
  readonly figures: ProcessorFigures;
  /** What it makes of lines for /metrics, beside the agent's own. */
  readonly metrics?: readonly LineMetric[];
}

/** A counter or, where it has buckets, a histogram. */
export interface LineMetric {
  /** As Prometheus has it, with its prefix; of no other one. */
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds, ascending, without the one that is infinite. */
  readonly buckets: readonly number[] | undefined;
  readonly series: Iterable<LineSeries>;
}

export interface LineSeries {
  /** In the order of the names. */
  readonly labels: readonly string[];
  /** The counter, or the sum of all values. */
  readonly value: number;
  /** How many values there were. */
  readonly count: number;
  /** How many were not above each of the bounds. */
  readonly buckets: readonly number[];
}

export interface StageContext {
  /** Whether the processor is for that stream (`match`). Answers out of memory but for the first time. */
  readonly selects: (stream: number) => boolean;
  readonly streams: StreamTable;
  /** Monotonic, milliseconds: `performance.now`. */
  readonly now: () => number;
}

/**
 * A processor's work on the lines of one source key. Synchronous; no object or string per line where it can be done
 * without. What it takes out of the draft, puts in, or keeps it tells `account`, in the same step: what it does not tell is missing.
 * A line that it cannot handle passes unchanged, and is counted (`figures.failed`). It never throws for what a line holds.
 */
export interface Stage {
  process(draft: Draft, account: LineAccount): void;

  /**
   * When it wants `flush` at the latest, by `context.now()`; undefined: it waits for nothing. As long as any stage of the
   * key waits, the streams of the key's lines stay in the table.
   */
  readonly dueMs?: number | undefined;
  /** Adds to the draft's end what is due at `nowMs`; Infinity: all that it keeps, because the key or the processor ends. */
  flush?(draft: Draft, nowMs: number, account: LineAccount): void;

  /**
   * Lines that it keeps until a later batch. They are part of the journal's next commit, so that a kill cannot lose or
   * double them; before they are written they go through the `mask` of the stages behind this one.
   */
  held?(): readonly HeldLine[];
  /** What was held when the process before this one was killed. Called before the first `process`, if at all. */
  takeBack?(lines: readonly HeldLine[]): void;

  /** Facts of the key that must survive a kill, such as the time of its last line; small. Never bytes of lines. */
  memory?(): Position | undefined;
  /** Called before the first `process`, if at all, with what `memory` answered in a process before this one. */
  remember?(memory: Position): void;

  /** Lets go of what it acquired, such as streams. Nothing is called after it. */
  close?(): void;

  /** Replaces what must never reach the disk. Counts nothing: the same bytes come again in `process`. */
  mask?(draft: Draft): void;
}

export interface HeldLine {
  readonly stream: Stream;
  readonly bytes: Uint8Array;
  /** Encoded pairs (metadata.ts). */
  readonly metadata: Uint8Array;
  readonly seconds: number;
  readonly nanos: number;
  readonly flags: number;
  /** What the stage knows of it, such as how many lines it is made of. */
  readonly state: Position;
}

export interface ProcessorFigures {
  /** Lines that it looked at. */
  readonly lines: number;
  /** Lines that it could not handle, by reason: they passed unchanged. */
  readonly failed: ReadonlyMap<string, number>;
  /** What it did, by a word of its own: redactions by rule, fields that were dropped. */
  readonly done: ReadonlyMap<string, number>;
}

/** A block as sinks get it: the directory, and lines as a Loki PushRequest in snappy's block format. */
export interface Block {
  /** Position of the block in the journal; `nextLsn` is the first one after it. */
  readonly lsn: number;
  readonly nextLsn: number;
  readonly lane: number;
  readonly route: number;
  readonly lines: number;
  /** Bytes of the payload when decompressed. */
  readonly rawBytes: number;
  /** Bytes of the longest line. */
  readonly longestLine: number;
  /** Seconds since 1970, whole, of the earliest and latest line. */
  readonly firstSeconds: number;
  readonly lastSeconds: number;
  readonly streams: readonly BlockStream[];
  readonly payload: Buffer;
}

export interface BlockStream {
  readonly labels: string;
  readonly lines: number;
  /** Raw bytes of its entries. */
  readonly bytes: number;
}

/** Per lane: every block of the lane below this lsn is done. Length LANES. */
export type Cursor = readonly number[];

/** What became of the lines of one delivery, each counted on its own. */
export interface Delivered {
  readonly delivered: number;
  readonly rejected: ReadonlyMap<string, number>;
  /** Which lines were rejected, as many as `rejected` counts but for those that a server does not name; undefined: none. */
  readonly refused?: readonly Refused[] | undefined;
}

/** Lines of one stream and block that a sink will never take, for one reason. */
export interface Refused {
  /** One of those that were given. */
  readonly block: Block;
  /** Which of its lines, ascending, as decoding counts them from 0. */
  readonly rows: readonly number[];
  readonly reason: string;
  /** What the sink's server said of one of them: a short printable line, empty where it was not asked. */
  readonly said: string;
  readonly tenant: string | undefined;
}

export interface Sink {
  readonly name: string;
  /** How many deliveries, each of another lane, may be in flight at once. */
  readonly concurrency: number;
  /** Most raw bytes of one delivery; a single block may be more. */
  readonly maxRawBytes: number;
  /** How long lines of a lane may wait for others, in milliseconds, so that one delivery holds many of each stream. */
  readonly batchWaitMs: number;

  /**
   * Opens the sink. A sink whose output and cursor must agree exactly keeps its own cursor, and returns it here after
   * recovery; undefined leaves the cursor to the journal.
   */
  open(scope: Scope): Promise<Cursor | undefined>;

  /**
   * Delivers blocks of one lane, in order; none where a sink that keeps its own cursor is told how far it was passed
   * over. Resolves when the sink has them, and `cursor` with them where it keeps its
   * own. Throws AgentError: retryable ones are tried again with the same blocks. Never resolves for half of it.
   * SINK_LIMITED is no trouble of the sink: it takes less than it is given, and only this lane waits, at least
   * `retryAfterMs`. A sink that takes a delivery in parts calls `onTaken` for each: it works, whatever becomes of the rest.
   */
  deliver(
    blocks: readonly Block[],
    cursor: Cursor,
    signal: AbortSignal,
    onTaken?: () => void,
  ): Promise<Delivered>;

  /**
   * Delivers lines that it refused before, once more, beside what it is given in order; `lsn` tells such blocks apart. One call
   * at a time. Resolves and throws as `deliver`. Sinks that refuse nothing do not have it.
   */
  redrive?(blocks: readonly Block[], signal: AbortSignal): Promise<Delivered>;

  /** The cursor from which the journal must keep blocks for this sink; undefined where the delivered one will do. */
  readonly retained: Cursor | undefined;

  /** Makes everything delivered durable and lets go of it all. Idempotent. */
  close(): Promise<void>;
}

/** Sees lines before they are committed: the live tail. Must copy what it keeps. */
export interface Tap {
  onBatch(batch: Batch, streams: (id: number) => Stream | undefined): void;
}
