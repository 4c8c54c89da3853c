/**
 * One log: the files that bear its name one after the other, what is read of them, and its position.
 *
 * It sleeps while nobody writes: then it holds no descriptor, and what is known of it is its position. It wakes as after a
 * restart. Awake it holds its files open, so that they are read to their end whatever becomes of their names.
 *
 * A file that was renamed is left when the next one is there and it was read to its end. Of plain text it is looked at
 * for a while longer: programs write on to a file that was renamed until they are told to open the next one.
 */
import { realpathSync, statSync } from 'node:fs';
import { type Batch, LineFlag } from '../../pipeline/batch.js';
import type { GapReason } from '../../pipeline/gaps.js';
import { type LineTime, timeOfMs } from '../../pipeline/line-time.js';
import type { Labels } from '../../pipeline/streams.js';
import type { Scope } from '../../runtime/scope.js';
import { noCounts } from '../docker/json-file/counts.js';
import { Decoder, type LineTarget } from '../docker/json-file/decode.js';
import { closeAll, isGeneration, isSameFile } from '../docker/json-file/generations.js';
import { ifThere, type LogFile, PlainFile } from '../docker/json-file/log-file.js';
import { type Mark, markAt, Span } from '../docker/json-file/span.js';
import { DoneFiles } from './done-files.js';
import type { Encoding } from './encodings.js';
import { LogStreams } from './log-streams.js';
import { readLongLine } from './long-line.js';
import { type Beginning, beginAt, openAfter, openNewest } from './opening.js';
import { decodePosition, encodePosition, type SavedLog } from './position.js';
import { copiesSince, findCopy, resume } from './resume.js';
import { savedOf } from './saved-log.js';
import { Slumber } from './slumber.js';
import type { LineDecoder, LogContext } from './types.js';

/** One look reads no more than about this. */
const LOOK_BYTES = 256 * 1024;
const MOST_STEPS = 16;
/** Generations held at once; what rotates beyond is found by name later. */
const MAX_HELD_FILES = 32;
/** How long nothing was written to a file that was renamed, before it is done with. */
const LATE_MS = 10_000;
/** More unread than this at the start are old lines: they go to streams of their own. */
const CATCH_UP_FROM = 1024 * 1024;
/** Times of files may be so much behind. */
const COARSE_CLOCK_MS = 20;

/** As of the docker source: nothing new, all there was, more to come, more than a look can take, a push that asks to wait. */
export type Progress = 'quiet' | 'read' | 'more' | 'long' | 'blocked';

/** A file that was renamed, and is looked at for a while. */
interface Late {
  readonly span: Span;
  untilMs: number;
}

export class FileLog implements LineTarget {
  readonly path: string;
  /** The name behind links, in whose folder its rotations are. */
  realPath: string;
  readonly labels: Labels;
  readonly counts = noCounts();
  /** The promise of the last push that asked to wait. */
  wait: Promise<void> | undefined;
  /** Milliseconds since 1970; undefined while it sleeps. */
  openedMs: number | undefined;
  /** On `performance.now()`, of the last bytes that were read. */
  lastBytesAt = 0;
  readonly slumber = new Slumber();
  /** A file came that may be a copy of it. */
  mayHaveCopies = false;
  readonly #context: LogContext;
  readonly #key: string;
  readonly #streams: LogStreams;
  readonly #encodings = new WeakMap<LogFile, Encoding>();
  #saved: SavedLog | undefined;
  #live: Span | undefined;
  #late: Late[] = [];
  /** Where the newest file ended when it was last read to its end. */
  #seenEnd = -1;
  #wakings = 0;
  /** Older files that were changed later than this are not known. */
  #olderMs: number;
  readonly #done: DoneFiles;

