/**
 * The processors' work on the lines of one source key, stage after stage, and what of it must survive a kill.
 *
 * What the stages hold and remember is one position of the journal, `pipeline/<source key>`, set in the same commit as the
 * position of the source that the lines came with:
 *
 *   { origin, tuning?, stages: [{ name, held?: [[labels, line, metadata, seconds, nanos, flags, state], …], memory? }, …] }
 *
 * Lines and metadata are bytes as Latin-1 text. Before lines are written they go through the masks of the stages behind
 * the one that holds them, so that nothing that is redacted ever reaches the disk.
 */
import type { Batch } from './batch.js';
import type { HeldLine, LineAccount, Position, Processor, Stage } from './contract.js';
import { Draft } from './draft.js';
import type { Matcher } from './match.js';
import { type Passage, passageOf } from './passage.js';
import type { Labels, Stream, StreamTable, Tuning } from './streams.js';

/** An entry of the configuration's `processors`. */
export interface ChainEntry {
  readonly processor: Processor;
  /** Undefined: for all streams. */
  readonly match: Matcher | undefined;
}

type SavedLine = readonly [Labels, string, string, number, number, number, Position];

interface SavedStage {
  readonly name: string;
  readonly held?: readonly SavedLine[];
  readonly memory?: Position;
}

export interface SavedChain {
  /** What the ledger knows the lines by. */
  readonly origin: string;
  readonly tuning?: Tuning;
  readonly stages: readonly SavedStage[];
}

interface Link {
  readonly processor: Processor;
  readonly stage: Stage;
  readonly passage: Passage;
}

/** More streams than a key has at a time: ids are never used again. */
const MAX_KNOWN_STREAMS = 1024;

export class Chain {
  /** What the ledger knows the lines by, as the last push said. */
  origin: string;
  /** Something may have changed since `save`. */
  isDirty = false;
  readonly #streams: StreamTable;
  readonly #now: () => number;
  #links: readonly Link[] = [];
  /** Streams of lines that wait: their sources may have let go of them. */
  readonly #kept = new Map<number, Stream>();

  constructor(origin: string, streams: StreamTable, now: () => number) {
    this.origin = origin;
    this.#streams = streams;
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#links.length === 0;
  }

  /** When `flush` is due at the latest; Infinity where nothing waits. */
  get dueMs(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const { stage } of this.#links)
      if (stage.dueMs !== undefined && stage.dueMs < due) due = stage.dueMs;
    return due;
  }

