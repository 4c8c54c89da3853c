/**
 * One delivery on its way: what the server has taken is remembered, so that the same delivery tried again goes on where it
 * stopped. Requests go one after the other, so a lane's order holds.
 *
 * Who answers that something of a request will never be taken (`refused`) does not say what. The request is divided until it
 * is a line, up to MAX_DOUBTS times; such lines are put aside until the server has taken something else. Then they are
 * rejected. Where it takes nothing at all it is not the lines: `hopeless`, and those under suspicion are one request again.
 */
import type { Block, Delivered } from '../../pipeline/contract.js';
import { Outcome } from '../outcome.js';
import { beginsWith } from '../unfinished.js';
import type { Words } from './answer.js';
import {
  bytesOf,
  countOf,
  Decoder,
  fitting,
  halves,
  joined,
  linesOf,
  partOf,
  type Request,
  rowsOf,
} from './lines.js';

const MAX_DOUBTS = 64;

interface Suspect {
  readonly request: Request;
  readonly words: Words;
}

export class Work {
  readonly #given: Block[] = [];
  #queue: Request[] = [];
  readonly #outcome = new Outcome();
  #doubts = 0;
  #suspects: Suspect[] = [];
  /** Requests of the sink that the server had taken at the first doubt. */
  #acceptedBefore: number | undefined;

  constructor(blocks: readonly Block[]) {
    this.#add(blocks);
  }

  /** True where `blocks` are those of this work, and perhaps more after them: those are work from now on. */
  goesOnWith(blocks: readonly Block[]): boolean {
    const isSame = beginsWith(blocks, this.#given);
    if (isSame) this.#add(blocks.slice(this.#given.length));
    return isSame;
  }

  #add(blocks: readonly Block[]): void {
    this.#given.push(...blocks);
    if (blocks.length > 0) this.#queue.push(blocks.map((block) => ({ block, rows: undefined })));
  }

  get result(): Delivered {
    return this.#outcome.result;
  }

  /** What the server said of one line, by reason. */
  get examples(): ReadonlyMap<string, string> {
    return this.#outcome.examples;
  }

  /** The request to send now, of at most `maxBytes` raw bytes where it can be divided; undefined when all are answered. */
  next(maxBytes: number): Request | undefined {
    const [first, ...rest] = this.#queue;
    if (first && bytesOf(first) > maxBytes) this.#queue = [...fitting(first, maxBytes), ...rest];
    return this.#queue[0];
  }

  /** The server has taken the first request. */
  done(): void {
    this.#outcome.took(linesOf(this.#shift()));
    this.#settleSuspects();
  }

  /** As `done`, but for lines that are refused, and for those of `again`, which come first now. Lines by their place in it. */
  partlyDone(refused: ReadonlyMap<number, Words>, again: readonly number[]): void {
    const request = this.#shift();
    const taken = linesOf(request) - refused.size - again.length;
    this.#outcome.took(taken);
    this.#reject(request, refused);
    if (again.length > 0) this.#queue.unshift(partOf(request, again));
    if (taken > 0) this.#settleSuspects();
  }

  /** It has taken the first request but for so many lines, and does not say which. */
  doneBut(count: number, { reason, said }: Words): void {
    this.#outcome.took(linesOf(this.#shift()) - count);
    this.#outcome.rejects(reason, count, said);
    this.#settleSuspects();
  }

  /** The first request is too large. */
  tooLarge(words: Words): void {
    const parts = halves(this.#queue[0]);
    if (parts) this.#queue.splice(0, 1, ...parts);
    else this.#rejectAll(this.#shift(), words);
  }

  /** Something of the first request will never be taken; `accepted` requests of the sink were until now. */
  doubt(words: Words, accepted: number): void {
    this.#acceptedBefore ??= accepted;
    const parts = this.#doubts++ < MAX_DOUBTS ? halves(this.#queue[0]) : undefined;
    if (parts) this.#queue.splice(0, 1, ...parts);
    else this.#suspects.push({ request: this.#shift(), words });
  }

  /**
   * True where lines are under suspicion and nothing is left to send: the server has taken nothing since, so it will not be
   * the lines. All of them are to be sent again then.
   */
  isHopeless(accepted: number): boolean {
    if (this.#suspects.length === 0) return false;
    if (accepted > (this.#acceptedBefore ?? accepted)) this.#settleSuspects();
    else if (this.#queue.length === 0) {
      this.#queue = [joined(this.#suspects.map(({ request }) => request))];
      this.#suspects = [];
      this.#doubts = 0;
      return true;
    }
    return false;
  }

  #settleSuspects(): void {
    for (const { request, words } of this.#suspects) this.#rejectAll(request, words);
    this.#suspects = [];
  }

  #shift(): Request {
    const request = this.#queue.shift();
    if (!request) throw new TypeError('no request was under way');
    return request;
  }

  #rejectAll(request: Request, words: Words): void {
    this.#reject(request, new Map(Array.from({ length: linesOf(request) }, (_, i) => [i, words])));
  }

  #reject(request: Request, refused: ReadonlyMap<number, Words>): void {
    if (refused.size === 0) return;
    const decoder = new Decoder();
    let from = 0;
    for (const piece of request) {
      const { block } = piece;
      const { streams, stream } = decoder.decode(block);
      for (const [i, row] of rowsOf(piece).entries()) {
        const words = refused.get(from + i);
        if (!words) continue;
        const labels = streams[stream[row]];
        this.#outcome.refuses({ block, row, labels, ...words, tenant: undefined }, words.said);
      }
      from += countOf(piece);
    }
  }
}
