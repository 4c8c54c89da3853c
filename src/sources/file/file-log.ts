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
import type { Batch } from '../../pipeline/batch.js';
import type { GapReason } from '../../pipeline/gaps.js';
import { type LineTime, timeOfMs } from '../../pipeline/line-time.js';
import type { Labels } from '../../pipeline/streams.js';
import type { Scope } from '../../runtime/scope.js';
import { noCounts } from '../docker/json-file/counts.js';
import type { LineTarget } from '../docker/json-file/decode.js';
import { closeAll, isSameFile } from '../docker/json-file/generations.js';
import { beginsWith, ifThere, type LogFile, PlainFile } from '../docker/json-file/log-file.js';
import { type Mark, Span } from '../docker/json-file/span.js';
import { type Copy, copiesOfUnread, findCopy } from './copies.js';
import { DoneFiles } from './done-files.js';
import { isHeld } from './identity.js';
import { LateFiles } from './late-files.js';
import { LogLines } from './log-lines.js';
import { LogStreams } from './log-streams.js';
import { type Beginning, openAfter, openLog } from './opening.js';
import { decodePosition, encodePosition, type SavedLog } from './position.js';
import { savedOf } from './saved-log.js';
import { Slumber } from './slumber.js';
import type { LogContext } from './types.js';

/** One look reads no more than about this. */
const LOOK_BYTES = 256 * 1024;
const MOST_STEPS = 16;
/** Generations held at once; what rotates beyond is found by name later. */
const MAX_HELD_FILES = 32;
/** More unread than this at the start are old lines: they go to streams of their own. */
const CATCH_UP_FROM = 1024 * 1024;
/** Times of files may be so much behind. */
const COARSE_CLOCK_MS = 20;

