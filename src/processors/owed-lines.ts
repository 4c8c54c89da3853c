/**
 * Lines that a stage owes to streams: it took lines out of them, counts them, and says so in a line of its own a while later.
 * The counts are part of what a stage remembers over a kill:
 *
 *   [[labels, count, seconds, nanos], …]
 */
import type { LineAccount, Position, Stage, StageContext } from '../pipeline/contract.js';
import type { Draft } from '../pipeline/draft.js';
import { fieldName } from '../pipeline/metadata.js';
import type { Labels, Stream } from '../pipeline/streams.js';

/** Of a line that no program wrote: the processor that did. */
const GENERATED_BY = fieldName('generated_by');

export interface Owed {
  /** Held until its line is in the journal: whoever acquired it may let go of it before. */
  readonly stream: Stream;
  /** Lines that were taken out. */
  count: number;
  /** The time that the line will have: no line of the stream is later. */
  seconds: number;
  nanos: number;
  /** By the clock of the stage; undefined where a process before this one took them out. */
  readonly sinceMs: number | undefined;
  readonly dueMs: number;
}

type Remembered = readonly [Labels, number, number, number];

export class OwedLines {
  readonly #context: StageContext;
  readonly #text: (owed: Owed, nowMs: number) => string;
  readonly #generatedBy: Buffer;
  readonly #waitMs: number;
  readonly #owed = new Map<number, Owed>();
  /** Streams whose lines are on their way to the journal. */
  readonly #paid: Stream[] = [];

  /** `name` is the processor's. */
  constructor(
    context: StageContext,
    { name, waitMs, text }: { name: string; waitMs: number; text: (owed: Owed, nowMs: number) => string },
  ) {
    this.#context = context;
    this.#text = text;
    this.#waitMs = waitMs;
    this.#generatedBy = Buffer.from(name);
  }

  get size(): number {
    return this.#owed.size;
  }

  /** The stage whose work on a batch is `process`: all else of it is what is owed. */
  stage(process: Stage['process']): Stage {
    const dueMs = (): number | undefined => this.#dueMs;
    return {
      process: (draft, account) => {
        this.#letGoOfPaid();
        process(draft, account);
      },
      get dueMs() {
        return dueMs();
      },
      flush: (draft, untilMs, account) => this.#flush(draft, untilMs, account),
      memory: () => this.#memory(),
      remember: (memory) => this.#remember(memory),
      close: () => this.#close(),
    };
  }

  get #dueMs(): number | undefined {
    if (this.#owed.size === 0) return undefined;
    let due = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#owed.values()) if (dueMs < due) due = dueMs;
    return due;
  }

  /** What was given out before is in the journal. */
  #letGoOfPaid(): void {
    for (const stream of this.#paid) this.#context.streams.release(stream);
    this.#paid.length = 0;
  }

  /** The line in `row` is taken out. Where it is the first one, the line that tells of it is due `waitMs` after `sinceMs`. */
  count({ stream, seconds, nanos }: Draft, row: number, sinceMs: number): void {
    const owed = this.#owed.get(stream[row]);
    if (owed) {
      owed.count++;
      owed.seconds = seconds[row];
      owed.nanos = nanos[row];
      return;
    }
    const known = this.#context.streams.get(stream[row]);
    if (!known) throw new Error(`stream ${stream[row]} is not in the table`);
    this.#context.streams.retain(known);
    this.#owed.set(known.id, {
      stream: known,
      count: 1,
      seconds: seconds[row],
      nanos: nanos[row],
      sinceMs,
      dueMs: sinceMs + this.#waitMs,
    });
  }

  /** The line in `row` stays, and what is owed must not be earlier. */
  passed({ stream, seconds, nanos }: Draft, row: number): void {
    const owed = this.#owed.size > 0 && this.#owed.get(stream[row]);
    if (!owed) return;
    owed.seconds = seconds[row];
    owed.nanos = nanos[row];
  }

  /** Makes `row` the line that is owed to the stream; false where none is. */
  pay(stream: number, draft: Draft, row: number, nowMs: number): boolean {
    const owed = this.#owed.get(stream);
    if (!owed) return false;
    this.#owed.delete(stream);
    this.#paid.push(owed.stream);
    const text = Buffer.from(this.#text(owed, nowMs));
    const at = draft.append(text, 0, text.length);
    draft.setLine(row, at, draft.tail);
    draft.stream[row] = stream;
    draft.seconds[row] = owed.seconds;
    draft.nanos[row] = owed.nanos;
    draft.flags[row] = 0;
    const fields = draft.fields();
    fields.clear(row);
    fields.add(row, GENERATED_BY, this.#generatedBy, 0, this.#generatedBy.length);
    return true;
  }

  /** Adds what is due at the draft's end. */
  #flush(draft: Draft, untilMs: number, account: LineAccount): void {
    const nowMs = this.#context.now();
    let lines = 0;
    for (const { stream, dueMs } of this.#owed.values()) {
      if (dueMs > untilMs) continue;
      if (draft.isFull) draft.grow();
      this.pay(stream.id, draft, draft.length++, nowMs);
      lines++;
    }
    if (lines > 0) account.generated(lines);
  }

  #memory(): Position | undefined {
    if (this.#owed.size === 0) return undefined;
    return Array.from(this.#owed.values(), ({ stream, count, seconds, nanos }) => [
      stream.labels,
      count,
      seconds,
      nanos,
    ]);
  }

  #remember(memory: Position): void {
    const dueMs = this.#context.now() + this.#waitMs;
    for (const [labels, count, seconds, nanos] of memory as unknown as readonly Remembered[]) {
      const stream = this.#context.streams.acquire(labels);
      this.#owed.set(stream.id, { stream, count, seconds, nanos, sinceMs: undefined, dueMs });
    }
  }

  #close(): void {
    this.#letGoOfPaid();
    for (const { stream } of this.#owed.values()) this.#context.streams.release(stream);
    this.#owed.clear();
  }
}
