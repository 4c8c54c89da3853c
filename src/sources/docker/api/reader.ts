/**
 * Follows one container's log through the engine for as long as the container runs: one stream after the other, each with
 * a scope of its own, and each gone before the next one is opened. A stream's end is nothing unusual: the next one goes
 * on where it ended. Once the container has stopped, one more stream, without following, shows that nothing is
 * missing; then the reader rests until it is woken.
 *
 * Streams are read in turns (pool.ts). A turn may hold several: it ends with its age, or where there is nothing to read.
 * Its age ends a stream only
 * - when that has shown its place in the log, and as long again has passed: half of every turn at least is reading;
 * - not while a container that has stopped is read, whose log may be removed: such a stream ends by itself.
 */
import type { IncomingMessage } from 'node:http';
import { timeOfMs } from '../../../pipeline/line-time.js';
import { Backoff } from '../../../runtime/backoff.js';
import { AgentError, describeError } from '../../../runtime/errors.js';
import type { Scope } from '../../../runtime/scope.js';
import { noCounts } from '../json-file/counts.js';
import type { ContainerLog, ReaderCounts } from '../json-file/types.js';
import { WAIT_FOR_TURN_MS } from '../liveness.js';
import type { LogEngine } from '../readers.js';
import { StreamIds } from '../stream-ids.js';
import { FrameDecoder } from './frames.js';
import type { ApiLog } from './log.js';
import { type LogHost, logTraits, openLog } from './open-log.js';
import type { StreamPool, Turn, TurnEnd } from './pool.js';
import { RawDecoder } from './raw.js';
import type { RecordDecoder } from './records.js';
import { type RecordId, sameRecord } from './ring.js';
import { LogStream } from './stream.js';
import type { ApiReaderStats } from './types.js';
import { StreamWatch, type WatchHost } from './watch.js';

const RETRY_MIN_MS = 50;
/** A container that does not run, and of which nobody said so, is asked for no more often. */
const RETRY_MAX_MS = 30_000;

/** A stream that is to end by itself and does not, silent for so long, is dead. */
const LAST_SILENCE_MS = 10_000;
/** What is asked for by time is waited for so long in the first turn, twice as long in each further one. */
const PATIENCE_MS = 5_000;
const MAX_PATIENCE_MS = 600_000;

/** `read`: there was something in it. `over`: its turn was. */
type Outcome = 'read' | 'nothing' | 'drained' | 'further' | 'over' | 'gone' | 'unreadable' | 'failed';

export interface ReaderHost extends WatchHost, LogHost {
  readonly scope: Scope;
  readonly pool: StreamPool;
  /** The reader is done with the container, and has forgotten it. */
  finished(reader: ApiReader): void;
}

export class ApiReader {
  container: ContainerLog;
  readonly #host: ReaderHost;
  readonly #streams: StreamIds;
  readonly #watch: StreamWatch;
  #log: ApiLog | undefined;
  #tty: boolean | undefined;
  /** Of the stream at hand, and of the request for it. */
  #scope: Scope | undefined;
  #stream: LogStream | undefined;
  #turn: Turn | undefined;
  /** Why the stream at hand was ended by its turn. */
  #end: TurnEnd | undefined;
  /** When the stream at hand had shown its place in the log, and since when that was looked for; of performance.now(). */
  #placedAt: number | undefined;
  #soughtSince = 0;
  /** The stream at hand was asked for by time, which may take long. */
  #isByTime = false;
  #patienceMs = PATIENCE_MS;
  /** The engine has served something of it in this run. */
  #wasRead = false;
  #lastTurnAt = 0;
  /** When it asked for its turn, and when a stream last ended with all that the engine has; of performance.now(). */
  #askedAt = 0;
  #servedAt: number | undefined;
  #task: Promise<void> | undefined;
  #pause: Scope | undefined;
  #isStopped = false;
  /** The container is removed. Of performance.now(). */
  #finishingSince: number | undefined;
  #isUnreadable = false;
  readonly #closed = new AbortController();
  /** Something was told since the stream at hand was opened. */
  #isNews = false;
  #failures = 0;
  #hasRun = false;
  /** It was said to run since the stream at hand was asked for. */
  #isWoken = false;
  /** The last stream ended with the log's end. */
  #isComplete = false;
  /** The log's last record, which the last stream did not bring. */
  #unserved: RecordId | undefined;

