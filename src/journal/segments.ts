/**
 * The segment files, oldest first, and what is known of each.
 *
 * Invariants:
 * - every segment here has at least one commit that is durable; the last one is never removed;
 * - a segment's end is what is committed of it; whatever its file holds beyond that is nothing;
 * - a pinned segment keeps its file open and is not removed. Unpinned ones have it closed, so that what is open says who
 *   reads, and keep their index in memory only while they are among the few used last, so that a full journal of tiny
 *   blocks costs no more than a small one;
 * - what cannot be read for a while may be read later: only what is gone, wrong, or refused for PATIENCE_MS is damage.
 */
import { join } from 'node:path';
import { AgentError, systemCode } from '../runtime/errors.js';
import type { Owned, Scope } from '../runtime/scope.js';
import { BlockIndex } from './block-index.js';
import type { Disk, DiskFile } from './disk.js';
import { RecordType } from './record.js';
import { Scanner } from './scanner.js';
import type { Span } from './span.js';
import { type Tallies, tallyOf } from './state.js';

const KEPT_INDEXES = 4;
/** A disk that answers EIO for so long will not answer anything else. */
const PATIENCE_MS = 30_000;
const SUFFIX = '.journal';
const ALL_LANES = ~0;

export function segmentName(base: number): string {
  return String(base).padStart(20, '0') + SUFFIX;
}

/** The lsn at which the segment file begins, or undefined for files that are none. */
export function segmentBase(name: string): number | undefined {
  if (!name.endsWith(SUFFIX) || name.length !== 20 + SUFFIX.length) return undefined;
  const base = Number(name.slice(0, 20));
  return Number.isSafeInteger(base) ? base : undefined;
}

export class Segment {
  readonly base: number;
  /** First lsn after what is committed. */
  end: number;
  /** Bytes that the file takes. */
  bytes: number;
  /** Seconds since 1970 of its last commit, where known. */
  committedAt: number | undefined;
  /** Lines of each lane, where that is known for certain. */
  lines: number[] | undefined;
  /** Lines of each lane in the blocks that can be read, where something else is damaged. */
  readable: number[] | undefined;
  /** Where its lines are in time, where that is known. */
  span: Span | undefined;
  /** Bit per lane that may have blocks here. */
  lanes = ALL_LANES;
  index: BlockIndex | undefined;
  pins = 0;
  file: { readonly handle: DiskFile; readonly owned: Owned } | undefined;
  /** Whoever opens or indexes it right now; others wait for that one. */
  loading: Promise<BlockIndex> | undefined;
  onIdle: (() => void) | undefined;
  /** When the disk first refused to read it, in milliseconds on the monotonic clock. */
  refusedMs: number | undefined;

  constructor(base: number, end: number, bytes: number) {
    this.base = base;
    this.end = end;
    this.bytes = bytes;
  }

  /** As far as it is known. */
  linesOf(lane: number): number {
    return (this.lines ?? this.readable)?.[lane] ?? 0;
  }
}

export class Segments {
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #scope: Scope;
  readonly #list: Segment[];
  readonly #recent = new Set<Segment>();
  /** Files of segments that went, and which the disk has kept so far. */
  readonly #leftOver = new Set<string>();
  #hasRemoved = false;
  readonly #patienceMs: number;

  constructor(directory: string, disk: Disk, scope: Scope, list: Segment[], patienceMs = PATIENCE_MS) {
    this.#directory = directory;
    this.#disk = disk;
    this.#scope = scope;
    this.#list = list;
    this.#patienceMs = patienceMs;
  }

  get all(): readonly Segment[] {
    return this.#list;
  }

  get bytes(): number {
    let bytes = 0;
    for (const segment of this.#list) bytes += segment.bytes;
    return bytes;
  }

  /** Of the segments where they are known. */
  tallies(): Tallies {
    return this.#list.flatMap(({ base, lines, span }) => (lines ? [tallyOf(base, lines, span)] : []));
  }

  /** The segment with `lsn`, or the first one after it. */
  at(lsn: number): Segment | undefined {
    return this.#list.find((segment) => lsn < segment.end);
  }

  add(segment: Segment): void {
    this.#list.push(segment);
  }

  path(segment: Segment): string {
    return join(this.#directory, segmentName(segment.base));
  }

  /** Makes the segment's file; what an earlier attempt left in its place held nothing durable. */
  async create(segment: Segment): Promise<DiskFile> {
    const path = this.path(segment);
    try {
      return this.#attach(segment, await this.#disk.create(path));
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      await this.#disk.unlink(path);
      return this.#attach(segment, await this.#disk.create(path));
    }
  }

  async detach(segment: Segment): Promise<void> {
    const file = segment.file;
    segment.file = undefined;
    await file?.owned.release();
  }

  /** Runs `work` with the segment open and indexed. What cannot be read is indexed as damage. */
  async use<T>(segment: Segment, work: (index: BlockIndex) => T | Promise<T>): Promise<T> {
    this.pin(segment);
    try {
      segment.loading ??= this.#load(segment).finally(() => {
        segment.loading = undefined;
      });
      return await work(await segment.loading);
    } finally {
      await this.unpin(segment);
    }
  }

