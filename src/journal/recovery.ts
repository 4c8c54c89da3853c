/**
 * What a journal's directory holds after any end of its last writer.
 *
 * - The newest segment is read whole. It counts up to its last good commit: that commit's group, and only that one,
 *   may have been torn by the end of the writer, so damage within it means that it was never durable.
 * - Damage before that is damage to durable data: it is stepped over, reported, and left for readers to find.
 * - A newest segment without a good commit never held anything durable, its writer ended while beginning it: it is
 *   removed, and the one before counts.
 * - A damaged snapshot is what the segment before ends with. Where that does not tell, or the newest segment cannot be
 *   read, it is set aside.
 * - A segment that is missing between others stays in the list, with its lines as the snapshot behind it tells them.
 * - The writer goes on in a new segment at the recovered end; lsns that were never committed are used again.
 */
import { join } from 'node:path';
import { LANES } from '../pipeline/streams.js';
import { describeError, systemCode } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import { type Remains, remainsOf } from './contents.js';
import type { Disk, DiskFile } from './disk.js';
import { openMeta, openPayload, RecordType } from './record.js';
import { type Found, Scanner } from './scanner.js';
import { Segment, segmentBase, segmentName } from './segments.js';
import { EMPTY_SPAN, type Span, widened } from './span.js';
import {
  type Commit,
  decodeCommit,
  type KnownKeys,
  lanesOf,
  plus,
  State,
  type Tallies,
  tallyOf,
} from './state.js';
import type { Finding } from './types.js';

const ASIDE = '.damaged';
/** A disk that cannot read may come to itself. */
const READ_ATTEMPTS = 3;
const READ_PAUSE_MS = 1_000;

export interface Recovered {
  readonly state: State;
  readonly segments: Segment[];
  /** End of the last commit. */
  readonly end: number;
  /** True where nothing was ever committed here. */
  readonly isFirstStart: boolean;
  readonly findings: Finding[];
}