  /** `labelsFor` is given the name behind links. */
  constructor(context: LogContext, path: string, key: string, labelsFor: (realPath: string) => Labels) {
    this.path = path;
    this.realPath = realPathOf(path);
    this.labels = labelsFor(this.realPath);
    this.#context = context;
    this.#key = key;
    this.#streams = new LogStreams(context.pipeline.streams, this.labels, context.format !== 'plain');
    const saved = context.pipeline.position(key);
    this.#saved = saved === undefined ? undefined : decodePosition(saved);
    this.#done = new DoneFiles(this.#saved?.done);
    this.#olderMs = this.#saved?.olderMs ?? Date.now() - COARSE_CLOCK_MS;
    if (saved !== undefined && !this.#saved)
      context.log.warn(
        { path, position: saved },
        'A saved position cannot be read: the file is read from its beginning.',
      );
  }

  get isAwake(): boolean {
    return this.#live !== undefined;
  }

  get isKnown(): boolean {
    return this.#saved !== undefined;
  }

  get isLate(): boolean {
    return this.#late.length > 0;
  }

  /** Whether what is read now was there before the agent came. */
  get isCatchingUp(): boolean {
    return this.#streams.isCatchingUp;
  }

  /** Of all files that are still needed. */
  get inodes(): number[] {
    return this.#saved?.files.map(({ inode }) => inode) ?? [];
  }

  /** Where it is read, a newer file was held. */
  get hasNewer(): boolean {
    return !this.#awake.isInNewestFile;
  }

  get saved(): SavedLog | undefined {
    return this.#saved;
  }

  get unreadBytes(): number {
    return this.#live?.unreadBytes ?? 0;
  }

  /** Opens what is to be read. False where no file of it is left. Throws the system's other errors. */
  wake(scope: Scope, beginning: Beginning): boolean {
    if (this.#live) return true;
    this.realPath = realPathOf(this.path);
    const newest = openNewest(scope, this.path);
    const saved = this.#saved;
    const resumed = saved
      ? resume(scope, this.realPath, { newest, saved, isKnown: this.#whetherKnown() })
      : undefined;
    const marks = resumed?.marks ?? (newest ? beginAt(scope, newest, beginning) : []);
    this.#wakings++;
    if (marks.length === 0) return false;
    const live = new Span(marks);
    const now = timeOfMs(Date.now());
    live.seconds = saved?.seconds ?? now.seconds;
    live.nanos = saved?.nanos ?? now.nanos;
    this.#live = live;
    this.openedMs = Date.now();
    this.lastBytesAt = performance.now();
    this.#seenEnd = -1;
    if (this.#wakings === 1 && this.unreadBytes > CATCH_UP_FROM) this.#streams.catchUp(this.#newest.file);
    if (resumed?.isLost && resumed.isCut) {
      const cut = saved?.files.find(({ inode }) => inode === newest?.inode);
      this.#tellGap('truncated');
      this.#knowOlder(cut && findCopy(scope, this.realPath, cut)?.modifiedMs);
    } else if (resumed?.isLost) this.#tellLost(this.#wakings === 1);
    for (const { file } of marks) this.#context.onHeld(file, this);
    this.#savePosition();
    return true;
  }

  /** Lets go of its files until something is written; where that is not told by its folder, it may be at any time. */
  sleep(isWatched: boolean): void {
    const { file } = this.#newest;
    const modifiedMs = file instanceof PlainFile ? file.stat().modifiedMs : 0;
    this.slumber.begin({ inode: file.inode, size: this.#seenEnd, modifiedMs }, isWatched);
    void this.#release();
  }

  /** Whether its name bears something else than when it fell asleep. */
  hasChanged(): boolean {
    return this.slumber.hasChanged(statSync(this.path, { throwIfNoEntry: false }));
  }

  /** Opens and holds what came after the newest held file. True where there is more to look at. */
  follow(scope: Scope): boolean {
    const { marks } = this.#awake;
    const { file } = this.#newest;
    const stat = statSync(this.path, { throwIfNoEntry: false });
    if (stat && isSameFile(stat, file)) file.size = stat.size;
    else if (stat && marks.length < MAX_HELD_FILES) this.#openNewer(scope, file);
    return !this.#awake.isInNewestFile || file.size !== this.#seenEnd;
  }

  /** Reads at once what is new, into `buf`; where that is much, some of it. Not while a `fetch` is under way. */
  look(scope: Scope, buf: Buffer): Progress {
    const late = this.#lookAtLate(buf);
    if (late === 'blocked' || late === 'more') return late;
    const enough = this.counts.bytesRead + LOOK_BYTES;
    for (let step = 0; step < MOST_STEPS && this.counts.bytesRead < enough; step++) {
      const span = this.#awake;
      const { file } = span.current;
      if (!(file instanceof PlainFile)) return 'long';
      if (span.searched > span.offset) {
        this.#seenEnd = span.searched;
        return this.follow(scope) ? 'long' : 'quiet';
      }
      if (span.offset === 0 && span.isInNewestFile) this.follow(scope);
      const wasFollowed = !span.isInNewestFile;
      if (span.offset === 0 && this.mayHaveCopies && !wasFollowed && this.#findsCopies(scope, file)) continue;
      const bytes = file.readNow(buf, buf.length, span.offset);
      if (!isWhole(span, file, bytes)) {
        this.#goOnInCut(scope, file);
        continue;
      }
      const progress = this.digest(buf, bytes, buf.length, wasFollowed);
      if (progress === 'more' && this.wait === undefined) continue;
      if (progress !== 'read' && progress !== 'quiet') return progress;
      if (!this.follow(scope)) return progress;
    }
    return 'more';
  }

  /** Reads the next bytes into `buf`; `digest` takes them. */
  async fetch(scope: Scope, buf: Buffer): Promise<number> {
    const span = this.#awake;
    const { file } = span.current;
    if (file.isClosed) return 0;
    try {
      const bytes = await file.read(buf, buf.length, span.offset);
      if (!(file instanceof PlainFile) || file.isClosed) return bytes;
      if (isWhole(span, file, bytes)) return bytes;
      this.#goOnInCut(scope, file);
      return 0;
    } catch (error) {
      if (!file.isCompressed) throw error;
      return 0;
    }
  }

  /**
   * Takes the `bytes` bytes in `buf` that were read where `wanted` were asked for. `wasFollowed`: before the reading there
   * was a newer file already.
   */
  digest(buf: Buffer, bytes: number, wanted: number, wasFollowed: boolean): Progress {
    const span = this.#awake;
    const before = span.offset;
    this.wait = bytes > 0 ? this.#decode(span, buf, bytes) : undefined;
    this.#streams.passed(span);
    if (this.wait) return 'blocked';
    if (bytes === wanted) return span.offset > before ? 'more' : 'long';
    const rest = bytes - (span.offset - before);
    if (wasFollowed) {
      this.#leaveFile(span, buf.subarray(bytes - rest, bytes));
      return this.wait ? 'blocked' : 'more';
    }
    this.#seenEnd = before + bytes;
    return span.offset > before ? 'read' : 'quiet';
  }

  /** Takes a line that is longer than `buf`, whole or its head, once its end is written. */
  async takeLongLine(buf: Buffer): Promise<Progress> {
    const span = this.#awake;
    const encoding = this.#encodingOf(span.current.file);
    const decoder = this.#context.decoderOf(encoding);
    const isLast = !span.isInNewestFile;
    const line = await readLongLine(span, buf, { encoding, isLast, kept: 2 * decoder.maxLineBytes });
    if (!line) return 'quiet';
    const { head, bytes, move, isWhole } = line;
    this.#setTime(span);
    this.wait = isWhole
      ? decoder.decode(head, head.length, span, this)
      : decoder.takeRaw(head, Math.min(head.length, bytes), bytes, move, span, this);
    this.#streams.passed(span);
    return this.wait ? 'blocked' : 'more';
  }

  /** Nothing is left of it, and nothing will come: forgets its position. */
  forget(): void {
    this.#context.pipeline.setPosition(this.#key, undefined);
    this.#saved = undefined;
  }

  /** No file of it is left: what was not read of it is missing. Once. */
  leave(): void {
    const saved = this.#saved;
    if (!saved || saved.files.length === 0) return;
    if (saved.files.some(({ file: [length] }) => length > 0)) this.#tellLost(this.#wakings === 1);
    this.#saved = { ...saved, isCut: false, files: [] };
    this.#context.pipeline.setPosition(this.#key, encodePosition(this.#saved));
  }

  /** It goes on where another log ended, whose file has this name now. */
  takeOver(saved: SavedLog): void {
    this.#saved = saved;
    this.#context.pipeline.setPosition(this.#key, encodePosition(saved));
  }

  /** Lets go of everything. The position stays. */
  async close(): Promise<void> {
    this.#streams.release();
    await this.#release();
  }

  // LineTarget: where the decoder's lines go.

  streamId(isStderr: boolean): number {
    return this.#streams.idOf(isStderr);
  }

  push(batch: Batch, span: Span, from: number, lines: number): Promise<void> | undefined {
    this.counts.linesRead += lines;
    if (batch.length > 0) {
      span.seconds = batch.seconds[batch.length - 1];
      span.nanos = batch.nanos[batch.length - 1];
      this.#keepTime(span);
    }
    const origin = { key: this.#key, from, to: span.offset, lines };
    return this.#context.pipeline.push(batch, this.#key, this.#position(), origin);
  }

  moved(span: Span): void {
    if (!span.hasOpenLine) this.#savePosition();
  }

  get #awake(): Span {
    if (!this.#live) throw new TypeError(`${this.path} is not open.`);
    return this.#live;
  }

  get #newest(): Mark {
    const { marks } = this.#awake;
    return marks[marks.length - 1];
  }

  get #spans(): Span[] {
    return [...this.#late.map(({ span }) => span), ...(this.#live ? [this.#live] : [])];
  }

  get #files(): Set<LogFile> {
    return new Set(this.#spans.flatMap((span) => span.marks.map(({ file }) => file)));
  }

  #tellLost(isFirst: boolean): void {
    if (isFirst) this.#tellGap('blind');
    else if (this.slumber.mayHaveGrown)
      this.#tellGap('removed', 'a file was removed before it was read to its end');
  }

  #openNewer(scope: Scope, held: LogFile): void {
    const { path, realPath } = this;
    const marks = openAfter(scope, held, {
      path,
      realPath,
      olderMs: this.#olderMs,
      isKnown: this.#whetherKnown(),
    });
    for (const { file } of marks) this.#context.onHeld(file, this);
    this.#awake.marks.push(...marks);
    this.counts.rotations += marks.length;
  }

  #decode(span: Span, buf: Buffer, bytes: number): Promise<void> | undefined {
    this.#setTime(span);
    return this.#decoderOf(span.current.file).decode(buf, bytes, span, this);
  }

  /** Times increase over all files of the log. */
  #setTime(span: Span): void {
    const live = this.#awake;
    if (span === live) return;
    span.seconds = live.seconds;
    span.nanos = live.nanos;
  }

  #keepTime(span: Span): void {
    const live = this.#awake;
    live.seconds = span.seconds;
    live.nanos = span.nanos;
  }

  #encodingOf(file: LogFile): Encoding {
    const known = this.#encodings.get(file);
    if (known) return known;
    const encoding = this.#context.encodingOf(file);
    if (file.size > 2) this.#encodings.set(file, encoding);
    return encoding;
  }

  #decoderOf(file: LogFile): LineDecoder {
    return this.#context.decoderOf(this.#encodingOf(file));
  }

  /** `rest`: what stands behind the last newline. */
  #leaveFile(span: Span, rest: Buffer): void {
    const { file } = span.current;
    const missing = file.isDamaged
      ? 'damaged'
      : span.marks[span.marks.indexOf(span.current) + 1].missingBefore;
    const isLate = this.#context.format === 'plain' && file instanceof PlainFile && missing === undefined;
    if (isLate) {
      const late = new Span([markAt(file, span.offset, span.offset)]);
      this.#late.push({ span: late, untilMs: performance.now() + LATE_MS });
    } else if (rest.length > 0) {
      this.#setTime(span);
      this.wait = this.#decoderOf(file).takeRaw(rest, rest.length, rest.length, rest.length, span, this);
    }
    if (missing !== undefined) this.#endOpenLines(span);
    this.#knowOlder(file instanceof PlainFile ? file.stat().modifiedMs : file.modifiedMs);
    this.#done.add(file);
    span.advance();
    if (missing === 'removed') this.#tellGap(missing, 'files of it were removed before they were seen');
    else if (missing !== undefined)
      this.#tellGap(missing, file.isDamaged ? `${file.path} is damaged` : undefined);
    this.#savePosition();
  }

