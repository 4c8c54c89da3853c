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
import { decodePosition as decodeFilePosition } from '../json-file/position.js';
import type { ContainerLog } from '../json-file/types.js';
import type { LogEngine } from '../readers.js';
import { FrameDecoder } from './frames.js';
import type { LineWriter } from './lines.js';
import { ApiLog } from './log.js';
import { decodePosition } from './position.js';
import { RawDecoder } from './raw.js';
import { type RecordDecoder, RecordIds } from './records.js';
import { LogStream, type StreamHost } from './stream.js';
import { StreamIds } from './stream-ids.js';
import type { ApiOptions, ApiReaderStats } from './types.js';

const RETRY_MIN_MS = 50;
/** A container that does not run, and of which nobody said so, is asked for no more often. */
const RETRY_MAX_MS = 30_000;
/** A stream that has not shown what is known of the log, and is silent for so long, will not. */
const SEARCH_MS = 5_000;
/** What is asked for by time the engine finds by reading the whole log, 100 MB a second or less. */
const FIRST_DATA_MS = 600_000;
/** Unread for longer, the engine may skip what rotates meanwhile: better come back later. */
const PAUSE_MS = 2_000;
/** The stream of a removed container ends by itself, usually. */
const DEFAULT_STALL_MS = 60_000;
const FINISH_MS = 10_000;
/** What is in the log comes by the stream within this. */
const OVERDUE_MS = 500;
/** Of a log that may rotate, the newest record is asked for so soon after opening, then ever more rarely. */
const FIRST_PROBE_MS = 100;
const PROBE_MIN_MS = 20;
const PROBES_PER_FILE = 4;
/** A file that lasts less than this times PROBES_PER_FILE may be skipped between two probes. */
const FAST_MS = 1_000;
const LARGEST_PROBE = 1024;
/** A probe whose answer does not end by then is as dead as the stream may be. */
const PROBE_DEADLINE_MS = 10_000;
/** The local driver's. */
const DEFAULT_MAX_SIZE = 20 * 1024 * 1024;

/** `read`: there was something in it. */
type Outcome = 'read' | 'nothing' | 'drained' | 'further' | 'gone' | 'unreadable' | 'failed';

export interface ReaderHost extends StreamHost {
  readonly scope: Scope;
  readonly options: ApiOptions;
  readonly writer: LineWriter;
  engine(): LogEngine | undefined;
  /** The reader is done with the container, and has forgotten it. */
  finished(reader: ApiReader): void;
}

export class ApiReader {
  container: ContainerLog;
  readonly #host: ReaderHost;
  readonly #streams: StreamIds;
  #log: ApiLog | undefined;
  #tty: boolean | undefined;
  #stream: LogStream | undefined;
  #task: Promise<void> | undefined;
  #pause: Scope | undefined;
  #isStopped = false;
  #isFinishing = false;
  #finishingSince = 0;
  #isUnreadable = false;
  #isClosed = false;
  /** Something was told since the stream at hand was opened. */
  #isNews = false;
  #failures = 0;
  #stalls = 0;
  #isProbing = false;
  #probedAt = 0;
  /** How long the stream may be silent before the log's newest record is asked for. */
  #patienceMs = 0;
  /** How long it may be silent before what is known is looked for otherwise. */
  #searchMs = SEARCH_MS;
  #stallMs = 0;
  /** Bytes of the log at the last probe, and after how many the next one is due. */
  #bytesBeforeProbe = 0;
  #takenBeforeProbe = 0;
  #bytesPerProbe = Infinity;
  #hasRun = false;
  /** The last stream ended with the log's end. */
  #isComplete = false;

  constructor(host: ReaderHost, container: ContainerLog) {
    this.#host = host;
    this.container = container;
    const { pipeline, outputLabel = 'stream' } = host.options;
    this.#streams = new StreamIds(pipeline.streams, outputLabel, container.labels);
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
    this.look();
  }

  stopped(): void {
    this.#hasRun = true;
    this.#isStopped = true;
    this.look();
  }

