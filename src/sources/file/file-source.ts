/**
 * Reads any number of log files at almost no cost while they are quiet.
 *
 * - A folder has one watch; what it tells makes a log due, and what is due is looked at on a tick of 50 ms.
 * - A log that is quiet sleeps: it holds no descriptor. Behind the watches, all that is awake is looked at once a second,
 *   and all that sleeps once a minute; without watches once a second, too.
 * - A look reads synchronously. Where much is there, one task reads it, log after log.
 * - While the pipeline asks to wait nothing is read, but what is awake still follows its rotations.
 *
 * The position `file/<source>` says since when files are captured: what was there before is read as `start_at` says,
 * all else from its beginning.
 */
import { type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { FileSourceConfig } from '../../config/types.js';
import type {
  OpenStream,
  Pipeline,
  ReadTotals,
  Source,
  SourceFigures,
  TellReads,
} from '../../pipeline/contract.js';
import { addReads, noReads } from '../../pipeline/read-totals.js';
import type { Labels } from '../../pipeline/streams.js';
import { describeError, systemCode } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import { parsePathPattern } from '../../runtime/path-patterns.js';
import type { Owned, Scope } from '../../runtime/scope.js';
import { formatSize } from '../../runtime/units.js';
import { Gate } from '../docker/json-file/gate.js';
import { BulkReader } from './bulk-reader.js';
import { decodersOf } from './decoders.js';
import { FileLog, type Progress } from './file-log.js';
import { Folders } from './folders.js';
import { basesOf, isCompressed } from './generations.js';
import { labelsOf } from './labels.js';
import { Owners } from './owners.js';
import { readPromtailPositions } from './promtail.js';
import { startOf } from './start.js';
import type { LogContext } from './types.js';

const TICK_MS = 50;
const TURN_MS = 5;
const LOOK_BYTES = 64 * 1024;
/** From so much unread on asynchronous reads are worth their latency. */
const BULK_FROM = 1024 * 1024;
const QUIET_AFTER_MS = 10_000;
const MOST_AWAKE = 512;
/** Looks, one a second, at everything that sleeps, and at all folders. */
const ROUND = 60;
/** A log of which no file was there for so long will not come back. */
const GONE_AFTER_MS = 24 * 3_600_000;

export interface FileSourceContext {
  readonly log: Logger;
  /** On every stream of the agent. */
  readonly labels: Labels;
  /** Folders that the agent writes into: what is in them is never read. Absolute. */
  readonly ownFolders: () => readonly string[];
}

interface Running {
  readonly scope: Scope;
  readonly pipeline: Pipeline;
  readonly folders: Folders;
  readonly context: LogContext;
  readonly buf: Buffer;
}

export class FileSource implements Source {
  readonly name: string;
  readonly #config: FileSourceConfig;
  readonly #parts: FileSourceContext;
  readonly #gate = new Gate();
  readonly #logs = new Map<string, FileLog>();
  /** By the name behind links, where that is another one. */
  readonly #linked = new Map<string, FileLog>();
  readonly #owners = new Owners();
  /** Logs of which the patterns meant older files, at the first look. */
  readonly #withOlder = new Set<string>();
  readonly #due = new Set<FileLog>();
  readonly #awake = new Set<FileLog>();
  readonly #bulk = new BulkReader(this.#gate);
  readonly #busy = new Set<FileLog>();
  readonly #failed = new Set<FileLog>();
  readonly #goneSince = new Map<FileLog, number>();
  readonly #retired = noReads();
  #running: Running | undefined;
  #timer: Owned | undefined;
  #round: Iterator<FileLog> = [].values();
  /** Milliseconds since 1970. */
  #sinceMs = 0;
  #isFirstLook = true;
  #promtail: ReadonlyMap<string, number> = new Map();
  #skipped = { bytes: 0, files: 0 };

  constructor(name: string, config: FileSourceConfig, parts: FileSourceContext) {
    this.name = name;
    this.#config = config;
    this.#parts = parts;
  }

  figures(): SourceFigures | undefined {
    if (!this.#running) return undefined;
    const active = new Map<string, ReadTotals>();
    for (const { counts, labels, path } of this.#logs.values()) {
      if (counts.bytesRead === 0) continue;
      const name = nameOf(labels, path);
      const totals = active.get(name) ?? noReads();
      addReads(totals, { ...counts, heartbeats: 0 });
      active.set(name, totals);
    }
    const streams: OpenStream[] = [];
    for (const { openedMs, labels, path } of this.#awake)
      if (openedMs !== undefined)
        streams.push({ container: nameOf(labels, path), transport: 'file', openedMs });
    return {
      active,
      retired: this.#retired,
      containers: { file: this.#logs.size },
      streams,
      streamCapacity: 0,
      waiting: this.#due.size,
      stalled: 0,
    };
  }

  tellReads(tell: TellReads): void {
    tell(undefined, this.#retired.linesRead, this.#retired.bytesRead);
    for (const { counts, labels, path } of this.#logs.values())
      if (counts.bytesRead > 0) tell(nameOf(labels, path), counts.linesRead, counts.bytesRead);
  }

  async run(scope: Scope, pipeline: Pipeline): Promise<void> {
    const { include, exclude, promtailPositions } = this.#config;
    const key = `file/${this.name}`;
    const since = pipeline.position(key);
    if (since === undefined && promtailPositions !== undefined)
      this.#promtail = readPromtailPositions(promtailPositions);
    const rules = {
      include: include.flatMap(parsePathPattern),
      exclude: exclude.flatMap(parsePathPattern),
      own: this.#parts.ownFolders,
    };
    const folders = new Folders(scope, this.#parts.log, rules, {
      isKnown: (path) => this.#logs.has(path),
      onFile: (path, stat) => this.#found(path, stat),
      onEvent: (path, event) => this.#heard(path, event),
      onDirty: () => this.#arm(TICK_MS),
    });
    const context: LogContext = {
      pipeline,
      log: this.#parts.log,
      format: this.#config.format,
      ...decodersOf(this.#config),
      onHeld: (file, log) => this.#owners.hold(file, log),
      onDone: (file) => this.#owners.finish(file),
    };
    this.#running = { scope, pipeline, folders, context, buf: Buffer.allocUnsafe(LOOK_BYTES) };
    this.#sinceMs = typeof since === 'number' ? since : Date.now();
    this.#owners.refuseOwnOutput(this.#parts.log);
    for (const known of pipeline.positionKeys(`${key}/`)) {
      const path = known.slice(key.length + 1);
      if (folders.means(path)) this.#add(path);
    }
    this.#isFirstLook = since === undefined;
    folders.lookForRoots();
    if (this.#logs.size === 0)
      this.#parts.log.info(
        { source: this.name },
        `No file is there yet that sources.${this.name}.include means.`,
      );
    scope.onClosing('readers', () => this.#stop());
    if (since === undefined) await this.#begin(scope, pipeline, key);
    this.#isFirstLook = false;
    if (!scope.isClosing) {
      scope.interval('safety round', 1000, () => this.#lookBehind());
      await this.#bulk.run(scope, {
        onTurn: (log, progress) => this.#endTurn(log, progress),
        onFailed: (log, error) => this.#fail(log, error),
      });
    }
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
  }

  /** Everything that is there at the first start has a position before it is said that there was one. */
  async #begin(scope: Scope, pipeline: Pipeline, key: string): Promise<void> {
    let turn = performance.now();
    for (const log of this.#logs.values()) {
      if (performance.now() - turn > TURN_MS) {
        await setImmediate();
        if (scope.isClosing) return;
        turn = performance.now();
      }
      this.#guarded(log, () => {
        if (!this.#wake(log)) return;
        // The first to be read are those that are due; the others wake again.
        if (this.#awake.size > MOST_AWAKE / 2) this.#sleep(log);
      });
    }
    pipeline.setPosition(key, this.#sinceMs);
    const { bytes, files } = this.#skipped;
    if (bytes === 0) return;
    this.#parts.log.info(
      { source: this.name, bytes, files },
      `${formatSize(bytes)} in ${files} ${files === 1 ? 'file' : 'files'} were there before and are not read (sources.${this.name}.start_at).`,
    );
  }

  #add(path: string): FileLog {
    const { context, folders } = this.#running as Running;
    const labels = {
      format: this.#config.format,
      source: this.name,
      common: this.#parts.labels,
      own: this.#config.labels,
    };
    const log = new FileLog(context, path, `file/${this.name}/${path}`, (real) =>
      labelsOf(path, real, labels),
    );
    this.#logs.set(path, log);
    const { realPath } = log;
    if (realPath !== path) {
      this.#linked.set(realPath, log);
      folders.watch(dirname(realPath));
    }
    this.#owners.claim(log);
    this.#want(log);
    return log;
  }

  #found(path: string, stat: Stats): void {
    const name = basename(path);
    const folder = dirname(path);
    if (this.#owners.isOwnOutput(stat)) return;
    const base = basesOf(name)
      .map((one) => join(folder, one))
      .find((one) => this.#isLog(one));
    if (base !== undefined && this.#isFirstLook) this.#withOlder.add(base);
    // Older files of a log are read with it, and compressed ones are nobody's else.
    if (base !== undefined || isCompressed(name)) return;
    const owner = this.#owners.ownerOf(folder, stat);
    // It has two names, or the log that it belongs to is not done with it.
    if (owner && this.#logs.get(owner.path) === owner) return;
    this.#owners.give(stat, this.#add(path));
  }

  #isLog(path: string): boolean {
    if (this.#logs.has(path)) return true;
    const { folders } = this.#running as Running;
    return folders.means(path) && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  }

  #heard(path: string, event: 'change' | 'rename'): void {
    const log = this.#logs.get(path) ?? this.#linked.get(path);
    if (!log && event === 'rename') this.#expectCopies(path);
    if (!log) return;
    if (!log.isAwake) log.slumber.heard(event);
    this.#want(log);
  }

  /** The file may be a copy of one that is cut short next. */
  #expectCopies(path: string): void {
    const folder = dirname(path);
    for (const base of basesOf(basename(path))) {
      const of = join(folder, base);
      const log = this.#logs.get(of) ?? this.#linked.get(of);
      if (log) log.mayHaveCopies = true;
    }
  }

  #want(log: FileLog): void {
    if (this.#due.has(log)) return;
    this.#due.add(log);
    this.#arm(TICK_MS);
  }

  #arm(ms: number): void {
    const { scope } = this.#running as Running;
    if (this.#timer || scope.isClosing) return;
    this.#timer = scope.timeout('tick', ms, () => {
      this.#timer = undefined;
      if (scope.isClosing) return;
      // What folders told before the timer was due is heard before the files are looked at.
      void scope.run('tick', async () => {
        await setImmediate();
        this.#tick();
      });
    });
  }

  #tick(): void {
    const { scope, folders } = this.#running as Running;
    if (scope.isClosing) return;
    folders.lookForNames();
    const begin = performance.now();
    const due = [...this.#due];
    for (const log of due) {
      if (performance.now() - begin > TURN_MS) break;
      this.#due.delete(log);
      this.#guarded(log, () => this.#attend(log));
    }
    // What is left of a turn goes on at once; what asked again meanwhile waits for its tick.
    if (this.#due.size > 0) this.#arm(this.#due.has(due[due.length - 1]) ? 0 : TICK_MS);
  }

  /** One look at one log, whatever state it is in; asks for the next one. */
  #attend(log: FileLog): void {
    const { scope, folders, buf } = this.#running as Running;
    if (this.#busy.has(log)) return;
    if (this.#gate.isHeld) {
      if (log.isAwake) log.follow(scope);
      return this.#want(log);
    }
    if (!this.#wake(log)) return;
    if (!folders.isWatched(dirname(log.realPath))) log.mayHaveCopies = true;
    const before = log.counts.bytesRead;
    const progress = log.look(scope, buf);
    if (log.counts.bytesRead > before) log.lastBytesAt = performance.now();
    this.#failed.delete(log);
    switch (progress) {
      case 'more':
        if (log.unreadBytes < BULK_FROM) return this.#want(log);
        return this.#readMuch(log);
      case 'long':
        return this.#readMuch(log);
      case 'blocked':
        return this.#holdFor(log);
      default:
        if (this.#awake.size > MOST_AWAKE / 2 && this.#due.size > MOST_AWAKE / 2 && !log.isLate)
          this.#sleep(log);
    }
  }

  /** False where it is to be tried again later, or nothing is left of it. */
  #wake(log: FileLog): boolean {
    if (log.isAwake) return true;
    const { scope, context } = this.#running as Running;
    if (this.#awake.size >= MOST_AWAKE && !this.#makeRoom()) {
      this.#want(log);
      return false;
    }
    const start = startOf(log, {
      config: this.#config,
      isFirst: this.#isFirstLook,
      sinceMs: this.#sinceMs,
      promtail: this.#promtail,
      encodingOf: context.encodingOf,
      hasOlder: this.#withOlder.has(log.path),
      isMeant: (path) => (this.#running as Running).folders.means(path),
      onSkipped: (bytes) => {
        this.#skipped.bytes += bytes;
        this.#skipped.files++;
      },
    });
    const claimed = log.inodes;
    const isThere = log.wake(scope, start);
    this.#owners.unclaim(log, claimed);
    if (!isThere) {
      this.#lost(log);
      return false;
    }
    this.#goneSince.delete(log);
    this.#awake.add(log);
    return true;
  }

  #makeRoom(): boolean {
    for (const log of this.#awake) {
      if (this.#busy.has(log) || this.#due.has(log) || log.isLate) continue;
      this.#sleep(log);
      return true;
    }
    return false;
  }

  #sleep(log: FileLog): void {
    const { folders } = this.#running as Running;
    this.#awake.delete(log);
    log.sleep(folders.isWatched(dirname(log.realPath)));
  }

  /** No file of it is there. */
  #lost(log: FileLog): void {
    log.leave();
    // The number of its inode may be that of a new file, which was taken for its own.
    if (this.#owners.disown(log)) (this.#running as Running).folders.doubt(dirname(log.path));
    const since = this.#goneSince.get(log);
    if (since === undefined) this.#goneSince.set(log, performance.now());
    else if (performance.now() - since > GONE_AFTER_MS) this.#forget(log);
  }

  #forget(log: FileLog): void {
    log.forget();
    this.#logs.delete(log.path);
    this.#linked.delete(log.realPath);
    this.#goneSince.delete(log);
    this.#owners.disown(log);
    addReads(this.#retired, { ...log.counts, heartbeats: 0 });
    void log.close();
  }

  #holdFor(log: FileLog): void {
    const { wait } = log;
    if (!wait) return this.#want(log);
    if (!log.isCatchingUp) {
      this.#gate.hold(wait);
      return this.#want(log);
    }
    // Old lines may have to wait for long: that holds back nobody else.
    this.#busy.add(log);
    void wait.then(() => {
      this.#busy.delete(log);
      if (!this.#running?.scope.isClosing) this.#want(log);
    });
  }

  #readMuch(log: FileLog): void {
    this.#busy.add(log);
    this.#bulk.add(log);
  }

  #endTurn(log: FileLog, progress: Progress): void {
    this.#busy.delete(log);
    if (progress === 'more') this.#readMuch(log);
    else if (progress === 'blocked') this.#holdFor(log);
    else this.#want(log);
  }

  /** The slow poll behind the watches. */
  #lookBehind(): void {
    const { scope, folders } = this.#running as Running;
    const now = performance.now();
    folders.lookThroughSome(folders.areWatched ? ROUND : 1);
    folders.lookForRoots();
    for (const log of this.#awake) {
      if (this.#busy.has(log) || this.#due.has(log)) continue;
      this.#guarded(log, () => {
        if (log.isLate || log.follow(scope)) this.#want(log);
        else if (now - log.lastBytesAt > QUIET_AFTER_MS) this.#sleep(log);
      });
    }
    for (const log of this.#failed) this.#want(log);
    for (let n = Math.ceil(this.#logs.size / ROUND); n > 0; n--) {
      const next = this.#round.next();
      if (next.done) {
        this.#round = this.#logs.values();
        break;
      }
      this.#lookAtSleeping(next.value);
    }
    if (folders.areWatched) return;
    for (const log of this.#logs.values()) this.#lookAtSleeping(log);
  }

  #lookAtSleeping(log: FileLog): void {
    if (log.isAwake || this.#due.has(log)) return;
    this.#guarded(log, () => {
      if (this.#goneSince.has(log) || log.hasChanged()) this.#want(log);
    });
  }

  #guarded(log: FileLog, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(log, error);
    }
  }

  /** One file's trouble is nobody else's: it is said once, and tried again. */
  #fail(log: FileLog, error: unknown): void {
    if (this.#running?.scope.isClosing || this.#failed.has(log)) return;
    this.#failed.add(log);
    const { path } = log;
    const code = systemCode(error);
    const isDenied = code === 'EACCES' || code === 'EPERM';
    this.#parts.log.warn(
      { code: isDenied ? 'LOG_UNREADABLE' : code, path, error },
      isDenied
        ? `${path} may not be read, and is not captured. Give the agent's user the right to read it.`
        : `${path} cannot be read for now and is tried again: ${describeError(error)}`,
    );
  }

  #stop(): void {
    this.#gate.close();
    this.#bulk.wakeUp();
  }
}

/** As the page and the metrics call it. */
function nameOf(labels: Labels, path: string): string {
  return labels['container'] ?? labels['filename'] ?? path;
}