  /** Reads bytes of a segment in use; fails where there are fewer. */
  async read(segment: Segment, offset: number, bytes: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(bytes);
    const read = await segment.file?.handle.read(buffer, offset);
    if (read !== bytes)
      throw new AgentError('JOURNAL_DAMAGED', `${this.path(segment)} ends before offset ${offset + bytes}.`);
    return buffer;
  }

  /** Whether what failed to be read will never be read. */
  isGone(segment: Segment, error: unknown): boolean {
    const code = systemCode(error) ?? 'ENOENT';
    if (code !== 'EIO') return code === 'ENOENT';
    segment.refusedMs ??= performance.now();
    return performance.now() - segment.refusedMs >= this.#patienceMs;
  }

  pin(segment: Segment): void {
    segment.pins++;
  }

  async unpin(segment: Segment): Promise<void> {
    if (--segment.pins > 0) return;
    segment.onIdle?.();
    this.#recent.delete(segment);
    this.#recent.add(segment);
    for (const old of [...this.#recent].slice(0, -KEPT_INDEXES)) {
      this.#recent.delete(old);
      if (old.pins === 0) old.index = undefined;
    }
    await this.detach(segment);
  }

  /**
   * Takes the oldest segment away once nobody reads it. `before` is called synchronously with that, with its index
   * where somebody needs it. It is gone also where the disk then refuses to remove its file.
   */
  async removeOldest(
    before: (segment: Segment, index: BlockIndex | undefined) => void,
    needsIndex: boolean,
  ): Promise<void> {
    const segment = this.#list[0];
    const index = needsIndex ? await this.use(segment, (index) => index).catch(() => undefined) : undefined;
    while (segment.pins > 0)
      await new Promise<void>((resolve) => {
        segment.onIdle = resolve;
      });
    before(segment, index);
    this.#list.shift();
    this.#recent.delete(segment);
    this.#leftOver.add(this.path(segment));
    await this.removeFiles();
  }

  /** Removes the files of segments that went. What the disk refuses is left for the next time. */
  async removeFiles(): Promise<void> {
    for (const path of this.#leftOver) {
      try {
        await this.#disk.unlink(path);
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
      }
      this.#leftOver.delete(path);
      this.#hasRemoved = true;
    }
  }

  /** Before a commit that says what went with a segment: after a power failure it must not be there again. */
  async syncRemovals(): Promise<void> {
    if (!this.#hasRemoved) return;
    await this.#disk.syncDirectory(this.#directory);
    this.#hasRemoved = false;
  }

  async #load(segment: Segment): Promise<BlockIndex> {
    try {
      const handle = segment.file?.handle ?? this.#attach(segment, await this.#disk.open(this.path(segment)));
      segment.index ??= await this.#scan(segment, handle);
    } catch (error) {
      if (!this.isGone(segment, error)) throw error;
      segment.index = new BlockIndex();
      segment.index.addDamage(0, segment.end - segment.base);
    }
    segment.lanes = segment.index.lanes();
    segment.readable = segment.index.linesByLane();
    if (!segment.index.isDamaged()) segment.lines ??= segment.readable;
    // A file may end too early where a record does, and nothing in it shows.
    for (const [lane, lines] of segment.readable.entries())
      if (segment.linesOf(lane) > lines) segment.lanes |= 1 << lane;
    return segment.index;
  }

  /** The open file belongs to the journal's scope from here on, which closes it at once where it is closing itself. */
  #attach(segment: Segment, handle: DiskFile): DiskFile {
    // Without its number: one that is written is like another.
    segment.file = { handle, owned: this.#scope.own('file', 'segment', () => handle.close()) };
    return handle;
  }

  async #scan(segment: Segment, handle: DiskFile): Promise<BlockIndex> {
    const index = new BlockIndex();
    const end = segment.end - segment.base;
    let scanned = 0;
    const scanner = new Scanner(handle, segment.base, end);
    for (let found = await scanner.next(); found; found = await scanner.next()) {
      scanned = found.end;
      const { header, offset } = found;
      if (!header) index.addDamage(offset, found.end);
      else if (header.type === RecordType.block)
        index.add(offset, found.end - offset, header.lane, header.lines, header.rawBytes);
    }
    if (scanned < end) index.addDamage(scanned, end);
    return index;
  }
}