/** As of the docker source: nothing new, all there was, more to come, more than a look can take, a push that asks to wait. */
export type Progress = 'quiet' | 'read' | 'more' | 'long' | 'blocked';

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
  readonly #lines: LogLines;
  #saved: SavedLog | undefined;
  #live: Span | undefined;
  readonly #late = new LateFiles();
  /** Where the newest file ended when it was last read to its end. */
  #seenEnd = -1;
  #wakings = 0;
  /** Nothing was known of it when it woke. */
  #isNew = false;
  readonly #done: DoneFiles;

  /** `labelsFor` is given the name behind links. */
  constructor(context: LogContext, path: string, key: string, labelsFor: (realPath: string) => Labels) {
    this.path = path;
    this.realPath = realPathOf(path);
    this.labels = labelsFor(this.realPath);
    this.#context = context;
    this.#key = key;
    this.#lines = new LogLines(context, this);
    this.#streams = new LogStreams(context.pipeline.streams, this.labels, context.format !== 'plain');
    const saved = context.pipeline.position(key);
    this.#saved = saved === undefined ? undefined : decodePosition(saved);
    this.#done = new DoneFiles(this.#saved ?? { done: [], olderMs: Date.now() - COARSE_CLOCK_MS });
    if (saved !== undefined && !this.#saved)
      context.log.warn(
        { path, position: saved },
        'A saved position cannot be read: the file is read from its beginning.',
      );
  }

  get isAwake(): boolean {
    return this.#live !== undefined;
  }

  get isLate(): boolean {
    return !this.#late.isEmpty;
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

  /** Whether a file is one of those that are held, or a copy of one, or of one that was read. */
  readonly isKnown = (file: LogFile): boolean =>
    [...this.#files].some((one) => isHeld(file, one)) || this.#done.has(file);

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
    const saved = this.#saved;
    const { marks, resumed } = openLog(scope, this, saved, beginning);
    this.#wakings++;
    this.#isNew = saved === undefined;
    if (marks.length === 0) return false;
    const live = new Span(marks);
    const begun = saved?.files.find(({ inode }) => inode === marks[0].file.inode)?.file;
    if (begun?.[4] !== undefined) live.knowTail(Math.max(begun[2], begun[3]), begun[4]);
    const now = timeOfMs(Date.now());
    live.seconds = saved?.seconds ?? now.seconds;
    live.nanos = saved?.nanos ?? now.nanos;
    this.#live = live;
    this.openedMs = Date.now();
    this.lastBytesAt = performance.now();
    this.#seenEnd = -1;
    if (this.#wakings === 1 && this.unreadBytes > CATCH_UP_FROM) this.#streams.catchUp(this.#newest.file);
    if (resumed?.isLost && resumed.isCut) {
      this.#tellGap('truncated');
      const cut = saved?.files.find(({ inode }) => inode === this.#newest.file.inode);
      const copy = cut && findCopy(scope, this.realPath, cut, this.#newest.file.knownHead);
      if (copy) this.#passCopy(copy);
    } else if (resumed?.isLost) this.#tellLost(this.#wakings === 1);
    if (resumed?.isNewestUnread) this.mayHaveCopies = true;
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
    const late = this.#late.look(this.#lines, buf, (file) => {
      this.#done.add(file);
      this.#savePosition();
      this.#closeUnneeded([file]);
    });
    if (late === 'more') return late;
    this.wait = late;
    if (late) return 'blocked';
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
      const isUnread = span.offset === 0 && !wasFollowed;
      const bytes = file.readNow(buf, buf.length, span.offset);
      if (isUnread) {
        const first = this.#isFirstLife(scope, file, buf.subarray(0, bytes));
        if (first === 'unsure') return 'more';
        if (first === 'no') continue;
      }
      if (!isWhole(span, file, bytes)) {
        this.#goOnInCut(scope, file);
        continue;
      }
      file.identifyBy(buf.subarray(0, bytes), span.offset);
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
      if (!isWhole(span, file, bytes)) {
        this.#goOnInCut(scope, file);
        return 0;
      }
      file.identifyBy(buf.subarray(0, bytes), span.offset);
      return bytes;
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
    this.wait = this.#lines.decode(span, buf, bytes);
    this.#streams.passed(span);
    if (this.wait) return 'blocked';
    if (bytes === wanted) return span.offset > before ? 'more' : 'long';
    const rest = bytes - (span.offset - before);
    if (wasFollowed) {
      this.#leaveFile(span, buf.subarray(bytes - rest, bytes));
      if (this.wait) return 'blocked';
      // What bears the name is looked at before it is read.
      return span.isInNewestFile && span.offset === 0 ? 'read' : 'more';
    }
    this.#seenEnd = before + bytes;
    return span.offset > before ? 'read' : 'quiet';
  }

  /** Takes a line that is longer than `buf`, whole or its head, once its end is written. */
  async takeLongLine(buf: Buffer): Promise<Progress> {
    const span = this.#awake;
    const taken = await this.#lines.takeLong(span, buf);
    if (taken === 'unended') return 'quiet';
    this.wait = taken.wait;
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
    const last = batch.length - 1;
    if (last >= 0) this.#shareTime({ seconds: batch.seconds[last], nanos: batch.nanos[last] });
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
    return [...this.#late.spans, ...(this.#live ? [this.#live] : [])];
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
    const { path, realPath, isKnown } = this;
    const marks = openAfter(scope, held, { path, realPath, isKnown, olderMs: this.#done.saved.olderMs });
    for (const { file } of marks) this.#context.onHeld(file, this);
    this.#awake.marks.push(...marks);
    this.counts.rotations += marks.length;
  }

  /** Times increase over all files of the log. */
  #shareTime({ seconds, nanos }: LineTime): void {
    for (const span of this.#spans) Object.assign(span, { seconds, nanos });
  }

  /** `rest`: what stands behind the last newline. */
  #leaveFile(span: Span, rest: Buffer): void {
    const { file } = span.current;
    const missing = file.isDamaged
      ? 'damaged'
      : span.marks[span.marks.indexOf(span.current) + 1].missingBefore;
    const isLate = this.#context.format === 'plain' && file instanceof PlainFile && missing === undefined;
    if (isLate) {
      this.#late.add(file, span.offset);
      this.#shareTime(span);
    } else this.wait = this.#lines.takeRest(span, rest);
    if (missing !== undefined) this.#endOpenLines(span);
    this.#done.add(file);
    span.advance();
    this.#seenEnd = -1;
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
    const copy = saved && findCopy(scope, this.realPath, saved, file.knownHead);
    file.stat();
    file.forgetFingerprint();
    this.#lines.forget(file);
    span.restartFile(0);
    this.#seenEnd = -1;
    this.mayHaveCopies = true;
    if (copy?.mark) {
      span.current.missingBefore = 'truncated';
      span.marks.splice(span.marks.indexOf(span.current), 0, copy.mark);
      span.current = copy.mark;
      span.offset = copy.mark.offset;
    } else {
      this.#tellGap('truncated');
      if (copy) this.#passCopy(copy);
    }
    this.#savePosition();
  }

  /** Of what is in it nothing is missing, if it is shorter than what was read. */
  #passCopy({ file, mark }: Copy): void {
    if (!mark) this.#done.add(file);
    void file.close();
  }

  /**
   * Whether nothing else was in a file before `bytes`, which were read at its beginning. No: it was cut short, and copies of it
   * are read first. Unsure: the folder has yet to tell of copies that were made before.
   */
  #isFirstLife(scope: Scope, newest: PlainFile, bytes: Buffer): 'yes' | 'no' | 'unsure' {
    const isNew = this.#isNew;
    this.#isNew = false;
    const isSame = newest.knownHead.length > 0 && beginsWith(bytes, newest.knownHead);
    newest.forgetFingerprint();
    newest.identifyBy(bytes, 0);
    if (!this.mayHaveCopies) return isNew || isSame || bytes.length === 0 ? 'yes' : 'unsure';
    const { path, realPath, isKnown } = this;
    const { olderMs } = this.#done.saved;
    const copies = copiesOfUnread(scope, { path, realPath, newest, olderMs, isKnown });
    this.mayHaveCopies = copies === undefined;
    // It may be cut in this moment: what was read is of its first life if it still stands there.
    if (!copies || copies.length === 0) {
      const head = newest.knownHead;
      return beginsWith(newest.head(head.length), head) ? 'yes' : 'no';
    }
    const { marks } = this.#awake;
    const at = marks.length - 1;
    marks.splice(at, 0, ...copies);
    for (const mark of marks.slice(at + 1)) mark.missingBefore = 'truncated';
    this.#awake.current = copies[0];
    return 'no';
  }

  #endOpenLines(span: Span): void {
    this.wait = this.#lines.endOpen(span) ?? this.wait;
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
    this.#saved = savedOf(live, this.#late.spans, this.#done.saved);
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
    this.#late.clear();
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
