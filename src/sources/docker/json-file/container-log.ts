/**
 * The log of one container: its held files, what is read of them, and its position.
 *
 * The live span reads on at the end of the log. Where much was unread at the start, catch-up spans before it hold the
 * backlog: they go to streams of their own, so that order holds within each stream whichever is read first.
 *
 * A file is left only when a newer one exists and it was read to its end after that was seen: dockerd closes a file
 * before it makes the next.
 */
import { statSync } from 'node:fs';
import type { Batch } from '../../../pipeline/batch.js';
import { LineFlag } from '../../../pipeline/batch.js';
import type { Position } from '../../../pipeline/contract.js';
import type { GapReason } from '../../../pipeline/gaps.js';
import { type LineTime, timeOfMs } from '../../../pipeline/line-time.js';
import { CATCH_UP_LABEL, type Labels } from '../../../pipeline/streams.js';
import type { Scope } from '../../../runtime/scope.js';
import { StreamIds } from '../stream-ids.js';
import { noCounts } from './counts.js';
import type { Decoder, LineTarget } from './decode.js';
import { closeAll, isGeneration, isSameFile, openGenerations, wasGenerationMissed } from './generations.js';
import { findUnread } from './history.js';
import { ifThere, type LogFile, PlainFile } from './log-file.js';
import { findNewline, lastCleanCut } from './peek.js';
import { isOldest, planAfter, planResume, planStart } from './plan.js';
import { decodePosition, encodePosition, type Fingerprint, timeOfApiPosition } from './position.js';
import { Rotations } from './rotations.js';
import { markAt, Span } from './span.js';
import type { ContainerLog, JsonFileOptions, ReaderCounts, ReaderStats } from './types.js';

const DEFAULT_MAX_HISTORY = 64 * 1024 * 1024;
/** Generations held at once while reading is behind; what rotates beyond is a gap. */
const MAX_HELD_FILES = 32;
/** Longer records are not parsed: their head is kept as a malformed line. */
const LONGEST_RECORD = 8 * 1024 * 1024;
/** One look reads no more than about this, however many files it is in. */
const LOOK_BYTES = 128 * 1024;
/** How often it is looked at what bears the log's name, while nothing is written and it cannot have rotated. */
const NAME_LOOK_MS = 250;
/** What a log is taken to rotate at, at least, where that is learned by seeing it. */
const SMALLEST_ROTATION = 16 * 1024;

/**
 * What one step of reading came to: nothing new (`quiet`), all there was (`read`), more to come (`more`), a record
 * longer than the buffer (`long`), the end of a catch-up span (`done`), a push that asks to wait (`blocked`), or the end of
 * a file of which a later look will tell whether lines are missing behind it (`unsure`).
 */
export type Progress = 'quiet' | 'read' | 'more' | 'long' | 'done' | 'blocked' | 'unsure';

export class ContainerReader implements LineTarget {
  log: ContainerLog;
  readonly counts: ReaderCounts = noCounts();
  /** Milliseconds since 1970; undefined while the log is not open. */
  openedMs: number | undefined;
  /** The promise of the last push that asked to wait. */
  wait: Promise<void> | undefined;
  isPlanned = false;
  /** The container is removed: what is there is all there will be. */
  isFinishing = false;
  /** The container does not run: a line that is open at the end is done. */
  isStopped = false;
  /** The container has run and ended. */
  hasRun = false;
  /** What there was to be opened could not be, for want of descriptors, since a file was opened last. */
  isShort = false;
  readonly #scope: Scope;
  readonly #options: JsonFileOptions;
  readonly #decoder: Decoder;
  readonly #key: string;
  readonly #streams: StreamIds;
  /** Where the newest file ended when it was last read to its end. */
  #seen = -1;
  /** When it was last looked at what bears the log's name, on the monotonic clock. */
  #followedAt = -Infinity;
  /** It was seen to rotate though nobody told at what size: it may do so at any. */
  #isSizeLearned = false;
  #live: Span | undefined;
  #catchUp: Span[] = [];
  /** Of the newest file that stands before all that are needed, where there was one. */
  #done: Fingerprint | undefined;
  readonly #rotations: Rotations;

