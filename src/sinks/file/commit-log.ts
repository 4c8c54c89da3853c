/**
 * The file sink's memory: which bytes of which files count, and up to where in the journal they reach.
 *
 * `<dir>/.log-capturer/commits` holds one record a line: the CRC32 of its JSON in 8 hex digits, a space, the JSON.
 *
 *   {"version":1,"boot":B,"sequence":N,"cursor":C,"outputs":[O…]}   head: everything, durable; always the first line
 *   {"sequence":N,"cursor":C,"outputs":[O…]}                        commit: what changed
 *   {"durable":N}                                                   all commits up to N are on the disk, this line too
 *
 *   C: the journal's cursor, or null     O: [name, generation, length, opened]
 *
 * Invariants:
 * - a commit is appended after its bytes are written; bytes beyond the last commit do not count;
 * - an output's first generation is named by a commit, itself durable, before its file is made;
 * - the log is exchanged by renaming a durable new one, so it is never without a head;
 * - a kill leaves at most a torn last line. A power failure (the boot id changed) may also have lost what was written
 *   since the last durable mark, here or in the outputs, so only what the mark covers counts then;
 * - a line that is unreadable though readable ones follow was damaged: then lengths cannot be trusted.
 */
import { crc32 } from 'node:zlib';
import type { Cursor } from '../../pipeline/contract.js';
import type { Owned, Scope } from '../../runtime/scope.js';
import type { Files, OpenFile } from './files.js';

export interface OutputState {
  readonly generation: number;
  readonly length: number;
  /** Milliseconds since 1970 of the generation's first line; 0 where it has none. */
  readonly openedMs: number;
}

export interface SinkState {
  readonly sequence: number;
  readonly cursor: Cursor | undefined;
  readonly outputs: ReadonlyMap<string, OutputState>;
}

export interface Replay {
  readonly state: SinkState;
  /** Outputs written since they were last known to be durable, each with the lowest generation that was. */
  readonly unsynced: ReadonlyMap<string, number>;
  /** Fell back to the last durable commit. */
  readonly powerFailed: boolean;
  readonly damaged: boolean;
}

type Entry = [name: string, generation: number, length: number, openedMs: number];

interface LogRecord {
  readonly version?: number;
  readonly boot?: string;
  readonly sequence?: number;
  readonly cursor?: Cursor | null;
  readonly outputs?: Entry[];
  readonly durable?: number;
}

const NAME = 'commits';

export class CommitLog {
  readonly #files: Files;
  readonly #directory: string;
  readonly #bootId: string;
  readonly #scope: Scope;
  #file: OpenFile | undefined;
  #owned: Owned | undefined;
  #end = 0;
  #headBytes = 0;

  constructor(files: Files, directory: string, bootId: string, scope: Scope) {
    this.#files = files;
    this.#directory = directory;
    this.#bootId = bootId;
    this.#scope = scope;
  }