  /**
   * Stages of processors that are among `entries` stay. As far as the first ones are the same in the same order they keep
   * what they hold; what the others hold goes through the old stages behind them into `draft`, which is empty: what comes
   * later may come to them by another way, and must not pass it. Answers what ends the stages that go, once those lines are
   * appended.
   */
  rebuild(entries: readonly ChainEntry[], draft: Draft, account: LineAccount): () => void {
    const old = this.#links;
    const kept = new Set(entries.map(({ processor }) => processor));
    const gone = old.filter(({ processor }) => !kept.has(processor));
    const first = old.findIndex(({ processor }, i) => processor !== entries[i]?.processor);
    for (const [i, link] of old.entries()) {
      if (draft.length > 0) process(link, draft, account);
      if (first >= 0 && i >= first) flush(link, draft, Number.POSITIVE_INFINITY, account);
    }
    this.#links = entries.map(({ processor, match }) => {
      const known = old.find((link) => link.processor === processor);
      if (known) return known;
      const selects = selectorOf(match, this.#streams);
      const stage = processor.begin({ selects, streams: this.#streams, now: this.#now });
      return { processor, stage, passage: passageOf(processor) };
    });
    this.isDirty = true;
    return () => {
      for (const { stage } of gone) stage.close?.();
    };
  }

  /** Keeps the streams of `batch`, which came in, as long as lines wait; to be called when what came out is appended. */
  keepStreams(batch: Batch): void {
    if (this.dueMs === Number.POSITIVE_INFINITY) return this.#releaseStreams();
    let last = 0;
    for (let row = 0; row < batch.length; row++) {
      const id = batch.stream[row];
      if (id === last || this.#kept.has(id)) continue;
      last = id;
      const stream = this.#streams.get(id);
      if (!stream) continue;
      this.#streams.retain(stream);
      this.#kept.set(id, stream);
    }
  }

  process(draft: Draft, account: LineAccount): void {
    this.isDirty = true;
    for (const link of this.#links) process(link, draft, account);
  }

  /** Adds what is due at `nowMs` to the draft, which is empty; Infinity: everything. */
  flush(draft: Draft, nowMs: number, account: LineAccount): void {
    this.isDirty = true;
    for (const link of this.#links) {
      if (draft.length > 0) process(link, draft, account);
      if (link.stage.dueMs !== undefined || nowMs === Number.POSITIVE_INFINITY)
        flush(link, draft, nowMs, account);
    }
  }

  /** What must survive a kill; undefined where that is nothing. */
  save(): Omit<SavedChain, 'tuning'> | undefined {
    this.isDirty = false;
    const stages = this.#links.map(({ processor, stage }, i): SavedStage => {
      const held = stage.held?.() ?? [];
      const memory = stage.memory?.();
      return {
        name: processor.name,
        ...(held.length > 0 && { held: this.#masked(held, i + 1) }),
        ...(memory !== undefined && { memory }),
      };
    });
    const isNothing = stages.every(({ held, memory }) => held === undefined && memory === undefined);
    return isNothing ? undefined : { origin: this.origin, stages };
  }

  /**
   * Gives the stages back what a process before this one saved. As in `rebuild`, only the first stages that are the same in
   * the same order get their lines; those of the others are added to `draft`, which is empty, masked: the earliest first,
   * which are in the last stage.
   */
  restore({ stages }: SavedChain, draft: Draft, account: LineAccount): void {
    const first = stages.findIndex(({ name, held }, i) => {
      const link = this.#links[i];
      return link?.processor.name !== name || (held && !link.stage.takeBack);
    });
    for (const [i, { name, held = [], memory }] of [...stages.entries()].reverse()) {
      const link = this.#links.find(({ processor }) => processor.name === name);
      if (memory !== undefined) link?.stage.remember?.(memory);
      if (held.length === 0) continue;
      const lines = held.map((line) => this.#lineOf(line));
      if (first < 0 || i < first) {
        link?.stage.takeBack?.(lines);
        link?.passage.takenBack(lines.length);
      } else {
        putLines(lines, draft);
        account.held(-lines.length);
      }
    }
    for (const { stage } of this.#links) stage.mask?.(draft);
    this.isDirty = true;
  }

  close(): void {
    for (const { stage } of this.#links) stage.close?.();
    this.#links = [];
    this.#releaseStreams();
  }

  #releaseStreams(): void {
    if (this.#kept.size === 0) return;
    for (const stream of this.#kept.values()) this.#streams.release(stream);
    this.#kept.clear();
  }

  #masked(held: readonly HeldLine[], from: number): SavedLine[] {
    const masks = this.#links.slice(from).flatMap(({ stage }) => (stage.mask ? [stage] : []));
    const draft = new Draft();
    putLines(held, draft);
    for (const stage of masks) stage.mask?.(draft);
    const { metadata } = draft;
    return held.map(({ stream, seconds, nanos, flags, state }, row) => [
      stream.labels,
      draft.arena.toString('latin1', draft.start[row], draft.end[row]),
      metadata ? metadata.bytes.toString('latin1', metadata.start[row], metadata.end[row]) : '',
      seconds,
      nanos,
      flags,
      state,
    ]);
  }

  #lineOf([labels, line, metadata, seconds, nanos, flags, state]: SavedLine): HeldLine {
    const stream = this.#streams.acquire(labels);
    if (this.#kept.has(stream.id)) this.#streams.release(stream);
    else this.#kept.set(stream.id, stream);
    return {
      stream,
      bytes: Buffer.from(line, 'latin1'),
      metadata: Buffer.from(metadata, 'latin1'),
      seconds,
      nanos,
      flags,
      state,
    };
  }
}

function process({ stage, passage }: Link, draft: Draft, account: LineAccount): void {
  stage.process(draft, passage.enter(draft.length, account));
  passage.leave(draft.length);
}

function flush({ stage, passage }: Link, draft: Draft, nowMs: number, account: LineAccount): void {
  const before = draft.length;
  stage.flush?.(draft, nowMs, passage.enter(0, account));
  passage.leave(draft.length - before);
}

/** Adds held lines to the draft's end. */
function putLines(lines: readonly HeldLine[], draft: Draft): void {
  for (const line of lines) {
    const row = draft.addLine(line.bytes, line.stream.id, line);
    if (line.metadata.length > 0) draft.fields().addEncoded(row, line.metadata, 0, line.metadata.length);
  }
}

function selectorOf(match: Matcher | undefined, streams: StreamTable): (id: number) => boolean {
  if (!match) return () => true;
  const known = new Map<number, boolean>();
  let lastId = 0;
  let last = false;
  return (id) => {
    if (id === lastId) return last;
    let selected = known.get(id);
    if (selected === undefined) {
      const stream = streams.get(id);
      selected = stream !== undefined && match(stream.labels);
      if (known.size === MAX_KNOWN_STREAMS) known.clear();
      known.set(id, selected);
    }
    lastId = id;
    last = selected;
    return selected;
  };
}
