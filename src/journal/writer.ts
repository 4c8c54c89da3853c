/**
 * Group commit: what was appended since the last one, and the positions it came from, become durable together.
 *
 * - `Group` collects; taking it seals every lane in the same synchronous step, so that lines and positions can never
 *   disagree. Appends go on into the next group while the taken one is written.
 * - A group is written as BLOCK…, COMMIT in one write and one fdatasync; at a segment's head the SNAPSHOT goes first.
 * - A group whose writing failed is kept and written again, into a new segment: after a failed write or fdatasync
 *   nobody knows what the old file's tail holds. Until it is durable, appends are answered with a promise to wait for.
 * - Only what is durable is published: to the segments' index, to readers, to waiters.
 */
import type { Batch } from '../pipeline/batch.js';
import type { Position, SourceKey, SourceRange } from '../pipeline/contract.js';
import { LANES, type StreamTable } from '../pipeline/streams.js';
import { JOURNALED, totalName } from '../pipeline/totals.js';
import { Backoff } from '../runtime/backoff.js';
import { AgentError, describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import { journalAppended, journalCommitted } from '../runtime/probes.js';
import type { Owned, Scope } from '../runtime/scope.js';
import { BlockBuilder } from './block-builder.js';
import { Group } from './group.js';
import type { JournalLimits } from './limits.js';
import type { SegmentWriter } from './segment-writer.js';
import type { State, StoredCursor } from './state.js';
import type { JournalOptions } from './types.js';
import { Waiters } from './waiters.js';

const CURSOR_INTERVAL_MS = 1_000;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 5_000;

export interface WriterParts {
  readonly streams: StreamTable;
  readonly scope: Scope;
  readonly log: Logger;
  readonly options: Pick<JournalOptions, 'syncIntervalMs'>;
  readonly limits: JournalLimits;
  readonly segmentWriter: SegmentWriter;
  /** As recovered; the writer keeps it at the last commit. */
  readonly state: State;
}

export class Writer {
  readonly #parts: WriterParts;
  readonly #builder: BlockBuilder;
  readonly #committed = new Waiters<number>();
  readonly #room = new Waiters<void>();
  /** Resolved with the number of the group that became durable. */
  readonly #groups = new Waiters<number>();
  /** Timers and pauses, which closing ends before the last commit. */
  readonly #pauses: Scope;
  readonly #timers = new Map<number, Owned>();

  #group = new Group();
  /** Compressed bytes of sealed blocks: in the open group, and in the one being written. */
  #sealedBytes = 0;
  #writingBytes = 0;
  #writing: Promise<void> | undefined;
  /** Number of the open group, and of the last durable one. */
  #groupNumber = 1;
  #durableGroup = 0;
  /** In the blocks of the group being written. */
  #linesWriting = 0;
  /** The newest totals, committed or not. */
  readonly totals: Map<string, number>;
  #isDue = false;
  #isTaking = false;
  #isClosed = false;
  /** There are no blocks at or after this lsn. */
  lastBlockEnd: number;
  linesAppended = 0;
  linesCommitted = 0;
  /** Per lane. */
  readonly committedRawBytes = new Float64Array(LANES);
  commits = 0;
  #trouble: string | undefined;
  onTrouble: (trouble: string | undefined) => void = () => {};
  /** Called for each total that is counted. */
  onTotal: (name: string) => void = () => {};
  /** Called right before a group is closed: what it moves then is in that group. */
  beforeCommit: () => void = () => {};

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#builder = new BlockBuilder(parts.streams);
    this.#pauses = parts.scope.child('commit pauses');
    this.totals = new Map(parts.state.totals);
    this.lastBlockEnd = parts.segmentWriter.end;
  }

  append(batch: Batch, key: SourceKey, position: Position, origin: SourceRange): Promise<void> | undefined {
    this.#checkOpen();
    const group = this.#group;
    const blocks = group.blocks.length;
    const encoded = this.#builder.append(batch, origin, group.blocks);
    for (let i = blocks; i < group.blocks.length; i++) this.#sealedBytes += group.blocks[i].payload.length;
    if (encoded > 0) this.count(totalName(origin.key, JOURNALED), encoded);
    group.hasLines ||= encoded > 0;
    this.linesAppended += batch.length;
    group.positions.set(key, position);
    if (journalAppended.hasSubscribers) journalAppended.publish({ lines: batch.length, key });
    this.#changed();
    const { heldBytes } = this.#parts.limits;
    if (this.#heldBytes <= heldBytes) return undefined;
    return this.#room.wait(() => this.#isClosed || this.#heldBytes <= heldBytes);
  }

  setPosition(key: SourceKey, position: Position | undefined): void {
    this.#checkOpen();
    this.#group.positions.set(key, position);
    if (!this.#isTaking) this.#changed();
  }

  /** Ends the blocks that are being filled: what follows is in others, behind them. */
  seal(): void {
    const { blocks } = this.#group;
    const before = blocks.length;
    this.#builder.sealAll(blocks);
    for (const { payload } of blocks.slice(before)) this.#sealedBytes += payload.length;
  }

  /** Part of the next commit, which is not hurried for it. */
  count(name: string, lines: number): void {
    this.setTotal(name, (this.totals.get(name) ?? 0) + lines);
  }

  setTotal(name: string, lines: number): void {
    if (this.#isClosed) return;
    if (lines === 0) this.totals.delete(name);
    else this.totals.set(name, lines);
    this.#group.totals.set(name, lines);
    this.onTotal(name);
  }

  /** Part of the next commit; one is made for it within a second where it is `urgent`. */
  setCursor(name: string, cursor: StoredCursor, urgent: boolean): void {
    if (this.#isClosed) return;
    this.#group.cursors.set(name, cursor);
    if (urgent) this.#commitWithin(CURSOR_INTERVAL_MS);
  }

  async barrier(): Promise<number> {
    this.#checkOpen();
    if (!this.#group.isEmpty) this.#commit();
    const number = this.#groupNumber - 1;
    if (this.#group.isEmpty && this.#durableGroup >= number) return this.#parts.segmentWriter.end;
    const awaited = this.#group.isEmpty ? number : this.#groupNumber;
    await this.#groups.wait((durable) => durable >= awaited);
    return this.#parts.segmentWriter.end;
  }

  waitCommitted(lsn: number, signal: AbortSignal): Promise<void> {
    if (this.lastBlockEnd > lsn || this.#isClosed) return Promise.resolve();
    return this.#committed.waitUnless(signal, (end) => end > lsn);
  }

  /** Commits what is there; where the disk does not take it at once, gives it up: its sources will read it again. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    if (!this.#group.isEmpty) this.#settle();
    this.#isClosed = true;
    await this.#pauses.close();
    if (!this.#group.isEmpty) this.#commit();
    while (this.#writing) await this.#writing;
    this.#committed.tell(Number.POSITIVE_INFINITY);
    this.#room.tell();
  }

  /** Why the journal cannot be written at present. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Encoded and not durable yet: counted in the blocks, not from what was appended. */
  get linesUncommitted(): number {
    let lines = this.#builder.stagedLines + this.#linesWriting;
    for (const block of this.#group.blocks) lines += block.lines;
    return lines;
  }

  get #heldBytes(): number {
    return this.#builder.stagedBytes + this.#sealedBytes + this.#writingBytes;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new AgentError('INTERNAL', 'The journal is closed and takes nothing more.');
  }

  #changed(): void {
    const { options, limits } = this.#parts;
    if (options.syncIntervalMs === 0 || this.#sealedBytes >= limits.groupBytes) this.#commit();
    else this.#commitWithin(options.syncIntervalMs);
  }

  #commitWithin(ms: number): void {
    if (this.#timers.has(ms) || this.#pauses.isClosing) return;
    this.#timers.set(
      ms,
      this.#pauses.timeout('commit', ms, () => this.#commit()),
    );
  }

  #releaseTimers(): void {
    for (const timer of this.#timers.values()) void timer.release();
    this.#timers.clear();
  }

  /** Commits now, or as soon as the commit under way is done. */
  #commit(): void {
    this.#isDue = true;
    this.#writing ??= this.#parts.scope
      .run('commit', () => this.#writeWhileDue())
      .finally(() => {
        this.#writing = undefined;
        if (this.#isDue) this.#commit();
      });
  }

  async #writeWhileDue(): Promise<void> {
    // Whatever one synchronous step appends and moves is in one commit.
    await Promise.resolve();
    while (this.#isDue) {
      this.#isDue = false;
      if (this.#group.isEmpty) continue;
      const number = this.#groupNumber;
      const group = this.#take();
      const isDurable = await this.#writeUntilDurable(group);
      this.#writingBytes = 0;
      if (!isDurable) return;
      this.#durableGroup = number;
      this.#groups.tell(number);
      this.#room.tell();
      if (this.#sealedBytes >= this.#parts.limits.groupBytes) this.#isDue = true;
    }
  }

  /** Lets whoever has more to say of what was appended say it: part of the group, not a reason for the next one. */
  #settle(): void {
    if (this.#isClosed) return;
    this.#isTaking = true;
    this.beforeCommit();
    this.#isTaking = false;
  }

  #take(): Group {
    this.#settle();
    const group = this.#group;
    this.#builder.sealAll(group.blocks);
    this.#group = new Group();
    this.#groupNumber++;
    this.#sealedBytes = 0;
    this.#releaseTimers();
    for (const { payload, lines } of group.blocks) {
      this.#writingBytes += payload.length;
      this.#linesWriting += lines;
    }
    return group;
  }

  /** False where closing left no time to wait for the disk. */
  async #writeUntilDurable(group: Group): Promise<boolean> {
    const { segmentWriter, state, log } = this.#parts;
    const backoff = new Backoff(RETRY_MIN_MS, RETRY_MAX_MS);
    for (;;) {
      const begun = performance.now();
      try {
        // Whoever sees the new end sees the figures that belong to it.
        await segmentWriter.write(group, state, (blockEnd) =>
          this.#publish(group, blockEnd, (performance.now() - begun) / 1000),
        );
        return true;
      } catch (error) {
        const message = describeError(error);
        if (this.#trouble !== message) {
          log.error(
            { code: 'JOURNAL_WRITE' },
            `The journal cannot be written, sources wait meanwhile: ${message}. Make room on the disk, or mend it; it goes on by itself then.`,
          );
          this.#setTrouble(message);
        }
        await segmentWriter.abandon();
      }
      if (this.#isClosed) {
        this.#giveUp();
        return false;
      }
      await this.#pauses.sleep(backoff.next());
    }
  }

  #setTrouble(trouble: string | undefined): void {
    this.#trouble = trouble;
    this.onTrouble(trouble);
  }

  #publish(group: Group, blockEnd: number, seconds: number): void {
    const { segmentWriter, log } = this.#parts;
    if (this.#trouble !== undefined) {
      log.info({}, 'The journal is written again.');
      this.#setTrouble(undefined);
    }
    this.#linesWriting = 0;
    this.linesCommitted += group.lines;
    for (const { lane, rawBytes } of group.blocks) this.committedRawBytes[lane] += rawBytes;
    this.commits++;
    if (journalCommitted.hasSubscribers)
      journalCommitted.publish({ lines: group.lines, lsn: segmentWriter.end, seconds });
    if (group.blocks.length === 0) return;
    this.lastBlockEnd = blockEnd;
    this.#committed.tell(blockEnd);
  }

  #giveUp(): void {
    this.#group = new Group();
    const error = new AgentError('JOURNAL_WRITE', 'The journal was closed while it could not be written.', {
      remedy: `${this.linesUncommitted} lines are read again from their sources at the next start.`,
    });
    this.#parts.log.error({ code: error.code }, describeError(error));
    this.#groups.fail(error);
  }
}
