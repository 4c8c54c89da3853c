/**
 * Writes outputs exactly once: the protocol between output files and the commit log (commit-log.ts has the format).
 *
 * A commit is, in this order: a record that names new generations, where there are any; all bytes, at the recorded
 * lengths, so that a half-written try is written over; the record of the new lengths with the cursor. A generation is
 * changed only while it is the live one; rolling to the next is a commit, and the next one's file is made after it.
 *
 * After any failure what is in memory is what was last recorded, and the next commit first makes the disk agree with it
 * (`#recover`), exactly as at the start of the process. Files are looked at by name before and after they are written: where
 * somebody removed or exchanged them, the write did not count.
 */
import { dirname } from 'node:path';
import type { FileSinkConfig } from '../../config/types.js';
import type { Cursor } from '../../pipeline/contract.js';
import { AgentError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import { fileSinkRecorded, fileSinkWritten } from '../../runtime/probes.js';
import type { Scope } from '../../runtime/scope.js';
import { CommitLog, type OutputState } from './commit-log.js';
import type { Files } from './files.js';
import { Handles } from './handles.js';
import { STATE_DIRECTORY } from './names.js';
import { type Output, Outputs } from './outputs.js';
import { Serial } from './serial.js';

/** Bytes for the end of one output. `bytes` is called once, when they are written. */
export interface Append {
  readonly output: string;
  readonly length: number;
  readonly bytes: () => Uint8Array;
}

export interface StoreParts {
  readonly config: FileSinkConfig;
  readonly files: Files;
  readonly bootId: string;
  readonly log: Logger;
  readonly now: () => number;
}

interface Unsynced {
  /** The lowest generation with bytes that may not be on the disk. */
  generation: number;
  /** The last commit that changed the output. */
  sequence: number;
  /** The last commit that put a new file into its directory; 0 where that is durable. */
  named: number;
}

export class OutputStore {
  readonly outputs: Outputs;
  /** Outputs whose link may point elsewhere than to the live generation. */
  readonly unlinked = new Set<Output>();
  readonly #config: FileSinkConfig;
  readonly #files: Files;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #commits: CommitLog;
  readonly #handles: Handles;
  readonly #serial = new Serial();

  #sequence = 0;
  #cursor: Cursor | undefined;
  #durable: Cursor | undefined;
  readonly #unsynced = new Map<Output, Unsynced>();
  #unsyncedBytes = 0;
  #durableSequence = 0;
  #broken = false;
  #closed: Promise<void> | undefined;

  constructor({ config, files, bootId, log, now }: StoreParts, scope: Scope) {
    this.#config = config;
    this.#files = files;
    this.#log = log;
    this.#now = now;
    this.outputs = new Outputs(files, config.directory);
    this.#commits = new CommitLog(files, `${config.directory}/${STATE_DIRECTORY}`, bootId, scope);
    this.#handles = new Handles(files, scope);
  }

  /** All lines below this cursor are on the disk, whatever happens. */
  get durable(): Cursor | undefined {
    return this.#durable;
  }

  get unsyncedBytes(): number {
    return this.#unsyncedBytes;
  }

  /** Makes disk and records agree. Answers the cursor up to which lines are in the outputs; undefined at the first time. */
  async open(): Promise<Cursor | undefined> {
    const { directory } = this.#config;
    await this.#makeDirectories();
    const replay = await this.#commits.read();
    if (typeof replay === 'object') {
      const { state, unsynced, powerFailed } = replay;
      this.#sequence = state.sequence;
      this.#cursor = state.cursor;
      for (const [name, output] of state.outputs) this.outputs.add(name, output);
      for (const [name, generation] of unsynced) {
        const output = this.#known(name);
        this.#unsynced.set(output, { generation, sequence: state.sequence, named: state.sequence });
        this.unlinked.add(output);
      }
      if (powerFailed && unsynced.size > 0)
        this.#log.info({}, `The machine was restarted: ${directory} is taken back to its last sync.`);
    }
    const trusted = typeof replay === 'object' && !replay.damaged;
    if (replay && !trusted) {
      const copy = await this.#commits.setAside();
      this.#log.warn(
        { code: 'SINK_STATE_DAMAGED' },
        `The records of ${directory} are damaged and kept as ${copy}: its files are left as they are, new ones are begun, and some lines may be there twice.`,
      );
    }
    await this.#reconcile(trusted);
    await this.#settle();
    return this.#cursor;
  }

  /** Appends to outputs and records it with `cursor`: all or nothing. */
  commit(appends: readonly Append[], cursor: Cursor, lines: number): Promise<void> {
    return this.#exclusive(async () => {
      const outputs = await this.#prepare(appends);
      let bytes = 0;
      for (const [i, append] of appends.entries()) {
        await this.#write(outputs[i], append);
        bytes += append.length;
      }
      if (fileSinkWritten.hasSubscribers) fileSinkWritten.publish({ lines, bytes });

      const now = this.#now();
      const changes = new Map<string, OutputState>();
      for (const [i, append] of appends.entries()) {
        const { name, generation, length, openedMs } = outputs[i];
        changes.set(name, {
          generation,
          length: length + append.length,
          openedMs: length > 0 ? openedMs : now,
        });
      }
      if (!(await this.#commits.isInPlace())) throw exchanged(this.#config.directory);
      await this.#record(changes, cursor);
      for (const output of outputs) output.writtenMs = now;
      this.#unsyncedBytes += bytes;
      if (fileSinkRecorded.hasSubscribers) fileSinkRecorded.publish({ lines });
    });
  }

  /** Closes the live generations of `outputs`, those that have one. */
  roll(outputs: readonly Output[]): Promise<void> {
    return this.#exclusive(() => this.#begin(outputs.filter(({ length }) => length > 0)));
  }

  isAged({ length, openedMs }: Output): boolean {
    const { maxAgeMs } = this.#config;
    return maxAgeMs !== undefined && length > 0 && this.#now() - openedMs >= maxAgeMs;
  }

  /** Makes everything recorded durable while commits go on. */
  async checkpoint(): Promise<void> {
    if (this.#commits.isLong) return this.#exclusive(() => this.#settle());
    if (this.#sequence === this.#durableSequence) return;
    const sequence = this.#sequence;
    const cursor = this.#cursor;
    const covered = Array.from(this.#unsynced, ([output, unsynced]) => ({
      output,
      to: output.generation,
      unsynced,
    }));
    this.#unsyncedBytes = 0;
    for (const { output, to, unsynced } of covered) await this.#sync(output, unsynced, to);
    await this.#files.syncDirectory(this.#config.directory);
    await this.#exclusive(() => this.#commits.appendDurable(sequence));
    await this.#commits.sync();
    // A new log, made meanwhile after a failure, is durable and knows more.
    if (sequence <= this.#durableSequence) return;
    this.#durableSequence = sequence;
    this.#durable = cursor;
    for (const { output, to, unsynced } of covered) {
      output.durableGeneration = to;
      unsynced.generation = to;
      if (unsynced.named <= sequence) unsynced.named = 0;
      if (unsynced.sequence <= sequence) this.#unsynced.delete(output);
    }
  }

  /** Forgets outputs which have no files any more. */
  forget(outputs: readonly Output[]): Promise<void> {
    return this.#exclusive(async () => {
      for (const output of outputs) {
        if (output.length > 0 || output.closed.size > 0) continue;
        this.outputs.all.delete(output.name);
        this.#unsynced.delete(output);
        this.unlinked.delete(output);
      }
      await this.#settle();
    });
  }

  /** Makes everything durable and lets go of it. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.#exclusive(() => this.#settle());
    } finally {
      await this.#handles.releaseAll();
      await this.#commits.close();
    }
  }

  #exclusive(work: () => Promise<void>): Promise<void> {
    return this.#serial.run(async () => {
      if (this.#broken) await this.#recover();
      try {
        await work();
      } catch (error) {
        this.#broken = true;
        throw error;
      }
    });
  }

  /** The outputs of `appends`, rolled where they are full or old, made where they are new. */
  async #prepare(appends: readonly Append[]): Promise<Output[]> {
    const { maxBytes } = this.#config;
    const isFull = ({ output: name, length }: Append): boolean => {
      const output = this.outputs.all.get(name);
      if (!output || output.length === 0) return false;
      return output.length + length > maxBytes || this.isAged(output);
    };
    const names = appends.map(({ output }) => output);
    const fresh = names.filter((name) => !this.outputs.all.has(name));
    const full = appends.filter(isFull).map(({ output }) => this.#known(output));
    if (fresh.length > 0 || full.length > 0) await this.#begin(full, fresh);
    return names.map((name) => this.#known(name));
  }

  /** Records new generations, before anything is written to them. */
  async #begin(rolled: readonly Output[], fresh: readonly string[] = []): Promise<void> {
    const changes = new Map<string, OutputState>();
    for (const { name, generation } of rolled) {
      changes.set(name, { generation: generation + 1, length: 0, openedMs: 0 });
    }
    for (const name of fresh) {
      changes.set(name, { generation: await this.outputs.firstGeneration(name), length: 0, openedMs: 0 });
    }
    if (changes.size === 0) return;
    await this.#record(changes, this.#cursor);
    // After a power failure files of unknown outputs could not be told from somebody else's.
    if (fresh.length > 0) await this.#commits.sync();
  }

  async #write(output: Output, { bytes, length }: Append): Promise<void> {
    if (output.length === 0) await this.#files.makeDirectory(output.directory);
    const file = await this.#handles.get(output.path);
    const before = await this.#files.stat(output.path);
    if (before?.inode !== file.inode || before.size < output.length) throw exchanged(output.path);
    await file.write(bytes(), output.length);
    const after = await this.#files.stat(output.path);
    if (after?.inode !== file.inode || after.size < output.length + length) throw exchanged(output.path);
  }

  async #record(changes: ReadonlyMap<string, OutputState>, cursor: Cursor | undefined): Promise<void> {
    const sequence = this.#sequence + 1;
    await this.#commits.appendCommit({ sequence, cursor, outputs: changes });
    this.#sequence = sequence;
    this.#cursor = cursor;
    const rolledPaths: string[] = [];
    for (const [name, state] of changes) {
      const isNew = !this.outputs.all.has(name);
      const output = isNew ? this.outputs.add(name, state) : this.#known(name);
      const unsynced = this.#unsynced.get(output) ?? { generation: output.generation, sequence, named: 0 };
      this.#unsynced.set(output, unsynced);
      unsynced.sequence = sequence;
      if (state.generation > output.generation) {
        rolledPaths.push(output.path);
        output.roll();
      }
      if (output.length === 0 || isNew) {
        unsynced.named = sequence;
        this.unlinked.add(output);
      }
      output.length = state.length;
      output.openedMs = state.openedMs;
    }
    // An open descriptor would keep the space of a file that retention removes.
    for (const path of rolledPaths) await this.#handles.release(path);
  }

  async #recover(): Promise<void> {
    const { directory } = this.#config;
    await this.#handles.releaseAll();
    const inPlace = await this.#commits.isInPlace();
    if (inPlace) await this.#commits.rewind();
    else {
      await this.#makeDirectories();
      this.#log.warn({}, `${directory} was removed or exchanged: delivery goes on in new files there.`);
    }
    await this.#reconcile(inPlace);
    for (const output of this.outputs.all.values()) this.unlinked.add(output);
    await this.#settle();
    this.#broken = false;
  }

  async #makeDirectories(): Promise<void> {
    const { directory } = this.#config;
    await this.#files.makeDirectory(`${directory}/${STATE_DIRECTORY}`);
    await this.#files.syncDirectory(dirname(directory));
  }

  async #reconcile(trusted: boolean): Promise<void> {
    if (!trusted) {
      await this.outputs.adopt();
      await this.outputs.goBehind();
      return;
    }
    const missing = await this.outputs.cutBack();
    if (missing.length === 0) return;
    const bytes = missing.reduce((sum, file) => sum + file.bytes, 0);
    const others = missing.length > 1 ? ` and ${missing.length - 1} other files` : '';
    this.#log.warn(
      { bytes, files: missing.length },
      `${bytes} bytes of ${missing[0].path}${others} were removed by somebody else: delivery goes on behind them.`,
    );
  }

  /** Makes everything durable, and begins a new log that says so. */
  async #settle(): Promise<void> {
    for (const [output, unsynced] of this.#unsynced) await this.#sync(output, unsynced, output.generation);
    await this.#files.syncDirectory(this.#config.directory);
    await this.#commits.replace({
      sequence: this.#sequence,
      cursor: this.#cursor,
      outputs: this.outputs.all,
    });
    this.#durableSequence = this.#sequence;
    this.#durable = this.#cursor;
    this.#unsynced.clear();
    this.#unsyncedBytes = 0;
    for (const output of this.outputs.all.values()) output.durableGeneration = output.generation;
  }

  async #sync(output: Output, { generation, named }: Unsynced, to: number): Promise<void> {
    for (let next = generation; next <= to; next++) await this.#files.sync(output.pathOf(next));
    if (named > 0) await this.#files.syncDirectory(output.directory);
  }

  #known(name: string): Output {
    const output = this.outputs.all.get(name);
    if (!output) throw new TypeError(`output ${name} is not known`);
    return output;
  }
}

function exchanged(path: string): AgentError {
  return new AgentError('SINK_WRITE', `${path} was removed or exchanged while it was written.`, {
    retryable: true,
  });
}
