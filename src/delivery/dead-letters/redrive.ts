/**
 * Gives dead letters to their sinks once more: what is taken leaves the store, what is refused again stays with another
 * count. Each bundle changes in one step, after the sink has answered. Killed between the two it is given once more.
 */
import type { Block, Delivered } from '../../pipeline/contract.js';
import { encodeBlock } from '../../pipeline/encode-block.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { AgentError, describeError } from '../../runtime/errors.js';
import type { Scope } from '../../runtime/scope.js';
import type { BundleFacts, StoredBundle } from './bundles.js';
import { isMeant, type LetterFilter } from './filter.js';
import type { DeadLetters } from './store.js';

/** Of one delivery; a single bundle may be more. */
const MAX_RAW_BYTES = 1024 * 1024;
const MAX_BUNDLES = 256;
/** A sink that takes less than it is given is waited for so long. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 250;

/** The delivery to a sink. */
export interface Redriveable {
  /** Throws as `Sink.redrive`. */
  redrive(blocks: readonly Block[]): Promise<Delivered>;
}

export interface Redriven {
  /** Lines that the sink has now, and that are gone from here. */
  readonly delivered: number;
  /** Lines that it refused once more, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Lines that were not given to it, or of which nobody knows: they stay. */
  readonly left: number;
  /** Why some are left; undefined where none is. */
  readonly trouble: string | undefined;
}

interface Given {
  readonly facts: BundleFacts;
  readonly stored: StoredBundle;
  readonly block: Block;
}

export class Redrive {
  readonly #store: DeadLetters;
  readonly #scope: Scope;
  readonly #sinks: ReadonlyMap<string, Redriveable>;
  #isBusy = false;

  constructor(store: DeadLetters, scope: Scope, sinks: ReadonlyMap<string, Redriveable>) {
    this.#store = store;
    this.#scope = scope;
    this.#sinks = sinks;
  }

  /** Those that are there when it begins. Undefined where another one is under way. Rejects with a system error of the disk. */
  async run(filter: LetterFilter): Promise<Redriven | undefined> {
    if (this.#isBusy) return undefined;
    this.#isBusy = true;
    try {
      const meant = this.#store.bundles().filter((facts) => isMeant(facts, filter));
      const bySink = new Map<string, BundleFacts[]>();
      for (const facts of meant) bySink.set(facts.sink, [...(bySink.get(facts.sink) ?? []), facts]);
      const result = new Result(meant.reduce((sum, { lines }) => sum + lines, 0));
      for (const [sink, bundles] of bySink) {
        try {
          await this.#runSink(sink, bundles, result);
        } catch (error) {
          result.trouble ??= describeError(error);
        }
      }
      return result.redriven;
    } finally {
      this.#isBusy = false;
    }
  }

  async #runSink(name: string, bundles: readonly BundleFacts[], result: Result): Promise<void> {
    const sink = this.#sinks.get(name);
    if (!sink) throw new AgentError('CONFIG_INVALID', `There is no sink ${name} now.`);
    for (let at = 0; at < bundles.length; ) {
      const given = await this.#take(bundles, at);
      at = given.next;
      result.gone(given.gone);
      if (given.some.length === 0) continue;
      const { refused = [] } = await this.#give(
        sink,
        given.some.map(({ block }) => block),
      );
      for (const { facts, stored } of given.some) {
        const left = refused.filter(({ block }) => block.lsn === facts.id);
        await this.#store.replace(facts.id, stored, left);
        result.settled(facts.lines, left);
      }
    }
  }

  /** The next ones that go together; `gone` are lines of those that were removed meanwhile. */
  async #take(
    bundles: readonly BundleFacts[],
    from: number,
  ): Promise<{ some: Given[]; gone: number; next: number }> {
    const some: Given[] = [];
    let gone = 0;
    let raw = 0;
    let next = from;
    for (; next < bundles.length && raw < MAX_RAW_BYTES && some.length < MAX_BUNDLES; next++) {
      const facts = bundles[next];
      const stored = await this.#store.read(facts);
      const block = stored && blockOf(facts.id, stored.payload);
      if (block) some.push({ facts, stored, block });
      else gone += facts.lines;
      raw += block?.rawBytes ?? 0;
    }
    return { some, gone, next };
  }

  async #give(sink: Redriveable, blocks: readonly Block[]): Promise<Delivered> {
    const began = performance.now();
    for (;;) {
      try {
        return await sink.redrive(blocks);
      } catch (error) {
        const isLimited = error instanceof AgentError && error.code === 'SINK_LIMITED';
        if (!isLimited || this.#scope.isClosing || performance.now() - began >= PATIENCE_MS) throw error;
        await this.#scope.sleep(Math.min(PATIENCE_MS, error.retryAfterMs ?? RETRY_MS));
      }
    }
  }
}

class Result {
  trouble: string | undefined;
  #left: number;
  #delivered = 0;
  readonly #refused = new Map<string, number>();

  constructor(lines: number) {
    this.#left = lines;
  }

  gone(lines: number): void {
    this.#left -= lines;
  }

  settled(
    lines: number,
    left: readonly { readonly rows: readonly number[]; readonly reason: string }[],
  ): void {
    this.#left -= lines;
    this.#delivered += lines;
    for (const { rows, reason } of left) {
      this.#delivered -= rows.length;
      this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + rows.length);
    }
  }

  get redriven(): Redriven {
    const refused = Object.fromEntries(this.#refused);
    return { delivered: this.#delivered, refused, left: this.#left, trouble: this.trouble };
  }
}

/** The lines as a block under the place of their bundle, which no other one has. */
function blockOf(id: number, payload: Buffer): Block | undefined {
  const lines = new BlockLines();
  decodeBlock(payload, lines);
  return encodeBlock({ lsn: id, nextLsn: id + 1, lane: 0, route: 0 }, lines, () => true);
}
