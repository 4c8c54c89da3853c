/**
 * Looks after a container's stream at hand, because what it waits for may never come: a connection may be dead without a
 * sign, an engine may lose sight of a log that rotates, and what is known may not be in what was asked for. Where in
 * doubt the stream is ended, which costs nothing: the next one goes on where it ended.
 */
import type { Scope } from '../../../runtime/scope.js';
import type { LogEngine } from '../readers.js';
import type { ApiLog } from './log.js';
import type { RecordDecoder } from './records.js';
import type { RecordId } from './ring.js';
import { LogStream, type StreamHost } from './stream.js';
import type { ApiOptions } from './types.js';
import type { Verification } from './verification.js';

/** A stream that has not shown what is known of the log, and is silent for so long, will not. */
const SEARCH_MS = 5_000;
/** What is asked for by time the engine finds by reading the whole log, 100 MB a second or less. */
const FIRST_DATA_MS = 600_000;
/** Unread for longer, the engine may skip what rotates meanwhile: better come back later. */
const PAUSE_MS = 2_000;
const DEFAULT_STALL_MS = 60_000;
/** The stream of a removed container ends by itself, usually. */
const FINISH_MS = 10_000;
/** What is in the log comes by the stream within this. */
const OVERDUE_MS = 500;
/**
 * Of a log that may rotate, the newest record is asked for so soon after opening, then ever more rarely. That goes on from
 * one stream to the next, as opening asks for the newest records too, and begins anew only after so long.
 */
const FIRST_PROBE_MS = 100;
const PROBE_ANEW_MS = 60_000;
const PROBE_MIN_MS = 20;
const PROBES_PER_FILE = 4;
/** What was taken is compared with what the engine has after so long, or so many records. */
const VERIFY_MS = 10_000;
const MOST_UNVERIFIED = 4096;
/** Asked for beyond those, because some may be written meanwhile; as many again where the last time was a moment ago. */
const SPARE = 16;
const FAST_MS = 1_000;
/** Where an answer did not reach back far enough, the next one is so much larger. */
const GROWTH = 4;
const LARGEST_PROBE = 65_536;
/** A probe whose answer does not end by then is as dead as the stream may be. */
const PROBE_DEADLINE_MS = 10_000;
/** The local driver's. */
const DEFAULT_MAX_SIZE = 20 * 1024 * 1024;

export interface WatchHost extends StreamHost {
  readonly options: ApiOptions;
  engine(): LogEngine | undefined;
}

export class StreamWatch {
  /** Streams that were silent although the log went on. */
  stalls = 0;
  readonly #host: WatchHost;
  readonly #id: string;
  readonly #decoder: () => RecordDecoder;
  #stream: LogStream | undefined;
  #log: ApiLog | undefined;
  /** Of the stream: its probes end with it. */
  #scope: Scope | undefined;
  /** The stream has brought nothing yet. */
  #isFirst = true;
  #isByTime = false;
  #isProbing = false;
  #probedAt = 0;
  #openedAt = 0;
  /** Since the log's newest records were asked for and did not come, neither as an answer nor by a stream. */
  #doubtedSince: number | undefined;
  /** How long a stream may be silent before the log's newest record is asked for, and since when that grows. */
  #patienceMs = 0;
  #patientSince = -Infinity;
  #stallMs = 0;
  /** When what was taken was last compared with what the engine has, of performance.now(). */
  #verifiedAt = 0;
  #reach = 1;
  /** Bytes of the log at the last probe, and after how many bytes the next one is due. */
  #bytesBeforeProbe = 0;
  #bytesPerProbe = Infinity;

  /** Of the container `id`; `decoder` makes one for what the engine serves of its log. */
  constructor(host: WatchHost, id: string, decoder: () => RecordDecoder) {
    this.#host = host;
    this.#id = id;
    this.#decoder = decoder;
  }

  /** How large a file of the log gets before the engine begins another one. */
  setMaxSize(bytes = DEFAULT_MAX_SIZE): void {
    this.#bytesPerProbe = bytes / PROBES_PER_FILE;
  }

