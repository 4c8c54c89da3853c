/**
 * Reads the json-file logs of any number of containers into a pipeline, at almost no cost while they are quiet.
 *
 * - A quiet file has a one-shot watch; a change makes it active. An active one is looked at on a shared tick of 50 ms
 *   (less where it may rotate within that) until a second of silence. Behind it all, every file is looked at once in
 *   20 s.
 * - A log that may rotate within milliseconds is looked at by event at once, then again and again while it grows.
 * - A look reads synchronously, about 128 KiB at most. Where much more is there, bulk.ts takes it.
 * - While the pipeline asks to wait nothing is read, but rotated files are still opened and held.
 *
 * Turns of work end after 5 ms, so that the event loop stays responsive.
 */
import { setImmediate } from 'node:timers/promises';
import type { Labels } from '../../../pipeline/streams.js';
import { describeError, systemCode } from '../../../runtime/errors.js';
import type { Scope } from '../../../runtime/scope.js';
import type { OpenLog } from '../readers.js';
import { Attention, type Watched, watched } from './attention.js';
import { BulkReaders } from './bulk.js';
import { ContainerReader, type Progress } from './container-log.js';
import { Decoder } from './decode.js';
import { Gate } from './gate.js';
import type { ContainerLog, JsonFileOptions, ReaderCounts, ReaderStats } from './types.js';

export type { ContainerLog, JsonFileOptions, Notice, ReaderStats, StartAt } from './types.js';

const LOOK_BYTES = 64 * 1024;
/** From so much unread on asynchronous reads are worth their latency. */
const BULK_FROM = 1024 * 1024;
const DEFAULT_MAX_LINE = 512 * 1024;
const TURN_MS = 5;
const TICK_MS = 50;
/** A stop waits no longer for what removed containers left. */
const LAST_LOOKS_MS = 1000;
const QUIET_AFTER_MS = 1000;
const SAFETY_ROUND_S = 20;
/** A log that is expected but not there yet, once it is not young any more. */
const OPEN_RETRY_MS = 20;
const OPEN_RETRY_FOR_MS = 10_000;
const ERROR_RETRY_MS = 1000;
/** A removed log that fails so often will not come back. */
const FAILURES_TO_GIVE_UP = 5;
const START_WITHOUT_READY_MS = 2000;
/** Up to here everything is read in order; beyond, every container with more than SPLIT_FROM unread is split. */
const SMALL_BACKLOG = 64 * 1024 * 1024;
const SPLIT_FROM = 1024 * 1024;
/** What a log holds before it rotates, where nobody told. */
const ASSUMED_ROOM = 256 * 1024;
/** Below it a log is watched at once when it is quiet: the next burst may rotate it more than once. */
const ROTATES_FAST = 1024 * 1024;
const LOOKS_PER_ROTATION = 8;
/** How long what came after a silence is taken to have taken. */
const BURST_MS = 5;
/** A new log, whose rotation is not known yet, is looked at so often at first, and opened so soon. */
const YOUNG_PERIOD_MS = 5;
const YOUNG_MS = 1000;
const PERIODS_MS = [TICK_MS, 25, 10, 5, 2];
const SLOWER_BY = 2.5;

interface Tracked extends Watched {
  readonly reader: ContainerReader;
  readonly addedAt: number;
  periodMs: number;
  lastLookAt: number;
  lastBytesAt: number;
  /** When it was last looked at without trouble; undefined: never. */
  seenAt: number | undefined;
  /** How often in a row it could not be read; the first time is said. */
  failures: number;
}

/** What exists while `run` does. */
interface Running {
  readonly scope: Scope;
  readonly attention: Attention<Tracked>;
  readonly bulk: BulkReaders;
  readonly buf: Buffer;
}

export class JsonFileReaders {
  readonly #options: JsonFileOptions;
  readonly #decoder: Decoder;
  readonly #gate = new Gate();
  readonly #tracked = new Map<string, Tracked>();
  /** Added before `run`. */
  readonly #waiting = new Map<string, ContainerLog>();
  #running: Running | undefined;
  #isReady = false;
  /** Everything that was there at the start has a plan, so that it is known whether the backlog is large. */
  #isStarted = false;
  #safetyRound: Iterator<Tracked> = [].values();

