/**
 * Looks at a block before it is sent: what of it may go along with other blocks, what must go alone, and what Loki would
 * refuse for certain. The directory answers that for usual blocks, which are never decoded.
 *
 * - Lines older than `maxAgeMs` are left out: `too_old`.
 * - Lines longer than `maxLineBytes` are cut: `text…[cut: N bytes]`, N being the bytes that are missing.
 * - Streams that Loki's ingester might refuse go alone (known-streams.ts).
 *
 * Lines of the future are Loki's to judge, by its own clock.
 */
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { cutLine } from '../cut-line.js';
import { type KnownStreams, WINDOW_SECONDS } from './known-streams.js';
import { Parting } from './parting.js';
import { COUNTED_PER_LINE, type Piece, partOf } from './request.js';

export interface Limits {
  readonly maxLineBytes: number;
  readonly maxAgeMs: number;
}

export interface Screened {
  readonly together: Piece | undefined;
  readonly alone: readonly Piece[];
  /** Rows of the piece that was looked at. */
  readonly tooOld: readonly { readonly row: number; readonly labels: string }[];
  /** Lines that were cut. */
  readonly cut: number;
}

export class Screen {
  readonly #limits: Limits;
  readonly #streams: KnownStreams;
  readonly #lines = new BlockLines();

  constructor(limits: Limits, streams: KnownStreams) {
    this.#limits = limits;
    this.#streams = streams;
  }

  /** Once for each piece, in order: it counts what its streams send. Throws JOURNAL_DAMAGED where it must look inside and cannot. */
  look(whole: Piece, nowMs: number): Screened {
    const upMs = performance.now();
    const screened = this.#look(whole, nowMs, upMs);
    const { together, alone } = screened;
    for (const piece of together ? [together, ...alone] : alone) {
      for (const { labels, lines, bytes } of piece.block.streams)
        this.#streams.charge(labels, bytes + COUNTED_PER_LINE * lines, upMs);
    }
    return screened;
  }

  #look(piece: Piece, nowMs: number, upMs: number): Screened {
    const { block } = piece;
    const alone = new Set<string>();
    let isBehind = block.lastSeconds - block.firstSeconds > WINDOW_SECONDS;
    for (const { labels, lines, bytes } of block.streams) {
      const newest = this.#streams.newestSeconds(labels, nowMs);
      const isTooMuch = this.#streams.isTooMuch(labels, bytes + COUNTED_PER_LINE * lines, upMs);
      if (newest === undefined || isTooMuch) alone.add(labels);
      else if (block.firstSeconds < newest - WINDOW_SECONDS) isBehind = true;
    }
    const isLong = block.longestLine > this.#limits.maxLineBytes;
    const isOld = block.firstSeconds * 1000 < nowMs - this.#limits.maxAgeMs;
    if (isBehind || isLong || isOld) return this.#lookInside(piece, alone, nowMs);
    if (alone.size === 0) return { together: piece, alone: [], tooOld: [], cut: 0 };
    if (block.streams.length === 1) return { together: undefined, alone: [piece], tooOld: [], cut: 0 };
    const parting = Parting.of(piece);
    if (parting) {
      return {
        together: parting.part((labels) => !alone.has(labels)),
        alone: [...alone].flatMap((labels) => parting.part((one) => one === labels) ?? []),
        tooOld: [],
        cut: 0,
      };
    }
    decodeBlock(block.payload, this.#lines);
    return this.#parted(piece, alone, () => true, undefined, 0);
  }

  #lookInside(piece: Piece, alone: Set<string>, nowMs: number): Screened {
    const lines = this.#lines;
    decodeBlock(piece.block.payload, lines);
    const { stream, seconds, nanos, start, end, streams } = lines;
    const oldestMs = nowMs - this.#limits.maxAgeMs;
    const newest = streams.map((labels) => this.#streams.newestSeconds(labels, nowMs) ?? 0);
    const tooOld = new Set<number>();
    let cut = 0;
    for (let row = 0; row < lines.length; row++) {
      const at = seconds[row];
      if (at * 1000 + nanos[row] / 1e6 < oldestMs) {
        tooOld.add(row);
        continue;
      }
      if (end[row] - start[row] > this.#limits.maxLineBytes) {
        end[row] = cutLine(lines.data, start[row], end[row], this.#limits.maxLineBytes);
        cut++;
      }
      if (at < newest[stream[row]] - WINDOW_SECONDS) alone.add(streams[stream[row]]);
      if (at > newest[stream[row]]) newest[stream[row]] = at;
    }
    const exact = new Map(streams.map((labels, i) => [labels, newest[i]]));
    if (alone.size === 0 && tooOld.size === 0 && cut === 0)
      return { together: { ...piece, newest: exact }, alone: [], tooOld: [], cut: 0 };
    const parted = this.#parted(piece, alone, (row) => !tooOld.has(row), exact, cut);
    return { ...parted, tooOld: Array.from(tooOld, (row) => ({ row, labels: streams[stream[row]] })) };
  }

  /** The decoded block's kept lines, with each stream of `alone` by itself. */
  #parted(
    piece: Piece,
    alone: ReadonlySet<string>,
    keeps: (row: number) => boolean,
    newest: ReadonlyMap<string, number> | undefined,
    cut: number,
  ): Screened {
    const { stream, streams } = this.#lines;
    const isAlone = streams.map((labels) => alone.has(labels));
    const part = (wanted: (row: number) => boolean): Piece | undefined => {
      const found = partOf(piece, this.#lines, (row) => wanted(row) && keeps(row));
      return found && { ...found, newest };
    };
    return {
      together: part((row) => !isAlone[stream[row]]),
      alone: [...alone].flatMap((labels) => part((row) => streams[stream[row]] === labels) ?? []),
      tooOld: [],
      cut,
    };
  }
}
