/**
 * Follows one container's log through the engine for as long as the container runs: one stream after the other, each with
 * a scope of its own, and each gone before the next one is opened. A stream's end is nothing unusual: the next one goes
 * on where it ended. Once the container has stopped, one more stream, without following, shows that nothing is
 * missing; then the reader rests until it is woken.
 */
import type { IncomingMessage } from 'node:http';
import { Backoff } from '../../../runtime/backoff.js';
import { AgentError, describeError } from '../../../runtime/errors.js';
import type { Scope } from '../../../runtime/scope.js';
import { factsFromInspect, rotationLimits } from '../facts.js';
import { noCounts } from '../json-file/counts.js';
import type { ContainerLog } from '../json-file/types.js';
import type { LogEngine } from '../readers.js';
import { FrameDecoder } from './frames.js';
import type { ApiLog } from './log.js';
import { type LogHost, openLog } from './open-log.js';
import { RawDecoder } from './raw.js';
import type { RecordDecoder } from './records.js';
import { LogStream } from './stream.js';
import { StreamIds } from './stream-ids.js';
import type { ApiReaderStats } from './types.js';
import { StreamWatch, type WatchHost } from './watch.js';

const RETRY_MIN_MS = 50;
/** A container that does not run, and of which nobody said so, is asked for no more often. */
const RETRY_MAX_MS = 30_000;

/** `read`: there was something in it. */
type Outcome = 'read' | 'nothing' | 'drained' | 'further' | 'gone' | 'unreadable' | 'failed';

export interface ReaderHost extends WatchHost, LogHost {
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
  #stream: LogStream | undefined;
  #task: Promise<void> | undefined;
  #pause: Scope | undefined;
  #isStopped = false;
  /** The container is removed. Of performance.now(). */
  #finishingSince: number | undefined;
  #isUnreadable = false;
  #isClosed = false;
  /** Something was told since the stream at hand was opened. */
  #isNews = false;
  #failures = 0;
  #hasRun = false;
  /** It was said to run since the stream at hand was asked for. */
  #isWoken = false;
  /** The last stream ended with the log's end. */
  #isComplete = false;

  constructor(host: ReaderHost, container: ContainerLog) {
    this.#host = host;
    this.container = container;
    const { pipeline, outputLabel = 'stream' } = host.options;
    this.#streams = new StreamIds(pipeline.streams, outputLabel, container.labels);
    this.#watch = new StreamWatch(host, container.id, () => this.#decoder());
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
    this.#streams.setLabels(labels);
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
    this.look();
  }

  finish(): void {
    this.#finishingSince = performance.now();
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

  /** Ends the stream and opens none, until `look`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.rotate();
    await this.#pause?.close();
    await this.#task;
    this.#streams.release();
  }

  get stream(): LogStream | undefined {
    return this.#stream;
  }

  lookAfter(now: number): void {
    this.#watch.lookAfter(now, this.#isStopped, this.#finishingSince);
  }

  get stats(): ApiReaderStats {
    const log = this.#log;
    const isLive = log !== undefined && this.hasLabels;
    return {
      ...(log?.counts ?? noCounts()),
      state: !isLive ? 'waiting' : log.isCatchingUp ? 'catching-up' : 'live',
      unreadBytes: 0,
      heldFiles: 0,
      repeated: log?.repeated ?? 0,
      stalls: this.#watch.stalls,
    };
  }

  get #isFinishing(): boolean {
    return this.#finishingSince !== undefined;
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
      this.#isNews = false;
      switch (await this.#readStream()) {
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

  async #readStream(): Promise<Outcome> {
    const engine = this.#host.engine();
    if (!engine) return 'nothing';
    const isLast = this.#isStopped || this.#isFinishing;
    this.#isWoken = false;
    const scope = this.#host.scope.child(`log stream of ${this.container.id}`);
    try {
      await this.#host.gate.pass();
      const log = await this.#prepare(engine);
      if (!log || !this.#mayRead) return 'gone';
      const range = log.begin(Date.now());
      const follow = !isLast && !log.isMarking;
      const response = await engine.logs(this.container.id, { ...range, follow }, scope);
      if (!response) return 'gone';
      this.#failures = 0;
      return await this.#readResponse(log, response, isLast, range.since !== undefined);
    } catch (error) {
      return this.#failed(error);
    } finally {
      this.#stream = undefined;
      this.#watch.end();
      await scope.close();
    }
  }

  async #readResponse(
    log: ApiLog,
    response: IncomingMessage,
    isLast: boolean,
    isByTime: boolean,
  ): Promise<Outcome> {
    const taken = log.taken;
    const wasMarking = log.isMarking;
    this.#isComplete = false;
    const stream = new LogStream(response, this.#decoder(), log, this.#host, () => this.#watch.drained());
    this.#stream = stream;
    this.#watch.begin(stream, log, isByTime);
    if (this.#isClosed) stream.stop();
    const end = await stream.run();
    const wasFound = log.isFound && !log.isShort;
    log.end(end === 'complete');
    if (!wasFound || wasMarking) return end === 'cut' || log.hadTrouble ? 'nothing' : 'further';
    const isWhole = end === 'complete' && !log.hadTrouble;
    // Without following, what a run writes that began meanwhile is not in it.
    this.#isComplete = isWhole && !(isLast && this.#isWoken);
    if (isLast && isWhole) {
      log.endOutput();
      return 'drained';
    }
    return log.taken > taken ? 'read' : 'nothing';
  }

  #decoder(): RecordDecoder {
    return this.#tty ? new RawDecoder() : new FrameDecoder();
  }

  /** Finds out what has to be known of the container, and where to go on. Undefined where it is gone. */
  async #prepare(engine: LogEngine): Promise<ApiLog | undefined> {
    if (this.#log) return this.#log;
    let { tty, driver, maxSizeBytes } = this.container;
    if (tty === undefined || driver === undefined) {
      const answer = await engine.inspect(this.container.id);
      if (answer === undefined) return undefined;
      const facts = factsFromInspect(this.container.id, answer);
      tty = facts.tty ?? false;
      driver = facts.driver;
      maxSizeBytes ??= rotationLimits(facts.logOptions).maxSizeBytes;
    }
    this.#tty = tty;
    this.#watch.setMaxSize(maxSizeBytes);
    this.#log ??= openLog(this.#host, this.container, this.#streams, {
      mayRepeat: mayRepeat(driver, maxSizeBytes),
      isPodman: engine.isPodman === true,
    });
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
    // An engine that is away is the source's to tell, once for all containers.
    const isAway = error instanceof AgentError && /^ENGINE_(MISSING|DENIED)$/.test(error.code);
    if (!isAway && this.#failures++ === 0 && this.#host.engine()) {
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
    if (!this.#isComplete && (this.#hasRun || (this.#log?.seconds ?? 0) > 0)) {
      const why = 'the container was removed before its log was read to the end';
      const { id } = this.container;
      this.#host.options.onNotice({ kind: 'gap', id, from: this.#log?.seconds ?? 0, to: 0, why });
    }
    this.#finish();
  }

  #finish(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#log) this.#log.forget();
    else this.#host.options.pipeline.setPosition(`docker/${this.container.id}`, undefined);
    this.#host.finished(this);
  }
}

/** Whether the engine may serve records twice: where it follows a file of its own that rotates. */
function mayRepeat(driver: string | undefined, maxSizeBytes: number | undefined): boolean {
  if (driver === 'json-file') return maxSizeBytes !== undefined;
  return driver !== 'journald';
}