  constructor(options: JsonFileOptions) {
    this.#options = options;
    this.#decoder = new Decoder(options.maxLineBytes ?? DEFAULT_MAX_LINE);
  }

  /** Reads until the scope is closing. Called once. */
  async run(scope: Scope): Promise<void> {
    const bulk = new BulkReaders(scope, this.#gate, {
      onLiveRead: (reader) => this.#again(reader),
      onCaughtUp: (reader) => this.#again(reader),
      onError: (reader, error) => this.#failed(reader, error),
    });
    const attention = new Attention<Tracked>(scope, this.#options.log, (item) => this.#attend(item));
    this.#running = { scope, attention, bulk, buf: Buffer.allocUnsafe(LOOK_BYTES) };
    scope.onClosing('last looks', () => this.#lastLooks());
    scope.interval('safety round', 1000, () => this.#lookAtSome());
    scope.timeout('start without a list', START_WITHOUT_READY_MS, () => this.ready());
    for (const log of this.#waiting.values()) this.add(log);
    this.#waiting.clear();
    if (this.#isReady) this.#start();
    await bulk.run();
    this.#running = undefined;
    for (const { reader } of this.#tracked.values()) this.#tellLeftBehind(reader);
    await Promise.all([...this.#tracked.values()].map(({ reader }) => reader.close()));
    this.#tracked.clear();
  }

  /** The containers that are there at the start have been added: reading may begin. Without it, it begins after 2 s. */
  ready(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    if (this.#running) this.#start();
  }

  /** Opens the log now and holds it; waits for it where it is not there yet. Known ones take over what is new in `log`. */
  add({ heldPath, ...log }: ContainerLog): void {
    const running = this.#running;
    if (!running) {
      this.#waiting.set(log.id, log);
      return;
    }
    const known = this.#tracked.get(log.id);
    if (known) {
      known.reader.log = { ...known.reader.log, ...log };
      if (heldPath !== undefined && this.#isOpen(known, heldPath)) running.attention.lookSoon(known);
      if (log.labels && !known.reader.hasLabels) this.setLabels(log.id, log.labels);
      return;
    }
    const tracked: Tracked = {
      ...watched(log.path),
      reader: new ContainerReader(running.scope, this.#options, this.#decoder, log),
      addedAt: performance.now(),
      periodMs: YOUNG_PERIOD_MS,
      lastLookAt: performance.now(),
      lastBytesAt: -Infinity,
      seenAt: undefined,
      failures: 0,
    };
    this.#tracked.set(log.id, tracked);
    if (this.#isOpen(tracked, heldPath)) running.attention.lookSoon(tracked);
  }

  /** Something may have happened to this log: look at it now. */
  wake(id: string): void {
    const tracked = this.#tracked.get(id);
    if (!tracked) return;
    // It was started again: an open line may be of the new run.
    tracked.reader.isStopped = false;
    this.#running?.attention.lookSoon(tracked);
  }

  /** Lines that are read from here on carry these labels and `stream`. */
  setLabels(id: string, labels: Labels): void {
    const waiting = this.#waiting.get(id);
    if (waiting) this.#waiting.set(id, { ...waiting, labels });
    const tracked = this.#tracked.get(id);
    if (!tracked) return;
    tracked.reader.setLabels(labels);
    this.#running?.attention.lookSoon(tracked);
  }

  /** Turned out not to be selected: nothing more is read of it. Its position, where it has one, stays. */
  reject(id: string): void {
    this.#waiting.delete(id);
    const tracked = this.#tracked.get(id);
    if (tracked) void this.#drop(tracked);
  }

  /** The container does not run: what it wrote is all there. */
  stopped(id: string): void {
    const tracked = this.#tracked.get(id);
    if (!tracked) return;
    tracked.reader.isStopped = true;
    tracked.reader.hasRun = true;
    this.#running?.attention.lookSoon(tracked);
  }

  /** The container is removed: reads what is left of the held files, then forgets its position. */
  finish(id: string): void {
    const tracked = this.#tracked.get(id);
    if (!tracked) return;
    tracked.reader.isFinishing = true;
    this.#running?.attention.lookSoon(tracked);
  }

  stats(): ReadonlyMap<string, ReaderStats> {
    return new Map([...this.#tracked].map(([id, { reader }]) => [id, reader.stats]));
  }

  counts(id: string): Readonly<ReaderCounts> | undefined {
    return this.#tracked.get(id)?.reader.counts;
  }

  openStreams(): OpenLog[] {
    const open: OpenLog[] = [];
    for (const [id, { reader }] of this.#tracked)
      if (reader.openedMs !== undefined) open.push({ id, openedMs: reader.openedMs });
    return open;
  }

  signOfLife(id: string): number | undefined {
    return this.#tracked.get(id)?.seenAt;
  }

  #start(): void {
    const { scope } = this.#running as Running;
    if (scope.isClosing) return;
    void scope.run('plan', async () => {
      await this.#inTurns(({ reader }) => {
        if (reader.isOpen && reader.hasLabels) reader.plan();
      });
      const isLarge = this.#unreadBytes() > SMALL_BACKLOG;
      await this.#inTurns((tracked) => {
        if (tracked.reader.isPlanned) this.#begin(tracked, () => isLarge);
      });
      this.#isStarted = true;
      for (const id of this.#tracked.keys()) this.wake(id);
    });
  }

  async #inTurns(work: (tracked: Tracked) => void): Promise<void> {
    let begin = performance.now();
    for (const tracked of this.#tracked.values()) {
      if (this.#running?.scope.isClosing !== false) return;
      this.#guarded(tracked, () => work(tracked));
      if (performance.now() - begin < TURN_MS) continue;
      await setImmediate();
      begin = performance.now();
    }
  }

  /** The backlog of all is summed up for those only that it matters to. */
  #begin({ reader }: Tracked, isLarge: () => boolean): void {
    if (reader.unreadBytes > SPLIT_FROM && isLarge()) reader.split();
  }

  #unreadBytes(): number {
    let bytes = 0;
    for (const { reader } of this.#tracked.values()) bytes += reader.unreadBytes;
    return bytes;
  }

  /** One look at one log, whatever state it is in; asks for the next one. */
  #attend(tracked: Tracked): void {
    this.#guarded(tracked, () => {
      const { attention, bulk, buf } = this.#running as Running;
      const { reader } = tracked;
      if (!this.#isOpen(tracked)) return;
      if (rotatesFast(reader.log)) reader.countRotations();
      if (!this.#isStarted || !reader.hasLabels || this.#gate.isHeld || bulk.isBusy(reader)) {
        reader.follow();
        tracked.seenAt = performance.now();
        attention.lookAgain(
          tracked,
          this.#isStarted && reader.hasLabels ? tracked.periodMs : this.#holdMs(tracked),
        );
        return;
      }
      if (!reader.isPlanned) {
        reader.plan();
        this.#begin(tracked, () => this.#unreadBytes() > SMALL_BACKLOG);
      }
      if (reader.catchUp) bulk.readCatchUp(reader);
      const bytesBefore = reader.counts.bytesRead;
      const progress = reader.look(buf);
      tracked.failures = 0;
      this.#pace(tracked, reader.counts.bytesRead - bytesBefore);
      this.#goOn(tracked, progress);
    });
  }

  #goOn(tracked: Tracked, progress: Progress): void {
    const { attention, bulk } = this.#running as Running;
    const { reader } = tracked;
    switch (progress) {
      case 'more':
        if (reader.unreadBytes < BULK_FROM) return attention.lookSoon(tracked);
        bulk.readLive(reader);
        return attention.lookAgain(tracked, tracked.periodMs);
      case 'long':
      case 'done':
        bulk.readLive(reader);
        return attention.lookAgain(tracked, tracked.periodMs);
      case 'blocked':
        this.#holdFor(reader);
        return attention.lookAgain(tracked, tracked.periodMs);
      case 'read':
      case 'unsure':
        return attention.lookAgain(tracked, tracked.periodMs);
      case 'quiet':
        return this.#rest(tracked);
    }
  }

  /** Everything was read: whatever waited for that, and then the next look. */
  #rest(tracked: Tracked): void {
    const { attention } = this.#running as Running;
    const { reader } = tracked;
    if (reader.isStopped) {
      reader.endOutput();
      this.#holdFor(reader);
      if (!reader.catchUp) this.#options.onNotice({ kind: 'drained', id: reader.log.id });
    }
    if (reader.isFinishing && !reader.catchUp) return this.#finish(tracked);
    if (!rotatesFast(reader.log) && performance.now() - tracked.lastBytesAt < QUIET_AFTER_MS)
      return attention.lookAgain(tracked, tracked.periodMs);
    // There is no name to watch while the log rotates, or once it is removed. And what was written before the watch began
    // gives no event.
    if (!attention.lookWhenChanged(tracked)) attention.lookAgain(tracked, tracked.periodMs);
    else if (reader.settle()) attention.lookSoon(tracked);
  }

  /** How soon to look again: several times within what the log may hold before it rotates, at the rate it grows. */
  #pace(tracked: Tracked, bytes: number): void {
    const now = performance.now();
    tracked.seenAt = now;
    // After a silence the bytes came just now, not all the time.
    const elapsed = tracked.lastBytesAt === tracked.lastLookAt ? now - tracked.lastLookAt : BURST_MS;
    tracked.lastLookAt = now;
    if (bytes > 0) tracked.lastBytesAt = now;
    const wanted = (roomOf(tracked.reader.log) / LOOKS_PER_ROTATION / Math.max(1, bytes)) * elapsed;
    // Output comes in bursts: soon faster, but only step by step slower.
    const slowest = tracked.periodMs * SLOWER_BY;
    tracked.periodMs = PERIODS_MS.find((period) => period <= wanted && period <= slowest) ?? 1;
  }

  #isOpen(tracked: Tracked, heldPath?: string): boolean {
    const { reader } = tracked;
    try {
      if (reader.open(heldPath)) return true;
      if (!reader.isFinishing) this.#retryOpen(tracked);
      else if (reader.hasRun || reader.isShort) this.#finishUnread(tracked);
      else this.#finish(tracked);
    } catch (error) {
      const code = systemCode(error);
      if (code !== 'EACCES' && code !== 'EPERM') this.#failed(reader, error);
      else if (reader.isFinishing) this.#finish(tracked);
      else if (tracked.failures++ === 0)
        this.#options.onNotice({ kind: 'unreadable', id: reader.log.id, path: reader.log.path });
    }
    return false;
  }

  /** How soon to follow a log again that cannot be read yet: its rotation is not known, and short lives begin fast. */
  #holdMs(tracked: Tracked): number {
    return this.#isStarted && performance.now() - tracked.addedAt < YOUNG_MS ? YOUNG_PERIOD_MS : TICK_MS;
  }

  #retryOpen(tracked: Tracked): void {
    const waited = performance.now() - tracked.addedAt;
    if (waited > OPEN_RETRY_FOR_MS) return;
    this.#running?.attention.lookAgain(tracked, waited < YOUNG_MS ? YOUNG_PERIOD_MS : OPEN_RETRY_MS);
  }

  #guarded(tracked: Tracked, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failed(tracked.reader, error);
    }
  }

  /** One log's trouble is nobody else's: it is said once, and tried again. */
  #failed(reader: ContainerReader, error: unknown): void {
    const tracked = this.#tracked.get(reader.log.id);
    if (!tracked || this.#running?.scope.isClosing) return;
    if (['EMFILE', 'ENFILE'].includes(systemCode(error) ?? '')) reader.isShort = true;
    if (tracked.failures++ === 0) {
      this.#options.log.warn(
        { container: reader.log.id, path: reader.log.path, code: systemCode(error), error },
        `A container's log cannot be read for now and is tried again: ${describeError(error)}`,
      );
    }
    if (reader.isFinishing && tracked.failures > FAILURES_TO_GIVE_UP) this.#finishUnread(tracked);
    else this.#running?.attention.lookAgain(tracked, ERROR_RETRY_MS);
  }

  #holdFor(reader: ContainerReader): void {
    if (reader.wait) this.#gate.hold(reader.wait);
  }

  /** When the source closes: what only our descriptors still hold is read now or never. */
  #lastLooks(): void {
    const { bulk, buf } = this.#running as Running;
    const until = performance.now() + LAST_LOOKS_MS;
    for (const tracked of this.#tracked.values()) {
      const { reader } = tracked;
      if (!reader.isFinishing || !reader.isOpen || !reader.isPlanned || !reader.hasLabels) continue;
      if (bulk.isBusy(reader)) continue;
      this.#guarded(tracked, () => {
        while (performance.now() < until) {
          const progress = reader.look(buf);
          if (progress !== 'more' && progress !== 'read' && progress !== 'blocked') break;
        }
      });
    }
    this.#gate.close();
  }

  #tellLeftBehind(reader: ContainerReader): void {
    if (!reader.isFinishing || !reader.isPlanned || reader.unreadBytes === 0) return;
    reader.tellRemoved(
      `the agent was stopped before it had read the last ${reader.unreadBytes} bytes of a removed container`,
    );
    reader.forget();
  }

  #again(reader: ContainerReader): void {
    const tracked = this.#tracked.get(reader.log.id);
    if (tracked?.reader === reader) this.#running?.attention.lookSoon(tracked);
  }

  /** Its container is gone, and what it wrote cannot be had. */
  #finishUnread(tracked: Tracked): void {
    tracked.reader.tellRemoved();
    this.#finish(tracked);
  }

  #finish(tracked: Tracked): void {
    const { reader } = tracked;
    reader.forget();
    this.#holdFor(reader);
    this.#options.onNotice({
      kind: 'finished',
      id: reader.log.id,
      stats: { ...reader.stats, state: 'finished' },
    });
    void this.#drop(tracked);
  }

  #drop(tracked: Tracked): Promise<void> {
    this.#tracked.delete(tracked.reader.log.id);
    this.#running?.attention.forget(tracked);
    this.#running?.bulk.forget(tracked.reader);
    return tracked.reader.close();
  }

  /** The slow poll behind the watches: all files once in SAFETY_ROUND_S. */
  #lookAtSome(): void {
    if (this.#running?.scope.isClosing !== false) return;
    const { attention, bulk } = this.#running;
    for (let n = Math.ceil(this.#tracked.size / SAFETY_ROUND_S); n > 0; n--) {
      const next = this.#safetyRound.next();
      if (next.done) {
        this.#safetyRound = this.#tracked.values();
        return;
      }
      const { reader } = next.value;
      if (attention.isActive(next.value) || bulk.isBusy(reader)) continue;
      // A log that comes so late has no watch yet.
      if (!reader.isOpen) attention.lookSoon(next.value);
      else
        this.#guarded(next.value, () => {
          if (reader.follow()) attention.lookSoon(next.value);
          next.value.seenAt = performance.now();
        });
    }
  }
}

/** Whether it may rotate more than once between two looks. */
function rotatesFast(log: ContainerLog): boolean {
  return log.maxSizeBytes !== undefined && roomOf(log) < ROTATES_FAST;
}

/** What a log holds before its oldest lines rotate away, in bytes. Whoever told its driver told at what size it rotates. */
function roomOf({ maxSizeBytes, maxFiles, driver }: ContainerLog): number {
  if (maxSizeBytes !== undefined) return maxSizeBytes * (maxFiles ?? 1);
  return driver === undefined ? ASSUMED_ROOM : Infinity;
}