  /** Somebody cut the file short, or wrote it anew: reads what a copy still has, then goes on at its beginning. */
  #goOnInCut(scope: Scope, file: PlainFile): void {
    const span = this.#awake;
    this.#endOpenLines(span);
    const saved = this.#saved?.files.find(({ inode }) => inode === file.inode);
    const { mark: copy, modifiedMs } = (saved && findCopy(scope, this.realPath, saved)) ?? {};
    file.stat();
    file.forgetFingerprint();
    this.#encodings.delete(file);
    span.restartFile(0);
    this.#seenEnd = -1;
    if (copy) {
      span.current.missingBefore = 'truncated';
      span.marks.splice(span.marks.indexOf(span.current), 0, copy);
      span.current = copy;
      span.offset = copy.offset;
    } else {
      this.#tellGap('truncated');
      this.#knowOlder(modifiedMs);
    }
    this.#savePosition();
  }

  /** Whether a file of which nothing was read was written and cut short since it was seen: the copies are read before it. */
  #findsCopies(scope: Scope, newest: PlainFile): boolean {
    newest.stat();
    this.mayHaveCopies = false;
    const { marks } = this.#awake;
    const copies = copiesSince(scope, this.realPath, this.#olderMs, this.#whetherKnown());
    if (copies.length === 0) return false;
    const at = marks.length - 1;
    marks.splice(at, 0, ...copies);
    for (const mark of marks.slice(at + 1)) mark.missingBefore = 'truncated';
    this.#awake.current = copies[0];
    return true;
  }

  /** Whether a file is one of those that are held, or a copy of one, or of one that was read. */
  #whetherKnown(): (file: LogFile) => boolean {
    const held = [...this.#files];
    for (const file of held) if (file instanceof PlainFile) file.stat();
    return (file) => held.some((one) => isGeneration(file, one)) || this.#done.has(file);
  }

  /** Of what is older nothing is to be read any more. */
  #knowOlder(modifiedMs = 0): void {
    this.#olderMs = Math.max(this.#olderMs, modifiedMs);
  }

  /** Reads what is still written to files that were renamed, and ends those that are quiet. */
  #lookAtLate(buf: Buffer): Progress {
    for (const late of this.#late) {
      const { span } = late;
      const file = span.current.file as PlainFile;
      const before = span.offset;
      const bytes = file.readNow(buf, buf.length, before);
      this.wait = bytes > 0 ? this.#decode(span, buf, bytes) : undefined;
      const now = performance.now();
      if (span.offset > before) late.untilMs = now + LATE_MS;
      if (this.wait) return 'blocked';
      if (bytes === buf.length && span.offset > before) return 'more';
      if (now < late.untilMs) continue;
      const rest = bytes - (span.offset - before);
      if (rest > 0) {
        this.#setTime(span);
        this.wait = this.#decoderOf(file).takeRaw(
          buf.subarray(bytes - rest, bytes),
          rest,
          rest,
          rest,
          span,
          this,
        );
      }
      this.#late = this.#late.filter((one) => one !== late);
      this.#knowOlder(file.stat().modifiedMs);
      this.#done.add(file);
      this.#savePosition();
      this.#closeUnneeded([file]);
      if (this.wait) return 'blocked';
    }
    return 'quiet';
  }

  #endOpenLines(span: Span): void {
    const decoder = this.#decoderOf(span.current.file);
    if (!(decoder instanceof Decoder)) return;
    for (const carry of [span.out, span.err])
      if (carry.isOpen) this.wait = decoder.pushOpenLine(span, carry, this, LineFlag.incomplete) ?? this.wait;
  }

  #tellGap(why: GapReason, detail?: string): void {
    const { seconds, nanos }: LineTime = this.#live ?? this.#saved ?? { seconds: 0, nanos: 0 };
    const from = seconds > 0 ? { seconds, nanos } : undefined;
    this.#context.pipeline.gap(
      { why, from, to: timeOfMs(Date.now()), ...(detail && { detail }) },
      this.labels,
    );
  }

  #position(): ReturnType<typeof encodePosition> {
    const live = this.#awake;
    const dropped = live.trim();
    if (dropped.length > 0) this.#closeUnneeded(dropped);
    const late = this.#late.map(({ span }) => span);
    this.#saved = savedOf(live, late, { olderMs: this.#olderMs, done: this.#done.list });
    return encodePosition(this.#saved);
  }

  #savePosition(): void {
    this.#context.pipeline.setPosition(this.#key, this.#position());
  }

  #closeUnneeded(files: readonly LogFile[]): void {
    const needed = this.#files;
    const unneeded = files.filter((file) => !needed.has(file));
    for (const file of unneeded) this.#context.onDone(file);
    closeAll(unneeded);
  }

  async #release(): Promise<void> {
    const files = this.#files;
    this.#live = undefined;
    this.#late = [];
    this.openedMs = undefined;
    await Promise.all([...files].map((file) => file.close()));
  }
}

/** Whether what was read of the file still stands in it, as far as its first bytes and those before the place tell. `bytes` were read there. */
function isWhole(span: Span, file: PlainFile, bytes: number): boolean {
  if (bytes === 0 && file.stat().size < span.offset) return false;
  return span.offset === 0 || (span.isContinued && file.matches(file.fingerprint(span.offset)));
}

function realPathOf(path: string): string {
  return ifThere(() => realpathSync(path)) ?? path;
}