  /** A stream was opened, that `scope` owns. `isByTime`: it was asked for by time. */
  begin(stream: LogStream, log: ApiLog, isByTime: boolean, scope: Scope): void {
    this.#stream = stream;
    this.#log = log;
    this.#scope = scope;
    this.#isFirst = true;
    this.#isByTime = isByTime;
    this.#openedAt = performance.now();
    this.#noteProbe(log, this.#openedAt);
    if (log.unverified === 0) this.#verifiedAt = this.#openedAt;
    // Many fall silent at once: not all of them are asked for at once.
    this.#stallMs = (this.#host.options.stallMs ?? DEFAULT_STALL_MS) * (0.75 + Math.random() / 2);
    if (this.#doubtedSince !== undefined) this.#patienceMs = FIRST_PROBE_MS;
    else if (!log.mayRepeat) this.#patienceMs = this.#stallMs;
    else if (this.#openedAt - this.#patientSince > PROBE_ANEW_MS) {
      this.#patienceMs = FIRST_PROBE_MS;
      this.#patientSince = this.#openedAt;
    }
  }

  /** The stream has ended. */
  end(): void {
    this.#stream = undefined;
    this.#scope = undefined;
  }

  /** Since when it is not sure that the stream at hand brings what is in the log, of performance.now(); undefined: it is. */
  get doubtedSince(): number | undefined {
    if (this.#doubtedSince !== undefined) return this.#doubtedSince;
    return this.#log?.isFound === false ? this.#openedAt : undefined;
  }

  /** The log has come to its end: what was taken is compared with it, or it is told that it cannot be. */
  async verify(log: ApiLog, scope: Scope): Promise<void> {
    const engine = this.#host.engine();
    while (log.unverified > 0) {
      const tail = this.#tail(log, false);
      const newest = engine && (await this.#newest(engine, log, tail, scope));
      if (!newest || newest.served === 0) {
        if (log.mayMiss) log.tellUnverified();
        return;
      }
      this.#settle(log, newest, tail, true);
    }
  }

  /** The last record of the log, which has come to its end; undefined where that cannot be asked for, or is none. */
  async last(log: ApiLog, scope: Scope): Promise<RecordId | undefined> {
    const engine = this.#host.engine();
    return engine && (await this.#newest(engine, log, 1, scope))?.newest.at(-1);
  }

  /** The log was given what the stream brought. */
  drained(): void {
    const stream = this.#stream;
    const log = this.#log;
    if (!stream || !log) return;
    if (!log.arrivals.isExpecting) this.#doubtedSince = undefined;
    this.#isFirst = false;
    this.#probeIfDue(stream, log);
  }

  /** Called several times a second; times are of performance.now(). `finishingSince`: the container was removed then. */
  lookAfter(now: number, isStopped: boolean, finishingSince: number | undefined): void {
    const stream = this.#stream;
    const log = this.#log;
    if (!stream || !log) return;
    const isFinishing = finishingSince !== undefined;
    const silentMs = now - stream.lastDataAt;
    const firstMs = this.#isFirst && this.#isByTime ? FIRST_DATA_MS : 0;
    if (stream.pausedAt > 0 || this.#host.gate.isHeld) {
      // What a container has left does not rotate, and may be had by this stream only.
      const maySkip = stream.pausedAt > 0 && !isStopped && !isFinishing;
      if (maySkip && now - stream.pausedAt > PAUSE_MS) stream.stop();
    } else if (!log.isFound && silentMs > Math.max(SEARCH_MS, firstMs)) {
      log.giveUp();
      stream.stop();
    } else if (isFinishing && silentMs > FINISH_MS && now - finishingSince > FINISH_MS) {
      stream.stop();
    } else if (log.arrivals.isExpecting) {
      if (now - this.#probedAt > OVERDUE_MS) this.#tellOverdue(stream, log, silentMs > OVERDUE_MS);
    } else if (this.#isVerificationDue(log, now)) {
      if (!isFinishing) this.#probe(stream, log);
    } else if (silentMs > Math.max(this.#patienceMs, firstMs) && now - this.#probedAt > this.#patienceMs) {
      if (!isStopped && !isFinishing) this.#probe(stream, log);
    }
  }

  #isVerificationDue(log: ApiLog, now: number): boolean {
    if (log.unverified === 0) this.#verifiedAt = now;
    return log.isFound && (log.isSuspect || now - this.#verifiedAt > VERIFY_MS);
  }

  /** The log's newest records are asked for. */
  #noteProbe(log: ApiLog, now: number): void {
    this.#probedAt = now;
    this.#bytesBeforeProbe = log.counts.bytesRead;
  }

  /** The newest record of the log was not brought by the stream, although there was time. */
  #tellOverdue(stream: LogStream, log: ApiLog, isSilent: boolean): void {
    const state = log.arrivals.overdue(isSilent);
    if (state === 'skipped') {
      this.#doubtedSince = undefined;
      log.tellSkipped();
    }
    if (state !== 'silent') return;
    this.stalls++;
    // It may well happen again.
    this.#patientSince = -Infinity;
    this.#host.options.log.warn(
      { container: this.#id },
      "A container's log stream fell silent although the log went on: it is opened again.",
    );
    stream.stop();
  }

  /** A file that the engine skips is noticed while it is the newest: so several times within each. */
  #probeIfDue(stream: LogStream, log: ApiLog): void {
    if (!log.mayRepeat || log.arrivals.isExpecting) return;
    const bytes = log.counts.bytesRead - this.#bytesBeforeProbe;
    if (bytes < this.#bytesPerProbe && log.unverified < MOST_UNVERIFIED) return;
    if (performance.now() - this.#probedAt > PROBE_MIN_MS) this.#probe(stream, log);
  }

  /**
   * Asks for the log's newest records: those that were taken are compared with them, and the stream at hand has to bring the
   * others. Where nothing is to be compared one is enough.
   */
  #probe(stream: LogStream, log: ApiLog): void {
    const scope = this.#scope;
    const engine = this.#host.engine();
    // Until the stream has shown where what is known ends, what is known may be exchanged for what was served.
    if (this.#isProbing || !log.isFound || !engine || !scope || scope.isClosing) return;
    this.#isProbing = true;
    const now = performance.now();
    const tail = this.#tail(log, now - this.#probedAt < FAST_MS);
    this.#noteProbe(log, now);
    this.#doubtedSince ??= now;
    this.#patienceMs = Math.min(this.#patienceMs * 2, this.#stallMs);
    void scope.run(`probe of ${this.#id}`, async () => {
      const own = scope.child('probe');
      try {
        const newest = await this.#newest(engine, log, tail, own);
        if (this.#stream !== stream) return;
        if (!newest) return stream.stop();
        stream.drain();
        this.#settle(log, newest, tail);
        log.expect(newest.newest);
        if (!log.arrivals.isExpecting) this.#doubtedSince = undefined;
      } catch {
        // An engine that does not answer this will not serve the stream either.
        stream.stop();
      } finally {
        this.#isProbing = false;
        await own.close();
      }
    });
  }

  #tail(log: ApiLog, isFast: boolean): number {
    const { unverified } = log;
    if (unverified === 0) return 1;
    const spare = SPARE + (isFast ? unverified : unverified >> 3);
    return Math.min(LARGEST_PROBE, (unverified + spare) * this.#reach);
  }

  #settle(log: ApiLog, newest: Verification, tail: number, isLast = false): void {
    // Nothing is there: the container is gone, or its log was emptied.
    if (log.unverified === 0 || newest.served === 0) return;
    if (log.settle(newest, newest.served < tail || tail === LARGEST_PROBE, isLast)) {
      this.#reach = 1;
      this.#verifiedAt = performance.now();
    } else {
      this.#reach *= GROWTH;
      log.isSuspect = true;
    }
  }

  /** The last `tail` records of the log; undefined where they do not come whole and in time. */
  async #newest(engine: LogEngine, log: ApiLog, tail: number, own: Scope): Promise<Verification | undefined> {
    const newest = log.compare();
    const response = await engine.logs(this.#id, { follow: false, tail }, own);
    if (!response) return newest;
    const probe = new LogStream(response, this.#decoder(), newest, this.#host);
    own.own('task', 'answer to the probe', () => probe.stop());
    own.timeout('deadline of the probe', Math.min(PROBE_DEADLINE_MS, this.#stallMs), () => probe.stop());
    return (await probe.run()) === 'complete' && !newest.hadTrouble ? newest : undefined;
  }
}
