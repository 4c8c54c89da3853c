/**
 * Lines of sources that hear of many programs over one way (journald, syslog): sorted by the program that wrote them, each
 * with streams, totals and a source key of its own, `<type>/<container>`, so that processors and the ledger know them apart.
 *
 * - What was read together is pushed together, in one synchronous step, so that it is of one commit.
 * - Names come from outside: of more than `maxStreams` at a time the rest are one stream, `container="_other"`. What has been
 *   quiet for IDLE_MS is let go of.
 */

import type { Pipeline, ReadTotals, SourceFigures, SourceKey } from '../pipeline/contract.js';
import { Draft } from '../pipeline/draft.js';
import { OTHER_CONTAINERS } from '../pipeline/gaps.js';
import { addReads, NO_CONTAINERS, noReads } from '../pipeline/read-totals.js';
import type { Labels, Stream } from '../pipeline/streams.js';
import type { Scope } from '../runtime/scope.js';

const IDLE_MS = 3_600_000;
const LOOK_MS = 600_000;
/** While there is no place for another stream. */
const FULL_LOOK_MS = 1_000;
/** Kept for the next lines; more are made where more programs write at once. */
const SPARE_DRAFTS = 16;
const MAX_LABEL_LENGTH = 256;

export interface NamedLogsOptions {
  readonly scope: Scope;
  readonly pipeline: Pipeline;
  readonly type: string;
  /** On every stream. */
  readonly labels: Labels;
  readonly maxStreams: number;
  /** Monotonic, milliseconds. */
  readonly now?: () => number;
}

/** Who wrote a line: `container` and labels beside it. Empty ones are left out. */
export interface Writer {
  readonly container: string;
  readonly labels: Labels;
}

/** A stream, and what is kept of it between its lines. */
export interface NamedStream {
  readonly stream: Stream;
  /** It stands for writers that have no place of their own. */
  readonly isOther: boolean;
  /** Time of its last line. */
  seconds: number;
  nanos: number;
}

interface Log {
  readonly container: string;
  readonly key: SourceKey;
  readonly totals: ReadTotals;
  streams: number;
  /** What waits for `push`. */
  draft: Draft | undefined;
  /** Lines that ended since the last push. */
  ended: number;
}

interface Known extends NamedStream {
  readonly log: Log;
  usedMs: number;
}

export class NamedLogs {
  readonly #options: NamedLogsOptions;
  readonly #now: () => number;
  readonly #since: number;
  readonly #known = new Map<string, Known>();
  readonly #logs = new Map<string, Log>();
  /** Keys of a process before this one, none of whose lines have come yet. */
  #left: SourceKey[];
  #other: Known | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** Logs with lines that wait. */
  #dirty: Log[] = [];
  /** What streams that were let go of had still to push asks the next to wait for. */
  #owed: Promise<void> | undefined;
  readonly #spare: Draft[] = [];
  readonly #active = new Map<string, ReadTotals>();
  readonly #retired = noReads();

  constructor(options: NamedLogsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#since = this.#now();
    this.#left = options.pipeline.positionKeys(`${options.type}/`);
    options.scope.own('task', 'streams by name', () => this.#close());
    options.scope.interval('quiet streams', LOOK_MS, () => this.retireQuiet());
  }

  get figures(): SourceFigures {
    return { ...NO_CONTAINERS, active: this.#active, retired: this.#retired };
  }

  /** The stream of whoever `id` stands for; `writerOf` is asked where it is new. */
  streamOf(id: string, writerOf: () => Writer): NamedStream {
    const known = this.#known.get(id) ?? this.#open(id, writerOf);
    known.usedMs = this.#now();
    return known;
  }

  /** Where the next line of `stream` goes: at the draft's end. `bytes` as they were read. */
  draftFor(stream: NamedStream, bytes: number): Draft {
    const { log } = stream as Known;
    log.ended++;
    log.totals.linesRead++;
    log.totals.bytesRead += bytes;
    if (!log.draft) {
      log.draft = this.#spare.pop() ?? new Draft();
      this.#dirty.push(log);
    }
    if (log.draft.isFull) log.draft.grow();
    return log.draft;
  }

  /** Pushes what waits, in one step; what it answers is as of `Pipeline.push`. */
  push(): Promise<void> | undefined {
    let waits = this.#owed && [this.#owed];
    this.#owed = undefined;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const log of dirty) {
      const { draft, key, totals, ended } = log;
      if (!draft) continue;
      log.draft = undefined;
      log.ended = 0;
      const { bytesRead } = totals;
      const wait = this.#options.pipeline.push(draft, key, null, {
        key,
        from: bytesRead,
        to: bytesRead,
        lines: ended,
      });
      if (wait) waits = [...(waits ?? []), wait];
      draft.clear();
      if (this.#spare.length < SPARE_DRAFTS) this.#spare.push(draft);
    }
    return waits && Promise.all(waits).then(() => {});
  }

  /** Lets go of streams that were quiet for long, and of keys that nobody writes to any more. */
  retireQuiet(): void {
    this.#lookedMs = this.#now();
    const before = this.#lookedMs - IDLE_MS;
    for (const [id, known] of this.#known) {
      if (known.usedMs > before) continue;
      this.#known.delete(id);
      this.#letGo(known);
    }
    if (before < this.#since) return;
    for (const key of this.#left) this.#options.pipeline.setPosition(key, undefined);
    this.#left = [];
  }

  #open(id: string, writerOf: () => Writer): Known {
    if (this.#known.size >= this.#options.maxStreams) {
      // A flood of names must not cost a look at all of them for each.
      if (this.#now() - this.#lookedMs >= FULL_LOOK_MS) this.retireQuiet();
      if (this.#known.size >= this.#options.maxStreams) {
        this.#other ??= this.#make({ container: OTHER_CONTAINERS, labels: {} }, true);
        return this.#other;
      }
    }
    const known = this.#make(writerOf(), false);
    this.#known.set(id, known);
    return known;
  }

  #make({ container, labels }: Writer, isOther: boolean): Known {
    const { pipeline, labels: common } = this.#options;
    const own = Object.entries({ ...labels, container }).filter(([, value]) => value !== '');
    const stream = pipeline.streams.acquire({
      ...common,
      ...Object.fromEntries(own.map(([name, value]) => [name, value.slice(0, MAX_LABEL_LENGTH)])),
    });
    const log = this.#logOf(container.slice(0, MAX_LABEL_LENGTH));
    log.streams++;
    return { stream, log, isOther, seconds: 0, nanos: 0, usedMs: this.#now() };
  }

  #logOf(container: string): Log {
    const known = this.#logs.get(container);
    if (known) return known;
    const key = `${this.#options.type}/${container}`;
    this.#left = this.#left.filter((left) => left !== key);
    const log = { container, key, totals: noReads(), streams: 0, draft: undefined, ended: 0 };
    this.#logs.set(container, log);
    this.#active.set(container, log.totals);
    return log;
  }

  #letGo({ stream, log }: Known): void {
    const { pipeline } = this.#options;
    // A stream's lines may wait for the next push.
    if (log.draft) this.#owed = this.push();
    if (--log.streams === 0) {
      pipeline.setPosition(log.key, undefined);
      this.#logs.delete(log.container);
      this.#active.delete(log.container);
      addReads(this.#retired, log.totals);
    }
    pipeline.streams.release(stream);
  }

  #close(): void {
    void this.push();
    for (const { stream } of this.#known.values()) this.#options.pipeline.streams.release(stream);
    if (this.#other) this.#options.pipeline.streams.release(this.#other.stream);
    this.#known.clear();
    this.#other = undefined;
  }
}