  constructor(scope: Scope, options: JsonFileOptions, decoder: Decoder, log: ContainerLog) {
    this.log = log;
    this.#scope = scope;
    this.#options = options;
    this.#decoder = decoder;
    this.#key = `docker/${log.id}`;
    this.#streams = new StreamIds(
      options.pipeline.streams,
      options.outputLabel ?? 'stream',
      log.labels,
      log.tuning,
    );
    this.#rotations = new Rotations(scope, options.log, log.path);
  }

  get isOpen(): boolean {
    return this.#live !== undefined;
  }

  get hasLabels(): boolean {
    return this.#streams.hasLabels;
  }

  get catchUp(): Span | undefined {
    return this.#catchUp[0];
  }

  get live(): Span {
    if (!this.#live) throw new TypeError(`${this.log.path} is not open.`);
    return this.#live;
  }

  /** Opens the file, by `heldPath` where it is gone already. False where there is none yet; throws the system's other errors. */
  open(heldPath?: string): boolean {
    if (this.#live) return true;
    const { path } = this.log;
    const file =
      ifThere(() => PlainFile.open(this.#scope, path)) ??
      (heldPath === undefined ? undefined : ifThere(() => PlainFile.open(this.#scope, path, heldPath)));
    if (!file) return false;
    this.#live = new Span([markAt(file, 0, 0)]);
    this.openedMs = Date.now();
    this.isShort = false;
    return true;
  }

  /** Decides where to begin, by the saved position and the files that are there. Once, after `open`. */
  plan(): void {
    this.follow();
    const held = this.live.marks.map((mark) => mark.file);
    const saved = this.#options.pipeline.position(this.#key);
    const position = saved === undefined ? undefined : decodePosition(saved);
    const apiTime = saved === undefined ? undefined : timeOfApiPosition(saved);
    if (saved !== undefined && !position && !apiTime) {
      this.#options.log.warn(
        { container: this.log.id, position: saved },
        'A saved position cannot be read: the log is read from its beginning.',
      );
    }
    const isAllHeld = position !== undefined && isOldest(held[0], position);
    const files = isAllHeld
      ? held
      : [...this.#openOlder(held[0], (file) => position !== undefined && isOldest(file, position)), ...held];
    const startAt = this.log.existedAtFirstStart ? this.#options.startAt : { kind: 'beginning' as const };
    const { maxHistoryBytes = DEFAULT_MAX_HISTORY } = this.#options;
    const plan = position
      ? planResume(files, position)
      : apiTime
        ? planAfter(files, apiTime)
        : planStart(files, startAt, maxHistoryBytes);

    this.#live = plan.live;
    this.#catchUp = [...plan.catchUp];
    this.#done = position?.done;
    this.#doneWith(files.slice(0, files.indexOf(this.#spans[0].marks[0].file)));
    this.#closeUnneeded(files);
    this.isPlanned = true;
    if (plan.skippedBytes > 0) {
      this.counts.skippedHistoryBytes = plan.skippedBytes;
      this.#options.onNotice({ kind: 'history-skipped', id: this.log.id, bytes: plan.skippedBytes });
      this.#savePosition();
    }
  }

  /** Makes what is unread now a catch-up span, and reads live from near the end of the log. */
  split(): void {
    const backlog = this.live;
    const newest = backlog.marks[backlog.marks.length - 1];
    if (!(newest.file instanceof PlainFile)) return;
    const low = backlog.current === newest ? backlog.offset : newest.offset;
    const cut = lastCleanCut(newest.file, low, newest.file.stat().size);
    if (cut === low) return;
    backlog.end = { file: newest.file, offset: cut };
    this.#catchUp.push(backlog);
    this.#live = new Span([markAt(newest.file, cut, cut)]);
    this.#live.seconds = backlog.seconds;
    this.#live.nanos = backlog.nanos;
  }

  /** Counts rotations from here on; for a log that may rotate between two looks. */
  countRotations(): void {
    if (!this.isFinishing) this.#rotations.count(() => this.#isNamed(this.#newest));
  }

  /** Opens and holds what came after the newest held file. Cheap where nothing did. True where there is more to look at. */
  follow(): boolean {
    const { live } = this;
    this.#followedAt = performance.now();
    const newest = live.marks[live.marks.length - 1].file;
    const stat = statSync(this.log.path, { throwIfNoEntry: false });
    if (stat && isSameFile(stat, newest)) newest.size = stat.size;
    else if (stat && live.marks.length < MAX_HELD_FILES) this.#openNewer(newest);
    else if (stat) this.isShort = true;
    return !live.isInNewestFile || newest.size !== this.#seen;
  }

  /** As `follow`, for a log that nobody looks at until something has changed: the look that comes then is a close one. */
  settle(): boolean {
    const isMore = this.follow() || !this.live.isContinued;
    this.#followedAt = -Infinity;
    return isMore;
  }

  /** Reads at once what is new, into `buf`; where that is much, some of it. Not while a `fetch` of the live span is under way. */
  look(buf: Buffer): Progress {
    if (this.isFinishing) this.follow();
    const enough = this.counts.bytesRead + LOOK_BYTES;
    while (this.counts.bytesRead < enough) {
      const span = this.live;
      const { file } = span.current;
      if (!(file instanceof PlainFile)) return 'long';
      if (span.searched > span.offset) {
        // A long record that was not all there.
        this.#seen = span.searched;
        return this.follow() || this.isFinishing ? 'long' : 'quiet';
      }
      const wasRotated = !span.isInNewestFile;
      const bytes = file.readNow(buf, buf.length, span.offset);
      if (bytes === 0 && file.size === span.offset && !wasRotated && !this.#isNameDue(file)) return 'quiet';
      if (!span.isContinued) {
        this.#goOnInCut(file);
        continue;
      }
      const progress = this.digest(span, buf, bytes, buf.length, wasRotated);
      if (progress === 'more' && wasRotated) continue;
      if (progress !== 'read' && progress !== 'quiet') return progress;
      if (progress === 'quiet' || file.size >= (this.log.maxSizeBytes ?? Infinity)) this.follow();
      if (span.isInNewestFile && !this.#wasTruncated(file)) return progress;
    }
    return 'more';
  }

  /** Reads the next bytes of a span into `buf`; `digest` takes them. */
  async fetch(span: Span, buf: Buffer): Promise<number> {
    const { file } = span.current;
    if (file.isClosed) return 0;
    try {
      const bytes = await file.read(buf, Math.min(buf.length, span.bytesAllowed), span.offset);
      const isThere = span.isContinued && (bytes > 0 || span.end?.file !== file);
      if (isThere || !(file instanceof PlainFile)) return bytes;
      if (span === this.#live) this.#goOnInCut(file);
      else span.gap ??= { why: 'truncated', from: span.lastTime };
      return 0;
    } catch (error) {
      if (!file.isCompressed) throw error;
      return 0;
    }
  }

  /**
   * Takes the `bytes` bytes in `buf` that were read where `wanted` were asked for. `wasRotated`: before the reading there
   * was a newer file already, so that the end of this one is its end for ever.
   */
  digest(span: Span, buf: Buffer, bytes: number, wanted: number, wasRotated: boolean): Progress {
    const before = span.offset;
    this.wait = bytes > 0 ? this.#decoder.decode(buf, bytes, span, this) : undefined;
    if (this.wait) return 'blocked';
    if (span.isDone) return 'done';
    if (bytes === wanted) return span.offset > before ? 'more' : 'long';
    const rest = bytes - (span.offset - before);
    const isLast = wasRotated || this.isFinishing || span.end !== undefined;
    if (isLast && rest > 0) {
      // A record without a newline, where no more will be written.
      this.wait = this.#decoder.takeRaw(buf.subarray(bytes - rest, bytes), rest, rest, rest, span, this);
      if (this.wait) return 'blocked';
    }
    if (wasRotated) {
      if (span === this.#live && !this.#isSure) return 'unsure';
      this.#leaveFile(span);
      return 'more';
    }
    if (span.end) return 'done';
    this.#seen = before + bytes;
    return span.offset > before ? 'read' : 'quiet';
  }

  /** Takes a record that is longer than `buf`, whole or its head, once its end is written. */
  async takeLongRecord(span: Span, buf: Buffer): Promise<Progress> {
    const { file } = span.current;
    const isLast = !span.isInNewestFile || this.isFinishing || span.end !== undefined;
    const from = Math.max(span.offset, span.searched);
    const { end, searched } = await findNewline(file, from, buf);
    span.searched = end < 0 ? searched : 0;
    if (file.isClosed || (end < 0 && !isLast)) return 'quiet';
    const bytes = (end < 0 ? searched : end) - span.offset;
    const move = end < 0 ? bytes : bytes + 1;
    const { maxLineBytes } = this.#decoder;
    const record = Buffer.allocUnsafe(move <= Math.max(LONGEST_RECORD, maxLineBytes) ? move : maxLineBytes);
    let length = 0;
    for (let read = 1; read > 0 && length < record.length; length += read) {
      read = await file.read(record.subarray(length), record.length - length, span.offset + length);
    }
    if (file.isClosed || length < record.length) return 'quiet';
    this.wait =
      end >= 0 && move === length
        ? this.#decoder.decode(record, length, span, this)
        : this.#decoder.takeRaw(record, Math.min(length, bytes), bytes, move, span, this);
    return this.wait ? 'blocked' : 'more';
  }

  /** A catch-up span was read to its end. */
  endCatchUp(span: Span): void {
    this.#endOpenLines(span, LineFlag.incomplete);
    this.#endGap(span, timeOfMs(Date.now()));
    const files = span.marks.map((mark) => mark.file);
    const isOldest = span === this.#catchUp[0];
    this.#catchUp = this.#catchUp.filter((other) => other !== span);
    if (this.#catchUp.length === 0) this.#streams.releaseCatchUp();
    const needed = this.#files;
    if (isOldest) this.#doneWith(files.filter((file) => !needed.has(file)));
    this.#closeUnneeded(files);
    this.#savePosition();
  }

  /** The container does not run and all was read: a line that is open has no more pieces. */
  endOutput(): void {
    this.isStopped = false;
    this.#endOpenLines(this.live, 0);
  }

  /** The container is gone and all was read: forgets its position. */
  forget(): void {
    if (this.#live) {
      this.#endOpenLines(this.#live, LineFlag.incomplete);
      this.#endGap(this.#live, timeOfMs(Date.now()));
    }
    this.#options.pipeline.setPosition(this.#key, undefined);
  }

  /** The container is gone, and what it wrote was not read to the end. To be followed by `forget`. */
  tellRemoved(detail?: string): void {
    if (!this.hasLabels) return;
    const why = this.isShort ? 'descriptors' : 'removed';
    const from = this.isPlanned ? this.live.lastTime : undefined;
    const to = timeOfMs(Date.now());
    this.#options.pipeline.gap({ why, from, to, ...(detail && { detail }) }, this.#streams.labels);
  }

  setLabels(labels: Labels): void {
    this.#streams.setLabels(labels, this.log.tuning);
  }

  get unreadBytes(): number {
    return this.#spans.reduce((bytes, span) => bytes + span.unreadBytes, 0);
  }

  get stats(): ReaderStats {
    return {
      ...this.counts,
      state: !this.#live || !this.hasLabels ? 'waiting' : this.#catchUp.length > 0 ? 'catching-up' : 'live',
      unreadBytes: this.unreadBytes,
      heldFiles: this.#files.size,
    };
  }

  /** Lets go of everything. The position stays. */
  async close(): Promise<void> {
    this.#streams.release();
    const files = this.#files;
    await this.#rotations.release();
    this.#live = undefined;
    this.openedMs = undefined;
    this.#catchUp = [];
    await Promise.all([...files].map((file) => file.close()));
  }

  // LineTarget: where the decoder's lines go.

  streamId(isStderr: boolean, span: Span): number {
    return this.#streams.of(isStderr, span !== this.#live);
  }

  push(batch: Batch, span: Span, from: number, lines: number): Promise<void> | undefined {
    this.counts.linesRead += lines;
    if (batch.length > 0) {
      span.seconds = batch.seconds[batch.length - 1];
      span.nanos = batch.nanos[batch.length - 1];
      this.#endGap(span, { seconds: batch.seconds[0], nanos: batch.nanos[0] });
    }
    const origin = { key: this.#key, from, to: span.offset, lines };
    return this.#options.pipeline.push(batch, this.#key, this.#position(span), origin);
  }

  moved(span: Span): void {
    if (!span.hasOpenLine) this.#savePosition();
  }

  get #spans(): Span[] {
    return this.#live ? [...this.#catchUp, this.#live] : [];
  }

  get #files(): Set<LogFile> {
    return new Set(this.#spans.flatMap((span) => span.marks.map((mark) => mark.file)));
  }

  #position(moved: Span): Position {
    const dropped = moved.trim();
    if (moved === this.#spans[0]) this.#doneWith(dropped);
    if (dropped.length > 0) this.#closeUnneeded(dropped);
    return encodePosition({
      seconds: this.live.seconds,
      nanos: this.live.nanos,
      live: this.live.filePositions(),
      done: this.#done,
      catchUp: this.#catchUp.flatMap((span) => {
        const end = span.endPosition();
        return end ? [{ files: span.filePositions(), end }] : [];
      }),
    });
  }

  #savePosition(): void {
    this.#options.pipeline.setPosition(this.#key, this.#position(this.live));
  }

  /** The first line behind what is missing is there, or it is certain that none will come. */
  #endGap(span: Span, to: LineTime): void {
    if (!span.gap || !this.hasLabels) return;
    const { gap } = span;
    const { labels } = this.#streams;
    span.gap = undefined;
    const own = span === this.#live ? labels : { ...labels, [CATCH_UP_LABEL]: 'true' };
    this.#options.pipeline.gap({ ...gap, to }, own);
  }

  #endOpenLines(span: Span, flags: number): void {
    for (const carry of [span.out, span.err]) {
      if (carry.isOpen) this.wait = this.#decoder.pushOpenLine(span, carry, this, flags) ?? this.wait;
    }
  }

  /** Whether it is known what is missing behind the file that is left. */
  get #isSure(): boolean {
    const mayWait = !this.#scope.isClosing && this.live.marks.length < MAX_HELD_FILES;
    const newest = (): LogFile => {
      this.follow();
      return this.#newest;
    };
    return this.#rotations.isSure(newest, mayWait);
  }

  get #newest(): LogFile {
    const { marks } = this.live;
    return marks[marks.length - 1].file;
  }

  /** Whether the file bears the log's name. */
  #isNamed(file: LogFile): boolean {
    const stat = statSync(this.log.path, { throwIfNoEntry: false });
    return stat !== undefined && isSameFile(stat, file);
  }

  /** What is missing at the end of a file, or between two, ends the lines that are open. */
  #leaveFile(span: Span): void {
    const { file } = span.current;
    const missing = span.marks[span.marks.indexOf(span.current) + 1].missingBefore;
    const why = file.isDamaged ? 'damaged' : missing;
    if (why !== undefined) this.#endOpenLines(span, LineFlag.incomplete);
    span.advance();
    const detail = file.isDamaged && { detail: `${file.path} is damaged` };
    if (why !== undefined) span.gap ??= { why, from: span.lastTime, ...detail };
  }

  #openOlder(oldest: LogFile, isLast: (file: LogFile) => boolean): LogFile[] {
    const files = openGenerations(this.#scope, this.log.path, isLast);
    const known = files.findIndex((file) => isGeneration(file, oldest));
    const older = known < 0 ? [] : files.slice(known + 1);
    closeAll(known < 0 ? files : files.slice(0, known + 1));
    return older.reverse();
  }

  #openNewer(newest: LogFile): void {
    const isDone = (file: LogFile): boolean => this.#done !== undefined && file.matches(this.#done);
    const isKnown = (file: LogFile): boolean => isGeneration(file, newest) || isDone(file);
    const files = openGenerations(this.#scope, this.log.path, isKnown);
    const oldest = files[files.length - 1];
    this.#isSizeLearned ||= this.log.maxSizeBytes === undefined;
    if (newest instanceof PlainFile)
      this.log = { maxSizeBytes: Math.max(newest.stat().size, SMALLEST_ROTATION), ...this.log };
    const why: GapReason = this.isShort ? 'descriptors' : 'rotated';
    const isNext = oldest !== undefined && isGeneration(oldest, newest);
    if (isNext || (oldest && isDone(oldest))) closeAll(files.splice(-1));
    if (files.length > 0) this.isShort = false;
    const marks = files.reverse().map((file) => markAt(file, 0, 0));
    if (!isNext && marks.length > 0) {
      if (wasGenerationMissed(newest, files[files.length - 1])) marks[0].missingBefore = why;
      this.#rotations.doubt(marks[0], why);
    }
    this.live.marks.push(...marks);
    this.counts.rotations += marks.length;
    this.#rotations.opened(marks.length);
  }

  /** Most looks find nothing, many of them a second: such a one costs a single call of the system. */
  #isNameDue(file: PlainFile): boolean {
    const { driver, maxSizeBytes = Infinity } = this.log;
    if (driver === undefined || this.#isSizeLearned || file.size >= maxSizeBytes) return true;
    if (this.isFinishing || this.isStopped) return true;
    return performance.now() - this.#followedAt >= NAME_LOOK_MS;
  }

  #wasTruncated(file: PlainFile): boolean {
    if (file.size >= this.live.offset) return false;
    this.#goOnInCut(file);
    return true;
  }

  /** Somebody cut the file short, or wrote it anew: reads on what is later than the last line read. */
  #goOnInCut(file: PlainFile): void {
    const { live } = this;
    this.#endOpenLines(live, LineFlag.incomplete);
    live.gap ??= { why: 'truncated', from: live.lastTime };
    file.stat();
    const isSameLog = file.matches(file.fingerprint(live.offset));
    if (!isSameLog) file.forgetFingerprint();
    live.restartFile(findUnread(file, isSameLog, live));
    this.#options.onNotice({ kind: 'truncated', id: this.log.id, path: this.log.path });
  }

  /** Nothing of these files, oldest first, is needed any more, nor of any that is older. */
  #doneWith(files: readonly LogFile[]): void {
    const newest = files.at(-1);
    if (newest) this.#done = newest.fingerprint(newest.size);
  }

  #closeUnneeded(files: readonly LogFile[]): void {
    const needed = this.#files;
    closeAll(files.filter((file) => !needed.has(file)));
  }
}