  constructor(host: ReaderHost, container: ContainerLog) {
    this.#host = host;
    this.container = container;
    const { pipeline, outputLabel = 'stream' } = host.options;
    this.#streams = new StreamIds(pipeline.streams, outputLabel, container.labels, container.tuning);
    const counting = { ...host, engine: () => this.#countedEngine() };
    this.#watch = new StreamWatch(counting, container.id, () => this.#decoder());
  }

  /** Opens a stream where there should be one and is none. */
  look(): void {
    this.#isNews = true;
    void this.#pause?.close();
    if (this.#task || !this.#mayRead) return;
    this.#task = this.#host.scope.run(`reader of ${this.container.id}`, async () => {
      try {
        await this.#read();
      } finally {
        this.#task = undefined;
        // Told while it came to its end.
        if (this.#isNews && this.#mayRead) this.look();
      }
    });
  }

  setLabels(labels: NonNullable<ContainerLog['labels']>): void {
    this.#streams.setLabels(labels, this.container.tuning);
    this.look();
  }

  get hasLabels(): boolean {
    return this.#streams.hasLabels;
  }

  wake(): void {
    this.#hasRun = true;
    this.#isStopped = false;
    this.#isComplete = false;
    this.#isWoken = true;
    this.look();
  }

  stopped(): void {
    this.#hasRun = true;
    this.#isStopped = true;
    if (this.#turn) this.#host.pool.hurry(this.#turn);
    this.look();
  }

  finish(): void {
    this.#finishingSince = performance.now();
    if (this.#turn) this.#host.pool.hurry(this.#turn);
    if (this.#mayRead) this.look();
    else this.#finish();
  }

  /** It is not gone after all. */
  stay(): void {
    if (!this.#isFinishing) return;
    this.#finishingSince = undefined;
    this.look();
  }

  /** Ends the stream at hand; another one goes on where it ended. */
  rotate(): void {
    this.#stream?.stop();
  }

  /** Ends the stream, or the request for one. */
  cut(): void {
    if (this.#stream) this.#stream.stop();
    else void this.#scope?.close();
  }

  /** Ends the stream and opens none. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.cut();
    if (this.#turn?.state === 'waiting') this.#host.pool.leave(this.#turn);
    await this.#pause?.close();
    await this.#task;
    this.#streams.release();
  }

  get stream(): LogStream | undefined {
    return this.#stream;
  }

  /** When it had its last turn, of performance.now(); 0: never. */
  get lastTurnAt(): number {
    return this.#lastTurnAt;
  }

  /** Called by the pool. */
  mayEnd(now: number): boolean {
    const stream = this.#stream;
    if (!stream || !this.#turn) return false;
    if (this.#isStopped || this.#isFinishing) {
      const isRead = stream.pausedAt === 0 && !this.#host.gate.isHeld;
      return isRead && now - stream.lastDataAt > LAST_SILENCE_MS;
    }
    if (this.#placedAt === undefined) return this.#isByTime && now - this.#soughtSince > this.#patienceMs;
    return now - this.#placedAt >= this.#placedAt - this.#soughtSince;
  }

  /** Called by the pool. */
  end(why: TurnEnd): void {
    this.#end = why;
    if (this.#placedAt === undefined) this.#patienceMs = Math.min(MAX_PATIENCE_MS, this.#patienceMs * 2);
    // What was collected need not be asked for again.
    this.#stream?.drain();
    this.#stream?.stop();
  }

  /** As LogReaders has it. */
  signOfLife(now: number): number | undefined {
    if (this.#host.gate.isHeld) return now;
    if (this.#turn?.state === 'waiting') return Math.min(now, this.#askedAt + WAIT_FOR_TURN_MS);
    return this.#stream ? (this.#watch.doubtedSince ?? now) : this.#servedAt;
  }

  lookAfter(now: number): void {
    this.#watch.lookAfter(now, this.#isStopped, this.#finishingSince);
  }

  /** Live; undefined before there is a log. */
  get counts(): Readonly<ReaderCounts> | undefined {
    return this.#log?.counts;
  }

  get stats(): ApiReaderStats {
    const log = this.#log;
    const isLive = log !== undefined && this.hasLabels;
    return {
      ...(log?.counts ?? noCounts()),
      state:
        this.#turn?.state === 'waiting'
          ? 'queued'
          : !isLive
            ? 'waiting'
            : log.isCatchingUp
              ? 'catching-up'
              : 'live',
      unreadBytes: 0,
      heldFiles: 0,
      repeated: log?.repeated ?? 0,
      stalls: this.#watch.stalls,
    };
  }

  get #isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  get #isFinishing(): boolean {
    return this.#finishingSince !== undefined;
  }

  /** Its log may be gone at once: with the container, or before anything of it was seen. */
  get #isUrgent(): boolean {
    return this.#isStopped || this.#isFinishing || !this.#wasRead;
  }

  get #mayRead(): boolean {
    const { scope } = this.#host;
    return (
      this.#host.engine() !== undefined &&
      this.hasLabels &&
      !this.#isUnreadable &&
      !this.#isClosed &&
      !scope.isClosing
    );
  }

  async #read(): Promise<void> {
    const backoff = new Backoff(RETRY_MIN_MS, RETRY_MAX_MS);
    while (this.#mayRead) {
      switch (await this.#readTurn()) {
        case 'gone':
          if (this.#isFinishing && this.#mayRead) this.#finishGone();
          if (!this.#isNews) return;
          break;
        case 'unreadable':
          return;
        case 'drained':
          if (this.#isNews) break;
          if (this.#isFinishing) this.#finish();
          return;
        case 'read':
        case 'over':
          backoff.reset();
          break;
        case 'further':
          break;
        case 'nothing':
        case 'failed':
          if (this.#isNews) backoff.reset();
          await this.#rest(backoff.next());
      }
    }
  }

  /** Reads streams for as long as it is the container's turn and there is something to read. */
  async #readTurn(): Promise<Outcome> {
    const { pool, gate } = this.#host;
    await gate.pass(this.#closed.signal);
    if (!this.#mayRead) return 'further';
    this.#askedAt = performance.now();
    const turn = pool.enter(this, this.#isUrgent);
    this.#turn = turn;
    try {
      // Nobody may read while the pipeline asks to wait: a place is not for waiting.
      if (!(await turn.begun)) return 'further';
      this.#soughtSince = turn.begunAt;
      let outcome: Outcome = 'further';
      const goesOn = (): boolean => turn.state === 'held' && this.#mayRead && !gate.isHeld;
      while ((outcome === 'read' || outcome === 'further') && goesOn())
        outcome = await this.#readStream(turn);
      return outcome;
    } finally {
      this.#lastTurnAt = performance.now();
      this.#turn = undefined;
      pool.leave(turn);
    }
  }

  async #readStream(turn: Turn): Promise<Outcome> {
    const engine = this.#countedEngine();
    if (!engine) return 'nothing';
    const isLast = this.#isStopped || this.#isFinishing;
    this.#isNews = false;
    this.#isWoken = false;
    this.#end = undefined;
    this.#placedAt = undefined;
    const scope = this.#host.scope.child(`log stream of ${this.container.id}`);
    this.#scope = scope;
    try {
      const log = await this.#prepare(engine);
      if (!log || !this.#mayRead) return 'gone';
      const range = log.begin(Date.now(), isLast);
      const follow = !isLast && !log.isAsking;
      const response = await engine.logs(this.container.id, { ...range, follow }, scope);
      if (!response) return 'gone';
      this.#failures = 0;
      this.#wasRead = true;
      const { date } = response.headers;
      if (date !== undefined) log.opened(Date.parse(date));
      this.#isByTime = range.since !== undefined && !log.wasEmpty;
      return await this.#readResponse(log, response, isLast, scope);
    } catch (error) {
      return this.#failed(error);
    } finally {
      this.#stream = undefined;
      this.#watch.end();
      await scope.close();
      this.#scope = undefined;
      if (this.#placedAt !== undefined) this.#soughtSince = performance.now();
      if (this.#end === 'age') this.#rotated(turn);
    }
  }

  async #readResponse(
    log: ApiLog,
    response: IncomingMessage,
    isLast: boolean,
    scope: Scope,
  ): Promise<Outcome> {
    const taken = log.taken;
    const wasAsking = log.isAsking;
    this.#isComplete = false;
    const stream = new LogStream(response, this.#decoder(), log, this.#host, () => this.#drained(log));
    this.#stream = stream;
    this.#watch.begin(stream, log, this.#isByTime, scope);
    if (!this.#isByTime) this.#place(log);
    if (this.#isClosed) stream.stop();
    const end = await stream.run();
    const wasFound = log.isFound && !log.isShort;
    log.end(end === 'complete');
    if (end === 'stopped' && this.#end) return 'over';
    if (!wasFound || wasAsking) return end === 'cut' || log.hadTrouble ? 'nothing' : 'further';
    const isWhole = end === 'complete' && !log.hadTrouble;
    if (isWhole) this.#servedAt = performance.now();
    // Without following, what a run writes that began meanwhile is not in it.
    this.#isComplete = isWhole && !(isLast && this.#isWoken);
    if (isLast && isWhole) {
      await this.#watch.verify(log, scope);
      if (!(await this.#isServed(log, scope))) return 'further';
      log.endOutput();
      this.#host.options.onNotice({ kind: 'drained', id: this.container.id });
      return 'drained';
    }
    return log.taken > taken ? 'read' : 'nothing';
  }

  /**
   * An engine does not read on behind a damaged record, and says nothing of it; the last record alone it serves. One that a
   * stream does not bring that was opened afterwards will not come.
   */
  async #isServed(log: ApiLog, scope: Scope): Promise<boolean> {
    const before = this.#unserved;
    this.#unserved = await this.#watch.last(log, scope).catch(() => undefined);
    if (!this.#unserved || log.hasTaken(this.#unserved)) return true;
    if (!before || !sameRecord(before, this.#unserved)) return false;
    log.tellUnserved(this.#unserved);
    return true;
  }

  #drained(log: ApiLog): void {
    this.#place(log);
    this.#watch.drained();
  }

  /** The stream at hand may have shown its place in the log. */
  #place(log: ApiLog): void {
    if (this.#placedAt !== undefined || !log.isFound || log.isShort) return;
    this.#placedAt = performance.now();
    this.#patienceMs = PATIENCE_MS;
  }

  #rotated({ begunAt }: Turn): void {
    if (!this.#log) return;
    const rotations = ++this.#log.counts.rotations;
    const ageSeconds = (performance.now() - begunAt) / 1000;
    this.#host.options.onNotice({ kind: 'rotated', id: this.container.id, rotations, ageSeconds });
  }

  #countedEngine(): LogEngine | undefined {
    const engine = this.#host.engine();
    return (
      engine && {
        isPodman: engine.isPodman === true,
        inspect: (id) => engine.inspect(id),
        logs: (id, range, scope) =>
          engine.logs(id, range, scope, () => {
            if (this.#log) this.#log.counts.requests++;
          }),
      }
    );
  }

  #decoder(): RecordDecoder {
    return this.#tty ? new RawDecoder() : new FrameDecoder();
  }

  /** Finds out what has to be known of the container, and where to go on. Undefined where it is gone. */
  async #prepare(engine: LogEngine): Promise<ApiLog | undefined> {
    if (this.#log) return this.#log;
    const traits = await logTraits(this.container, engine);
    if (!traits) return undefined;
    this.#tty = traits.tty;
    this.#watch.setMaxSize(traits.maxSizeBytes);
    this.#log ??= openLog(this.#host, this.container, this.#streams, traits);
    return this.#log;
  }

  #failed(error: unknown): Outcome {
    const { options, scope } = this.#host;
    if (scope.isClosing || this.#isClosed) return 'nothing';
    const { id } = this.container;
    if (error instanceof AgentError && error.code === 'LOG_UNREADABLE') {
      this.#isUnreadable = true;
      options.onNotice({ kind: 'unreadable', id, path: '' });
      if (this.#isFinishing) this.#finish();
      return 'unreadable';
    }
    // What concerns all containers is told once for all: that the engine is away, and that running ones show no sign of life.
    const isRunning = !this.#isStopped && !this.#isFinishing;
    const code = error instanceof AgentError ? error.code : '';
    const isToldForAll = /^ENGINE_(MISSING|DENIED)$/.test(code) || (isRunning && code === 'ENGINE_SILENT');
    if (!isToldForAll && this.#failures++ === 0 && this.#host.engine()) {
      options.log.warn(
        { container: id, error },
        `A container's log cannot be read for now and is tried again: ${describeError(error)}`,
      );
    }
    return 'failed';
  }

  async #rest(ms: number): Promise<void> {
    if (this.#isNews || this.#isClosed || this.#host.scope.isClosing) return;
    const pause = this.#host.scope.child('pause');
    this.#pause = pause;
    await pause.sleep(ms);
    this.#pause = undefined;
    await pause.close();
  }

  /** The engine has nothing more of it. */
  #finishGone(): void {
    const mayMiss = !this.#isComplete || this.#log?.mayMiss === true;
    if (mayMiss && (this.#hasRun || (this.#log?.seconds ?? 0) > 0)) this.#tellRemoved();
    this.#finish();
  }

  #tellRemoved(): void {
    if (this.#log) return this.#log.tellRemoved();
    const { pipeline } = this.#host.options;
    pipeline.gap({ why: 'removed', from: undefined, to: timeOfMs(Date.now()) }, this.#streams.labels);
  }

  #finish(): void {
    if (this.#isClosed) return;
    this.#closed.abort();
    if (this.#log) this.#log.forget();
    else this.#host.options.pipeline.setPosition(`docker/${this.container.id}`, undefined);
    this.#host.finished(this);
  }
}
