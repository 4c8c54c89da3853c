/** What of a block is for this sink, by the labels of its streams. */
import type { Block } from '../pipeline/contract.js';
import type { Matcher } from '../pipeline/match.js';
import { partitionBlock } from '../pipeline/partition.js';
import { parseLabelText } from '../pipeline/streams.js';

const MAX_KNOWN = 10_000;

export class Selection {
  readonly #match: Matcher | undefined;
  readonly #known = new Map<string, boolean>();

  /** Without `match` everything. */
  constructor(match: Matcher | undefined) {
    this.#match = match;
  }

  /** Whether a stream with these labels, in Loki's form, is wanted. */
  wants(labels: string): boolean {
    return this.#match === undefined || this.#isWanted(labels, this.#match);
  }

  /** The block, or a smaller one in its place; undefined where nothing of it is wanted. Throws JOURNAL_DAMAGED. */
  of(block: Block): Block | undefined {
    const match = this.#match;
    if (!match) return block;
    return partitionBlock(block, (labels) => this.#isWanted(labels, match)).get(true);
  }

  /** Lines that are not wanted, as the block's directory has them. */
  linesOfOthers(block: Block): number {
    const match = this.#match;
    if (!match) return 0;
    const others = block.streams.filter(({ labels }) => !this.#isWanted(labels, match));
    return others.reduce((sum, { lines }) => sum + lines, 0);
  }

  #isWanted(text: string, match: Matcher): boolean {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    const wanted = match(parseLabelText(text));
    this.#known.set(text, wanted);
    return wanted;
  }
}
