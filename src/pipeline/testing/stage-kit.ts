/** Processors in tests: lines in, rows out, and an account that must add up. */
import { Batch } from '../batch.js';
import { Chain, type ChainEntry, type SavedChain } from '../chain.js';
import type { LineAccount, Processor, Stage } from '../contract.js';
import { Draft } from '../draft.js';
import { compileMatch } from '../match.js';
import { fieldName } from '../metadata.js';
import { type Labels, labelText, StreamTable } from '../streams.js';

export interface InLine {
  readonly text: string | Buffer;
  readonly labels?: Labels;
  readonly seconds?: number;
  readonly nanos?: number;
  readonly flags?: number;
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

export interface OutLine {
  /** Label text. */
  readonly stream: string;
  /** Latin-1: byte by byte. */
  readonly bytes: string;
  /** UTF-8. */
  readonly text: string;
  readonly seconds: number;
  readonly nanos: number;
  readonly flags: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** What the stages told. */
export interface Told {
  generated: number;
  merged: number;
  held: number;
  readonly filtered: Record<string, number>;
}

const LABELS: Labels = { container: 'web', stream: 'stdout' };

/** An entry of `processors` with this processor, for streams that `match` selects. */
export function entryOf(processor: Processor, match?: string): ChainEntry {
  return { processor, match: match === undefined ? undefined : compileMatch(match) };
}

/** A processor made of one function. */
export function processorOf(process: Stage['process'], name = 'test'): Processor {
  return { name, begin: () => ({ process }), figures: { lines: 0, failed: new Map(), done: new Map() } };
}

/**
 * A chain over processors, as the intake has one for each source key. After each step it throws where lines in + generated
 * is not filtered + merged + held + lines out. `nowMs` is the monotonic clock of the stages.
 */
export class StageKit {
  nowMs = 1000;
  streams = new StreamTable();
  readonly out: OutLine[] = [];
  readonly told: Told = { generated: 0, merged: 0, held: 0, filtered: {} };
  #entries: () => readonly ChainEntry[];
  #chain: Chain;
  #in = 0;

  /** `make` is called again after a kill: a process that starts has processors of its own. */
  constructor(make: () => readonly (Processor | ChainEntry)[]) {
    this.#entries = () => make().map((entry) => ('processor' in entry ? entry : entryOf(entry)));
    this.#chain = this.#newChain();
  }

  get dueMs(): number {
    return this.#chain.dueMs;
  }

  push(lines: readonly InLine[]): this {
    const batch = this.#batchOf(lines);
    const draft = new Draft();
    draft.load(batch);
    this.#in += lines.length;
    this.#chain.process(draft, this.#account);
    this.#take(draft);
    this.#chain.keepStreams(batch);
    return this;
  }

  /** One push a text, all of one stream. */
  pushTexts(...texts: readonly string[]): this {
    for (const text of texts) this.push([{ text }]);
    return this;
  }

  /** What is due at `nowMs`; everything where left out. */
  flush(nowMs = Number.POSITIVE_INFINITY): this {
    const draft = new Draft();
    this.#chain.flush(draft, nowMs, this.#account);
    this.#take(draft);
    this.#chain.keepStreams(new Batch(Buffer.alloc(0), 1));
    return this;
  }

  /** What the journal's next commit would remember, as it comes back from disk. */
  save(): Omit<SavedChain, 'tuning'> | undefined {
    const saved = this.#chain.save();
    return saved && JSON.parse(JSON.stringify(saved));
  }

  /** SIGKILL right behind a commit: a new process with nothing but what was saved. */
  kill(): this {
    const saved = this.save();
    this.streams = new StreamTable();
    this.#chain = this.#newChain();
    const draft = new Draft();
    if (saved) this.#chain.restore(saved, draft, this.#account);
    this.#take(draft);
    return this;
  }

  texts(): string[] {
    return this.out.map(({ text }) => text);
  }

  readonly #account: LineAccount = {
    generated: (lines) => {
      this.told.generated += lines;
    },
    filtered: (reason, lines) => {
      this.told.filtered[reason] = (this.told.filtered[reason] ?? 0) + lines;
    },
    merged: (lines) => {
      this.told.merged += lines;
    },
    held: (lines) => {
      this.told.held += lines;
    },
  };

  #newChain(): Chain {
    const chain = new Chain('test/key', this.streams, () => this.nowMs);
    chain.rebuild(this.#entries(), new Draft(), this.#account);
    return chain;
  }

  #batchOf(lines: readonly InLine[]): Batch {
    const bytes = lines.map(({ text }) => (typeof text === 'string' ? Buffer.from(text) : text));
    // As of sources that decode in place, what lies between the rows is not theirs.
    const arena = Buffer.concat(bytes.flatMap((line) => [Buffer.from('\n"log":"'), line]));
    const draft = new Draft();
    const batch = new Batch(arena, Math.max(1, lines.length));
    let at = 0;
    for (const [row, { labels = LABELS, seconds = 1_700_000_000, nanos = 0, flags = 0 }] of lines.entries()) {
      at += 8;
      batch.add(at, at + bytes[row].length, this.streams.acquire(labels).id, seconds, nanos, flags);
      at += bytes[row].length;
    }
    if (!lines.some(({ fields }) => fields)) return batch;
    draft.load(batch);
    const metadata = draft.fields();
    for (const [row, { fields = [] }] of lines.entries())
      for (const [name, value] of fields) metadata.addText(row, fieldName(name), value);
    return draft;
  }

  #take(draft: Draft): void {
    for (let row = 0; row < draft.length; row++) {
      const stream = this.streams.get(draft.stream[row]);
      if (!stream) throw new Error(`row ${row} is of stream ${draft.stream[row]}, which nobody holds`);
      this.out.push({
        stream: labelText(stream.labels),
        bytes: draft.arena.toString('latin1', draft.start[row], draft.end[row]),
        text: draft.text(row),
        seconds: draft.seconds[row],
        nanos: draft.nanos[row],
        flags: draft.flags[row],
        fields: Object.fromEntries(draft.metadata?.pairs(row) ?? []),
      });
    }
    const { generated, merged, held, filtered } = this.told;
    const gone = Object.values(filtered).reduce((sum, lines) => sum + lines, 0) + merged + held;
    if (this.#in + generated !== gone + this.out.length)
      throw new Error(
        `${this.#in} lines in, ${this.out.length} out, told: ${JSON.stringify(this.told)}: that does not add up`,
      );
  }
}
