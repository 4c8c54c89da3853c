/**
 * What a journal's directory holds after any end of its last writer.
 *
 * - The newest segment is read whole. It counts up to its last good commit: that commit's group, and only that one,
 *   may have been torn by the end of the writer, so damage within it means that it was never durable.
 * - Damage before that is damage to durable data: it is stepped over, reported, and left for readers to find.
 * - A newest segment without a good commit never held anything durable, its writer ended while beginning it: it is
 *   removed, and the one before counts. One with commits but without a good snapshot is set aside.
 * - The writer goes on in a new segment at the recovered end; lsns that were never committed are used again.
 */
import { join } from 'node:path';
import { LANES } from '../pipeline/streams.js';
import type { Logger } from '../runtime/log.js';
import type { Disk, DiskFile } from './disk.js';
import { openMeta, openPayload, RecordType } from './record.js';
import { type Found, Scanner } from './scanner.js';
import { Segment, segmentBase, segmentName } from './segments.js';
import { type Commit, decodeCommit, type KnownKeys, State } from './state.js';

const ASIDE = '.damaged';

export interface Recovered {
  readonly state: State;
  readonly segments: Segment[];
  /** End of the last commit. */
  readonly end: number;
  /** True where nothing was ever committed here. */
  readonly isFirstStart: boolean;
  /** For the log, one sentence each. */
  readonly sentences: string[];
}

/** A journal without segments begins at `firstLsn`. Fails only where the directory cannot be read or written at all. */
export async function recover(
  directory: string,
  disk: Disk,
  log: Logger,
  firstLsn: number,
): Promise<Recovered> {
  await disk.syncDirectory(directory);
  const files = (await disk.list(directory)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const sentences: string[] = [];
  let isFirstStart = !files.some(({ name }) => name.endsWith(ASIDE));
  const found: { base: number; bytes: number }[] = [];
  for (const { name, bytes } of files) {
    const base = segmentBase(name);
    if (base !== undefined) found.push({ base, bytes });
  }
  let newest: Newest | undefined;
  while (found.length > 0) {
    const { base, bytes } = found[found.length - 1];
    newest = await readNewest(directory, disk, base, bytes);
    if (newest.state) break;
    found.pop();
    const path = join(directory, segmentName(base));
    if (newest.commits.length === 0) {
      await disk.unlink(path);
      if (bytes > 0) sentences.push(`${bytes} bytes that were never committed were removed (${path}).`);
    } else {
      isFirstStart = false;
      for (const { name } of files)
        if (name.endsWith(ASIDE)) await unlinkQuietly(disk, join(directory, name));
      await disk.rename(path, path + ASIDE);
      sentences.push(
        `The head of ${path} is damaged: it was set aside, its lines are read again from their sources.`,
      );
    }
  }
  if (!newest?.state) return { state: new State(), segments: [], end: firstLsn, isFirstStart, sentences };
  const last = found[found.length - 1];
  const end = last.base + newest.end;
  const segments = found.map(({ base, bytes }, i) => {
    const limit = i + 1 < found.length ? found[i + 1].base : end;
    return new Segment(base, Math.min(base + bytes, limit), bytes);
  });
  for (const [i, segment] of segments.entries()) {
    if (i > 0 && segment.base > segments[i - 1].end)
      sentences.push(`The journal lacks its bytes from ${segments[i - 1].end} to ${segment.base}.`);
  }
  const tallies = new Map(newest.state.tallies);
  for (const older of segments) older.lines = tallies.get(older.base)?.slice();
  const segment = segments[segments.length - 1];
  segment.committedAt = newest.committedAt;
  segment.readable = newest.lines;
  segment.lines = newest.damage > 0 ? undefined : newest.lines;
  if (last.bytes > newest.end) {
    sentences.push(`${last.bytes - newest.end} bytes after the last commit were cut off.`);
    segment.bytes = await cut(join(directory, segmentName(last.base)), disk, newest.end, last.bytes, log);
  }
  if (newest.damage > 0)
    sentences.push(`${newest.damage} damaged stretches in committed data are stepped over.`);
  return { state: newest.state, segments, end, isFirstStart: false, sentences };
}

interface Newest {
  /** The state as of the last good commit; undefined without a good snapshot and commit. */
  state: State | undefined;
  commits: readonly GoodCommit[];
  /** Offset of the end of the last good commit. */
  end: number;
  committedAt: number;
  damage: number;
  /** Of each lane, in the blocks before `end` that are not damaged. */
  lines: number[];
}

interface GoodCommit {
  readonly commit: Commit;
  readonly offset: number;
  readonly end: number;
  readonly seconds: number;
}

async function readNewest(directory: string, disk: Disk, base: number, bytes: number): Promise<Newest> {
  const file = await disk.open(join(directory, segmentName(base)));
  try {
    // Of a killed writer's last group nobody knows whether it is durable: before it counts, it is.
    await file.sync();
    return await readSegment(file, base, bytes);
  } finally {
    await file.close();
  }
}

async function readSegment(file: DiskFile, base: number, bytes: number): Promise<Newest> {
  const scanner = new Scanner(file, base, bytes);
  const keys: KnownKeys = new Map();
  const commits: GoodCommit[] = [];
  const damage: Found[] = [];
  const blocks: Found[] = [];
  let state: State | undefined;
  for (let found = await scanner.next(); found; found = await scanner.next()) {
    const { header, offset, end } = found;
    const body = header && (await scanner.body(found));
    const meta = header && body && openMeta(header, body);
    if (!header || !body || !meta || !openPayload(header, body)) {
      damage.push(found);
    } else if (header.type === RecordType.block) {
      blocks.push(found);
    } else if (header.type === RecordType.snapshot && offset === 0) {
      state = State.decodeSnapshot(meta, keys);
    } else if (header.type === RecordType.commit) {
      commits.push({ commit: decodeCommit(meta, header.lines, keys), offset, end, seconds: header.seconds });
    }
  }
  const last = commits.at(-1);
  const isTorn = (found: Found): boolean =>
    last !== undefined && found.offset < last.offset && base + found.end > last.commit.begin;
  if (damage.some(isTorn)) commits.pop();
  const good = commits.at(-1);
  for (const { commit } of commits) state?.apply(commit);
  if (state && good) state.sequence = good.commit.sequence;
  const isCommitted = ({ offset }: Found): boolean => good !== undefined && offset < good.offset;
  return {
    state: good && state,
    commits,
    end: good?.end ?? 0,
    committedAt: good?.seconds ?? 0,
    damage: damage.filter(isCommitted).length,
    lines: linesByLane(blocks.filter(isCommitted)),
  };
}

function linesByLane(blocks: readonly Found[]): number[] {
  const lines = Array<number>(LANES).fill(0);
  for (const { header } of blocks) if (header) lines[header.lane] += header.lines;
  return lines;
}

/** Frees what lies behind the last commit; answers the bytes that the file has then. */
async function cut(path: string, disk: Disk, end: number, bytes: number, log: Logger): Promise<number> {
  try {
    const file = await disk.open(path);
    try {
      await file.truncate(end);
    } finally {
      await file.close();
    }
    return end;
  } catch (error) {
    // Harmless: nothing beyond a segment's end is ever read.
    log.warn({ err: error, path }, 'The bytes after the last commit of the journal could not be freed.');
    return bytes;
  }
}

async function unlinkQuietly(disk: Disk, path: string): Promise<void> {
  try {
    await disk.unlink(path);
  } catch {
    // An older one set aside may stay: nothing reads it.
  }
}