  get #path(): string {
    return `${this.#directory}/${NAME}`;
  }

  /** True when the log holds several times what its head would. */
  get isLong(): boolean {
    return this.#end > 1024 * 1024 + 2 * this.#headBytes;
  }

  /** What the log on the disk says; undefined where there is none, `damaged` where it says nothing. */
  async read(): Promise<Replay | 'damaged' | undefined> {
    const bytes = await this.#files.read(this.#path);
    return bytes && replay(bytes, this.#bootId);
  }

  /** Keeps a copy of a damaged log for people to look at. Returns its path. */
  async setAside(): Promise<string> {
    const path = `${this.#path}.damaged`;
    const bytes = await this.#files.read(this.#path);
    await this.#files.remove(path);
    const copy = await this.#files.open(path);
    try {
      await copy.write(bytes ?? Buffer.alloc(0), 0);
    } finally {
      await copy.close();
    }
    return path;
  }

  /** Begins a new log with `state`, durably. What `state` names must be durable already, as must the directory. */
  async replace({ sequence, cursor, outputs }: SinkState): Promise<void> {
    const path = `${this.#path}.new`;
    await this.#files.remove(path);
    const head = encode({
      version: 1,
      boot: this.#bootId,
      sequence,
      cursor: cursor ?? null,
      outputs: entriesOf(outputs),
    });
    const file = await this.#files.open(path);
    const owned = this.#scope.own('file', this.#path, () => file.close());
    try {
      await file.write(head, 0);
      await file.sync();
      await this.#files.rename(path, this.#path);
    } catch (error) {
      await owned.release();
      throw error;
    }
    await this.close();
    this.#owned = owned;
    this.#file = file;
    this.#end = head.length;
    this.#headBytes = head.length;
    await this.#files.syncDirectory(this.#directory);
  }

  /** Appends a commit: `outputs` are those that changed. */
  async appendCommit({ sequence, cursor, outputs }: SinkState): Promise<void> {
    await this.#append({ sequence, cursor: cursor ?? null, outputs: entriesOf(outputs) });
  }

  async appendDurable(sequence: number): Promise<void> {
    await this.#append({ durable: sequence });
  }

  async sync(): Promise<void> {
    await this.#opened().sync();
  }

  /** Takes back an append that failed, however much of it was written. */
  async rewind(): Promise<void> {
    await this.#opened().truncate(this.#end);
  }

  /** False where the directory, or the log in it, was removed or exchanged. */
  async isInPlace(): Promise<boolean> {
    const stat = await this.#files.stat(this.#path);
    return this.#file !== undefined && stat?.inode === this.#file.inode;
  }

  async close(): Promise<void> {
    const owned = this.#owned;
    this.#owned = undefined;
    this.#file = undefined;
    await owned?.release();
  }

  async #append(record: LogRecord): Promise<void> {
    const bytes = encode(record);
    await this.#opened().write(bytes, this.#end);
    this.#end += bytes.length;
  }

  #opened(): OpenFile {
    if (!this.#file) throw new TypeError('the commit log is not open');
    return this.#file;
  }
}

/** Reads a log as a process started in boot `bootId` must understand it. */
export function replay(bytes: Buffer, bootId: string): Replay | 'damaged' {
  const { records, intact } = readRecords(bytes);
  const head = records[0];
  if (intact === 0 || head?.version !== 1) return 'damaged';
  const powerFailed = head.boot !== bootId;
  const counting = powerFailed ? records.slice(0, intact) : records;
  const durable = Math.max(head.sequence ?? 0, ...counting.map((record) => record.durable ?? 0));

  const outputs = new Map<string, OutputState>();
  const unsynced = new Map<string, number>();
  let { sequence = 0, cursor } = head;
  for (const record of counting) {
    if (record.sequence === undefined) continue;
    const isDurable = record.sequence <= durable;
    for (const [name, generation, length, openedMs] of record.outputs ?? []) {
      const known = outputs.get(name);
      if (isDurable || !powerFailed) outputs.set(name, { generation, length, openedMs });
      // Its file may have been made, so it is known, and empty.
      else if (!known) outputs.set(name, { generation, length: 0, openedMs: 0 });
      if (!isDurable && !unsynced.has(name)) unsynced.set(name, generation);
    }
    if (isDurable || !powerFailed) ({ sequence, cursor } = record);
  }
  return {
    state: { sequence, cursor: cursor ?? undefined, outputs },
    unsynced,
    powerFailed,
    damaged: !powerFailed && intact < records.length,
  };
}

/** All readable records; the first `intact` ones are those before anything unreadable. */
function readRecords(bytes: Buffer): { records: LogRecord[]; intact: number } {
  const records: LogRecord[] = [];
  let intact: number | undefined;
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, from);
    const record = newline < 0 ? undefined : decode(bytes.subarray(from, newline));
    if (record) records.push(record);
    else intact ??= records.length;
    from = newline < 0 ? bytes.length : newline + 1;
  }
  return { records, intact: intact ?? records.length };
}

function encode(record: LogRecord): Buffer {
  const json = JSON.stringify(record);
  return Buffer.from(`${crc32(json).toString(16).padStart(8, '0')} ${json}\n`);
}

function decode(line: Buffer): LogRecord | undefined {
  const json = line.subarray(9);
  const crc = line.toString('latin1', 0, 9);
  if (crc !== `${crc32(json).toString(16).padStart(8, '0')} `) return undefined;
  try {
    return JSON.parse(json.toString('utf8')) as LogRecord;
  } catch {
    return undefined;
  }
}

function entriesOf(outputs: ReadonlyMap<string, OutputState>): Entry[] {
  return Array.from(outputs, ([name, { generation, length, openedMs }]) => [
    name,
    generation,
    length,
    openedMs,
  ]);
}
