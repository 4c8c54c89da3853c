/**
 * One delivery on its way: blocks become a queue of requests, and what Loki acknowledged is remembered, so that the same
 * delivery tried again goes on where it stopped.
 *
 * Order holds per stream: requests are queued in the order of their blocks, and what goes alone after what its block's
 * predecessors had of the same stream. Only the first ones of the queue are on their way at the same time, as long as no two
 * have a stream in common; blocks become requests when all before them are answered.
 */
import type { Block, Delivered } from '../../pipeline/contract.js';
import { Outcome } from '../outcome.js';
import { beginsWith } from '../unfinished.js';
import type { Entry, Verdicts } from './entries.js';
import { WINDOW_SECONDS } from './known-streams.js';
import { linesOf, type Piece, type Request, streamsOf, weightOf } from './request.js';
import type { Screen } from './screen.js';
import type { Words } from './told.js';

/** Not asked of Loki. */
const TOO_OLD: Words = { reason: 'too_old', said: '' };

/** A block, or the part of one that belongs to one tenant. */
interface Share {
  readonly piece: Piece;
  readonly tenant: string | undefined;
}

export class Work {
  readonly #given: Block[] = [];
  readonly #shares: Share[] = [];
  readonly #sharesOf: (block: Block) => Map<string | undefined, Piece>;
  #taken = 0;
  readonly #queue: Request[] = [];
  /** Of the queue: as they were gathered, of streams that Loki is expected to take. */
  readonly #sure = new Set<Request>();
  /** Times that requests of the queue were answered 429. */
  readonly #limited = new Map<Request, number>();
  /** Since when a request's stream is one too many for Loki, in milliseconds of `performance.now()`. */
  readonly #tooManySince = new Map<Request, number>();
  readonly #outcome = new Outcome();
  /** Lines that were cut. */
  cut = 0;
  /** Times that an answer did not say how many lines it refused. */
  doubts = 0;
  /** As told at the first doubt. */
  acceptedBefore = 0;

  /** `sharesOf` divides a block by tenant. */
  constructor(blocks: readonly Block[], sharesOf: (block: Block) => Map<string | undefined, Piece>) {
    this.#sharesOf = sharesOf;
    this.#add(blocks);
  }

  /** True where `blocks` are those of this work, and perhaps more after them: those are work from now on. */
  goesOnWith(blocks: readonly Block[]): boolean {
    const isSame = beginsWith(blocks, this.#given);
    if (isSame) this.#add(blocks.slice(this.#given.length));
    return isSame;
  }

  #add(blocks: readonly Block[]): void {
    for (const block of blocks) {
      for (const [tenant, piece] of this.#sharesOf(block)) this.#shares.push({ piece, tenant });
      this.#given.push(block);
    }
  }

  get result(): Delivered {
    return this.#outcome.result;
  }

  /** Labels of a stream that had lines rejected, by reason. */
  get examples(): ReadonlyMap<string, string> {
    return this.#outcome.examples;
  }

  /**
   * The requests to send next, at the same time and at most `count`, each up to `maxWeight` where it is more than one block;
   * none when all is done.
   */
  next(screen: Screen, count: number, maxWeight: number, nowMs: number): readonly Request[] {
    while (this.#queue.length === 0 && this.#taken < this.#shares.length)
      this.#gather(screen, maxWeight, nowMs);
    const streams = new Set<string>();
    const requests: Request[] = [];
    for (const request of this.#queue.slice(0, count)) {
      const own = streamsOf(request);
      if (own.some((labels) => streams.has(labels))) break;
      for (const labels of own) streams.add(labels);
      requests.push(request);
    }
    return requests;
  }

  /** Whether Loki is expected to take all of it, so that it may travel with others. */
  isSure(request: Request): boolean {
    return this.#sure.has(request);
  }

  /** `request`, of those that `next` answered last, is answered; these of its lines were refused for good. */
  done(request: Request, refused?: Verdicts): void {
    this.replace(request, []);
    for (const [entry, words] of refused ?? []) this.#reject(entry, words, request.tenant);
    this.#outcome.took(linesOf(request) - (refused?.size ?? 0));
  }

  /** As `done`, but whether the lines of `rest` are stored is still to be told: it is sent in the place of `request`. */
  partlyDone(request: Request, refused: Verdicts, rest: Request): void {
    this.replace(request, [rest]);
    for (const [entry, words] of refused) this.#reject(entry, words, request.tenant);
    this.#outcome.took(linesOf(request) - refused.size - linesOf(rest));
  }

  /** Counts a 429 for `request`, and answers how many these were. */
  limited(request: Request): number {
    const times = (this.#limited.get(request) ?? 0) + 1;
    this.#limited.set(request, times);
    return times;
  }

  /** Answers for how many milliseconds by now the stream of `request`, which goes alone, has been one too many. */
  tooManyFor(request: Request, nowMs: number): number {
    const since = this.#tooManySince.get(request) ?? nowMs;
    this.#tooManySince.set(request, since);
    return nowMs - since;
  }

  /** Counts a doubt; `accepted` requests were accepted until now. */
  doubt(accepted: number): void {
    if (this.doubts++ === 0) this.acceptedBefore = accepted;
  }

  /** These, with the same lines, take the place of `request`. */
  replace(request: Request, requests: readonly Request[]): void {
    this.#queue.splice(this.#queue.indexOf(request), 1, ...requests);
    this.#sure.delete(request);
    this.#limited.delete(request);
    this.#tooManySince.delete(request);
  }

  #gather(screen: Screen, maxWeight: number, nowMs: number): void {
    const pieces: Piece[] = [];
    const alone: Piece[] = [];
    const { tenant } = this.#shares[this.#taken];
    let weight = 0;
    let newest = 0;
    while (this.#taken < this.#shares.length && alone.length === 0) {
      const share = this.#shares[this.#taken];
      const { block } = share.piece;
      const isFull = weight > 0 && weight + weightOf(block) > maxWeight;
      // Whether Loki would take it is known once it has acknowledged what goes before.
      const isBehind = block.firstSeconds < newest - WINDOW_SECONDS;
      if (isFull || isBehind || share.tenant !== tenant) break;
      const screened = screen.look(share.piece, nowMs);
      this.#taken++;
      for (const old of screened.tooOld) this.#reject({ piece: share.piece, ...old }, TOO_OLD, tenant);
      this.cut += screened.cut;
      alone.push(...screened.alone);
      if (!screened.together) continue;
      pieces.push(screened.together);
      weight += weightOf(screened.together.block);
      newest = Math.max(newest, block.lastSeconds);
    }
    if (pieces.length > 0) {
      const request = { pieces, tenant };
      this.#queue.push(request);
      this.#sure.add(request);
    }
    for (const piece of alone) this.#queue.push({ pieces: [piece], tenant });
  }

  #reject(
    { piece, row, labels }: Pick<Entry, 'piece' | 'row' | 'labels'>,
    words: Words,
    tenant: string | undefined,
  ): void {
    const { block, rows } = piece.from ?? { block: piece.block, rows: undefined };
    this.#outcome.refuses({ block, row: rows ? rows[row] : row, labels, ...words, tenant }, labels);
  }
}