/** A journal without segments begins at `firstLsn`. Fails only where the directory cannot be read or written at all. */
export async function recover(
  directory: string,
  disk: Disk,
  scope: Scope,
  log: Logger,
  firstLsn: number,
): Promise<Recovered> {
  await disk.syncDirectory(directory);
  const files = (await disk.list(directory)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const findings: Finding[] = [];
  const find = (sentence: string, isDamage = true): void => void findings.push({ sentence, isDamage });
  let isFirstStart = !files.some(({ name }) => name.endsWith(ASIDE));
  const found: FoundFile[] = [];
  for (const { name, bytes } of files) {
    const base = segmentBase(name);
    if (base !== undefined) found.push({ base, bytes });
  }
  let newest: Newest | undefined;
  while (found.length > 0) {
    const { base, bytes } = found[found.length - 1];
    const path = join(directory, segmentName(base));
    newest = await readNewest(directory, disk, found);
    for (let attempt = 1; newest.unreadable !== undefined && attempt < READ_ATTEMPTS; attempt++) {
      log.warn({ segment: base }, `${path} cannot be read, it is tried again: ${newest.unreadable}.`);
      await scope.sleep(READ_PAUSE_MS);
      newest = await readNewest(directory, disk, found);
    }
    if (newest.isRebuilt) find(`The head of ${path} is damaged: what it said is known without it.`);
    if (newest.state) break;
    found.pop();
    if (newest.commits.length === 0 && newest.unreadable === undefined) {
      await disk.unlink(path);
      if (bytes > 0) find(`${bytes} bytes that were never committed were removed (${path}).`, false);
    } else {
      isFirstStart = false;
      for (const { name } of files)
        if (name.endsWith(ASIDE)) await unlinkQuietly(disk, join(directory, name));
      await disk.rename(path, path + ASIDE);
      const why = newest.unreadable ?? 'Its head is damaged';
      find(
        `${path} was set aside, its lines are read again from their sources where these still have them. ${why}.`,
      );
    }
  }
  if (!newest?.state) return { state: new State(), segments: [], end: firstLsn, isFirstStart, findings };
  const last = found[found.length - 1];
  const end = last.base + newest.end;
  const segments = listed(found, newest.state.tallies, end);
  for (const [i, { base, bytes, lines }] of segments.entries()) {
    const from = bytes === 0 ? base : i > 0 ? segments[i - 1].end : base;
    const to = bytes === 0 ? segments[i].end : base;
    if (from === to) continue;
    const had = lines && bytes === 0 ? `, with ${sum(lines)} lines` : '';
    find(`The journal lacks its bytes from ${from} to ${to}${had}.`);
  }
  const segment = segments[segments.length - 1];
  segment.committedAt = newest.committedAt;
  segment.readable = newest.readable;
  segment.lines = newest.lines;
  segment.span = newest.span;
  if (last.bytes > newest.end) {
    find(`${last.bytes - newest.end} bytes after the last commit were cut off.`, false);
    segment.bytes = await cut(join(directory, segmentName(last.base)), disk, newest.end, last.bytes, log);
  }
  if (newest.damage > 0) {
    const again =
      newest.commitsLost > 0
        ? `, ${newest.commitsLost} commits among them: what sources read for these may be read once more`
        : '';
    find(`${newest.damage} damaged stretches in committed data are stepped over${again}.`);
  }
  return { state: newest.state, segments, end, isFirstStart: false, findings };
}

interface FoundFile {
  readonly base: number;
  readonly bytes: number;
}

/** The segments of `files`, and between them those that are known to have been there. The last one ends at `end`. */
function listed(files: readonly FoundFile[], tallies: Tallies, end: number): Segment[] {
  const lines = new Map(tallies.map(([base, lines]) => [base, lines]));
  const spans = new Map(tallies.map(([base, , span]) => [base, span]));
  const sizes = new Map(files.map(({ base, bytes }) => [base, bytes]));
  for (const base of lines.keys()) if (base > files[0].base && !sizes.has(base)) sizes.set(base, 0);
  const bases = [...sizes].sort(([a], [b]) => a - b);
  return bases.map(([base, bytes], i) => {
    const limit = i + 1 < bases.length ? bases[i + 1][0] : end;
    const segment = new Segment(base, bytes === 0 ? limit : Math.min(base + bytes, limit), bytes);
    segment.lines = lines.get(base)?.slice();
    segment.span = spans.get(base);
    return segment;
  });
}

interface Newest {
  /** The state as of the last good commit; undefined without a good snapshot and commit. */
  state: State | undefined;
  commits: readonly GoodCommit[];
  /** Offset of the end of the last good commit. */
  end: number;
  committedAt: number;
  damage: number;
  /** Commits before the last good one that are damaged. */
  commitsLost: number;
  /** Of each lane, in the blocks before `end` that are not damaged. */
  readable: number[];
  /** Of each lane, damaged or not. */
  lines: number[];
  /** Undefined where something is damaged. */
  span: Span | undefined;
  /** The snapshot is damaged, and the state was known without it. */
  isRebuilt: boolean;
  /** Why the file could not be read. */
  unreadable: string | undefined;
}

interface FoundBlock extends Found {
  readonly seconds: Required<Remains> | undefined;
}

interface GoodCommit {
  readonly commit: Commit;
  readonly offset: number;
  readonly end: number;
  readonly seconds: number;
}

async function readNewest(directory: string, disk: Disk, found: readonly FoundFile[]): Promise<Newest> {
  const file = found[found.length - 1];
  const newest = await readFile(directory, disk, file);
  if (newest.state || newest.commits.length === 0) return newest;
  const before = await stateBefore(directory, disk, found, newest.commits[0].commit.sequence);
  if (!before) return newest;
  return { ...(await readFile(directory, disk, file, before)), isRebuilt: true };
}

/** What the newest segment's snapshot said, where `sequence` is the first good commit behind it. */
async function stateBefore(
  directory: string,
  disk: Disk,
  found: readonly FoundFile[],
  sequence: number,
): Promise<State | undefined> {
  if (sequence === 1) return new State();
  const previous = found.at(-2);
  if (!previous) return undefined;
  const { base } = found[found.length - 1];
  const bytes = Math.min(previous.bytes, base - previous.base);
  const { state, end, lines, span } = await readFile(directory, disk, { base: previous.base, bytes });
  if (!state || previous.base + end !== base || state.sequence + 1 !== sequence) return undefined;
  state.tallies = [...state.tallies, tallyOf(previous.base, lines, span)];
  return state;
}

async function readFile(
  directory: string,
  disk: Disk,
  { base, bytes }: FoundFile,
  before?: State,
): Promise<Newest> {
  const file = await disk.open(join(directory, segmentName(base)));
  try {
    // Of a killed writer's last group nobody knows whether it is durable: before it counts, it is.
    await file.sync();
    return await readSegment(file, base, bytes, before).catch((error: unknown) => {
      if (systemCode(error) !== 'EIO') throw error;
      return { ...NOTHING, unreadable: describeError(error) };
    });
  } finally {
    await file.close();
  }
}

async function readSegment(file: DiskFile, base: number, bytes: number, before?: State): Promise<Newest> {
  const scanner = new Scanner(file, base, bytes);
  const keys: KnownKeys = new Map();
  before?.number(keys);
  const commits: GoodCommit[] = [];
  const damage: Found[] = [];
  const blocks: FoundBlock[] = [];
  let state = before;
  for (let found = await scanner.next(); found; found = await scanner.next()) {
    const { header, offset, end } = found;
    try {
      const body = header && (await scanner.body(found));
      const meta = header && body && openMeta(header, body);
      if (!header || !body || !meta || !openPayload(header, body)) damage.push(found);
      else if (header.type === RecordType.block)
        blocks.push({ ...found, seconds: remainsOf(meta, header.seconds) });
      else if (header.type === RecordType.snapshot && offset === 0) state = State.decodeSnapshot(meta, keys);
      else if (header.type === RecordType.commit)
        commits.push({
          commit: decodeCommit(meta, header.lines, keys),
          offset,
          end,
          seconds: header.seconds,
        });
    } catch (error) {
      if (systemCode(error) !== undefined) throw error;
      // Its checksum is good and it says nothing: whatever wrote it, it is damage.
      damage.push(found);
    }
  }
  const lanesBefore = state?.lanes ?? NO_LINES;
  const sequenceBefore = state?.sequence ?? 0;
  const last = commits.at(-1);
  const isTorn = (found: Found): boolean =>
    last !== undefined && found.offset < last.offset && base + found.end > last.commit.begin;
  if (damage.some(isTorn)) commits.pop();
  const good = commits.at(-1);
  // A commit that is missing took counts along, and the names of others: what is left of them does not add up.
  if (state && commits.some(({ commit }, i) => commit.sequence !== (state?.sequence ?? 0) + 1 + i))
    state.since = 0;
  for (const { commit } of commits) state?.apply(commit);
  const isCommitted = ({ offset }: Found): boolean => good !== undefined && offset < good.offset;
  const committedBlocks = blocks.filter(isCommitted);
  const readable = linesByLane(committedBlocks);
  const isWhole = damage.length === 0 && blocks.every(({ seconds }) => seconds);
  // Blocks and commits before may be damaged. Older builds did not say the lane.
  const committed = commits.reduce((sum, { commit }) => sum + commit.lines, 0);
  const lines = good?.commit.lanes
    ? good.commit.lanes.map((lines, lane) => lines - lanesBefore[lane])
    : lanesOf(committed, [[base, readable]]);
  if (state && good) {
    state.sequence = good.commit.sequence;
    state.lanes = plus(lanesBefore, lines);
  }
  return {
    ...NOTHING,
    state: good && state,
    commits,
    end: good?.end ?? 0,
    committedAt: good?.seconds ?? 0,
    damage: damage.filter((found) => isCommitted(found) && !(before && found.offset === 0)).length,
    commitsLost: good ? good.commit.sequence - sequenceBefore - commits.length : 0,
    readable,
    lines: [...lines],
    span: isWhole ? spanOf(committedBlocks) : undefined,
  };
}

const NO_LINES: readonly number[] = Array<number>(LANES).fill(0);
const NOTHING: Newest = {
  state: undefined,
  commits: [],
  end: 0,
  committedAt: 0,
  damage: 0,
  commitsLost: 0,
  readable: [],
  lines: [],
  span: undefined,
  isRebuilt: false,
  unreadable: undefined,
};

function sum(lines: readonly number[]): number {
  return lines.reduce((sum, lines) => sum + lines, 0);
}

function spanOf(blocks: readonly FoundBlock[]): Span {
  let span = EMPTY_SPAN;
  for (const { seconds } of blocks)
    if (seconds) span = widened(span, seconds.firstSeconds, seconds.lastSeconds);
  return span;
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