  finish(): void {
    this.#isFinishing = true;
    this.#finishingSince = performance.now();
    if (this.#mayRead) this.look();
    else this.#finish();
  }

  /** It is not gone after all. */
  stay(): void {
    if (!this.#isFinishing) return;
    this.#isFinishing = false;
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

  /** Looks after the stream at hand: what it waits for may never come. */
  lookAfter(now: number): void {
    const stream = this.#stream;
    const log = this.#log;
    if (!stream || !log) return;
    const silentMs = now - stream.lastDataAt;
    if (stream.pausedAt > 0) {
      if (now - stream.pausedAt > PAUSE_MS) stream.stop();
    } else if (!log.isFound && silentMs > this.#searchMs) {
      log.giveUp();
      stream.stop();
    } else if (this.#isFinishing && silentMs > FINISH_MS && now - this.#finishingSince > FINISH_MS) {
      stream.stop();
    } else if (log.arrivals.isExpecting) {
      if (now - this.#probedAt > OVERDUE_MS) this.#tellOverdue(stream, log, silentMs > OVERDUE_MS);
    } else if (silentMs > this.#patienceMs && now - this.#probedAt > this.#patienceMs) {
      if (!this.#isStopped && !this.#isFinishing) this.#probe(stream, log);
    }
  }

  get stats(): ApiReaderStats {
    const log = this.#log;
    const isLive = log !== undefined && this.hasLabels;
    return {
      ...(log?.counts ?? NO_COUNTS),
      state: !isLive ? 'waiting' : log.isCatchingUp ? 'catching-up' : 'live',
      unreadBytes: 0,
      heldFiles: 0,
      repeated: log?.repeated ?? 0,
      stalls: this.#stalls,
    };
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

  /** The newest record of the log was not brought by the stream, although there was time. */
  #tellOverdue(stream: LogStream, log: ApiLog, isSilent: boolean): void {
    if (!log.arrivals.isOverdue(log.seconds, isSilent)) return;
    this.#stalls++;
    this.#host.options.log.warn(
      { container: this.container.id },
      "A container's log stream fell silent although the log went on: it is opened again.",
    );
    stream.stop();
  }

  /**
   * Asks for the log's newest records, which the stream at hand has to bring: an engine may lose sight of a log that
   * rotates, and a connection may be dead without a sign. One is enough, but where a log rotates fast it is all since
   * the last time.
   */
  #probe(stream: LogStream, log: ApiLog): void {
    const { scope } = this.#host;
    const engine = this.#host.engine();
    if (this.#isProbing || !engine || scope.isClosing) return;
    this.#isProbing = true;
    const now = performance.now();
    const isFast = log.mayRepeat && now - this.#probedAt < FAST_MS;
    const tail = isFast ? Math.min(LARGEST_PROBE, 16 + 2 * (log.taken - this.#takenBeforeProbe)) : 1;
    this.#probedAt = now;
    this.#takenBeforeProbe = log.taken;
    this.#patienceMs = Math.min(this.#patienceMs * 2, this.#stallMs);
    this.#bytesBeforeProbe = log.counts.bytesRead;
    void scope.run(`probe of ${this.container.id}`, async () => {
      const own = scope.child('probe');
      try {
        const newest = new RecordIds();
        const response = await engine.logs(this.container.id, { follow: false, tail }, own);
        if (response) {
          const probe = new LogStream(response, this.#decoder(), newest, this.#host);
          own.timeout('deadline of the probe', Math.min(PROBE_DEADLINE_MS, this.#stallMs), () => {
            probe.stop();
            stream.stop();
          });
          await probe.run();
        }
        if (this.#stream !== stream) return;
        stream.drain();
        log.expect(newest.ids);
      } catch {
        // An engine that does not answer this will not serve the stream either.
        stream.stop();
      } finally {
        this.#isProbing = false;
        await own.close();
      }
    });
  }

  /** A file that the engine skips is noticed while it is the newest: so several times within each. */
  #probeIfDue(stream: LogStream, log: ApiLog): void {
    if (
      !log.mayRepeat ||
      log.arrivals.isExpecting ||
      log.counts.bytesRead - this.#bytesBeforeProbe < this.#bytesPerProbe
    )
      return;
    if (performance.now() - this.#probedAt > PROBE_MIN_MS) this.#probe(stream, log);
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
    let isFirst = true;
    const stream = new LogStream(response, this.#decoder(), log, this.#host, () => {
      if (isFirst) this.#setPatience(log);
      isFirst = false;
      this.#probeIfDue(stream, log);
    });
    this.#stream = stream;
    this.#probedAt = performance.now();
    // Many fall silent at once: not all of them are asked for at once.
    this.#stallMs = (this.#host.options.stallMs ?? DEFAULT_STALL_MS) * (0.75 + Math.random() / 2);
    this.#setPatience(log);
    if (isByTime) this.#patienceMs = this.#searchMs = FIRST_DATA_MS;
    if (this.#isClosed) stream.stop();
    const end = await stream.run();
    const wasFound = log.isFound && !log.isShort;
    log.end(end === 'complete');
    if (!wasFound || wasMarking) return end === 'cut' || log.hadTrouble ? 'nothing' : 'further';
    this.#isComplete = end === 'complete' && !log.hadTrouble;
    if (isLast && this.#isComplete) {
      log.endOutput();
      return 'drained';
    }
    return log.taken > taken ? 'read' : 'nothing';
  }

  #setPatience(log: ApiLog): void {
    this.#patienceMs = log.mayRepeat ? FIRST_PROBE_MS : this.#stallMs;
    this.#searchMs = SEARCH_MS;
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
    this.#bytesPerProbe = (maxSizeBytes ?? DEFAULT_MAX_SIZE) / PROBES_PER_FILE;
    this.#log ??= this.#createLog(mayRepeat(driver, maxSizeBytes), engine.isPodman === true);
    return this.#log;
  }

  #createLog(mayRepeat: boolean, isPodman: boolean): ApiLog {
    const { options, writer } = this.#host;
    const { pipeline, onNotice } = options;
    const { id, existedAtFirstStart } = this.container;
    const key = `docker/${id}`;
    const log = new ApiLog({
      pipeline,
      key,
      streams: this.#streams,
      writer,
      startAt: existedAtFirstStart ? options.startAt : { kind: 'beginning' },
      mayRepeat,
      // Podman writes what one read of a pipe brought, and joins such pieces only where it is asked for the last records.
      ...(isPodman ? { pieceBytes: 0, isTailOther: true } : {}),
      hold: (wait) => this.#host.gate.hold(wait),
      onGap: (from, to, why) => onNotice({ kind: 'gap', id, from, to, why }),
      onEngineError: (message) =>
        options.log.warn({ container: id, message }, "The engine has trouble reading a container's log."),
    });
    const saved = pipeline.position(key);
    const position = saved === undefined ? undefined : decodePosition(saved);
    const filePosition = saved === undefined ? undefined : decodeFilePosition(saved);
    if (position) {
      log.resume(position);
    } else if (filePosition) {
      log.resumeAfter(filePosition);
      if (filePosition.catchUp.length > 0) {
        const why = 'the backlog that was being read from the log file is not read through the engine';
        onNotice({ kind: 'gap', id, from: 0, to: filePosition.seconds, why });
      }
      options.log.warn(
        { container: id },
        'A log that was read from its file is read through the engine from here on. It goes on behind the time of the last line: lines with that same time may be missing.',
      );
    } else if (saved !== undefined) {
      options.log.warn(
        { container: id, position: saved },
        'A saved position cannot be read: the log is read from its beginning.',
      );
    }
    return log;
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

const NO_COUNTS = {
  bytesRead: 0,
  linesRead: 0,
  linesCut: 0,
  malformed: 0,
  incomplete: 0,
  skippedHistoryBytes: 0,
  rotations: 0,
};

/** Whether the engine may serve records twice: where it follows a file of its own that rotates. */
function mayRepeat(driver: string | undefined, maxSizeBytes: number | undefined): boolean {
  if (driver === 'json-file') return maxSizeBytes !== undefined;
  return driver !== 'journald';
}
