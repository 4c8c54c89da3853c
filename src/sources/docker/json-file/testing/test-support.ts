/** For the tests of this folder: json-file records, and a pipeline that remembers everything it is given. */
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Batch } from '../../../../pipeline/batch.js';
import type { Origin, Pipeline, Position, SourceKey } from '../../../../pipeline/contract.js';
import type { SourceGap } from '../../../../pipeline/gaps.js';
import { type Labels, StreamTable } from '../../../../pipeline/streams.js';
import { PIECE_BYTES } from '../decode.js';

export interface Line {
  /** The labels in Loki's form. */
  readonly stream: string;
  /** One character a byte. */
  readonly text: string;
  readonly seconds: number;
  readonly nanos: number;
  readonly flags: number;
}

export interface Push {
  readonly lines: readonly Line[];
  readonly key: SourceKey;
  readonly position: Position | undefined;
  readonly origin: Origin | undefined;
}

/** Remembers pushes in order; `committed` gives what a restart after the n-th push finds. */
export class FakePipeline implements Pipeline {
  readonly streams = new StreamTable();
  readonly pushes: Push[] = [];
  isFirstStart = true;
  /** What the next pushes answer. */
  answer: () => Promise<void> | undefined = () => undefined;
  readonly #positions: Map<SourceKey, Position>;
  #changed: (() => void)[] = [];

  constructor(positions: ReadonlyMap<SourceKey, Position> = new Map()) {
    this.#positions = new Map(positions);
  }

  push(batch: Batch, key: SourceKey, position: Position, origin: Origin): Promise<void> | undefined {
    this.pushes.push({ lines: readLines(batch, this.streams), key, position: copy(position), origin });
    // Nobody may rely on the arena after the call.
    for (let i = 0; i < batch.length; i++) batch.arena.fill(0x58, batch.start[i], batch.end[i]);
    this.#notify();
    return this.answer();
  }

  /** By container; part of the commit that the next push is in. */
  readonly gaps: (SourceGap & { readonly labels: Labels; readonly push: number })[] = [];

  gap(gap: SourceGap, labels: Labels): void {
    this.gaps.push({ ...gap, labels, push: this.pushes.length });
    this.#notify();
  }

  setPosition(key: SourceKey, position: Position | undefined): void {
    this.pushes.push({
      lines: [],
      key,
      position: position === undefined ? undefined : copy(position),
      origin: undefined,
    });
    this.#notify();
  }

  position(key: SourceKey): Position | undefined {
    return this.#positions.get(key);
  }

  positionKeys(prefix: string): SourceKey[] {
    return [...this.#positions.keys()].filter((key) => key.startsWith(prefix));
  }

  get lines(): Line[] {
    return this.pushes.flatMap((push) => push.lines);
  }

  /** Lines of streams whose labels contain `part`. */
  texts(part: string): string[] {
    return this.lines.filter((line) => line.stream.includes(part)).map((line) => line.text);
  }

  /** What a restart finds that knows of the first `pushes` pushes. */
  positionsAfter(pushes: number): Map<SourceKey, Position> {
    const positions = new Map(this.#positions);
    for (const { key, position } of this.pushes.slice(0, pushes)) {
      if (position === undefined) positions.delete(key);
      else positions.set(key, position);
    }
    return positions;
  }

  /** Resolves once `condition` holds; looked at after every push. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  #notify(): void {
    const changed = this.#changed;
    this.#changed = [];
    for (const resolve of changed) resolve();
  }
}

function readLines(batch: Batch, streams: StreamTable): Line[] {
  return Array.from({ length: batch.length }, (_, i) => ({
    stream: streams.get(batch.stream[i])?.text ?? `unknown stream ${batch.stream[i]}`,
    text: batch.arena.toString('latin1', batch.start[i], batch.end[i]),
    seconds: batch.seconds[i],
    nanos: batch.nanos[i],
    flags: batch.flags[i],
  }));
}

function copy(position: Position): Position {
  return JSON.parse(JSON.stringify(position)) as Position;
}

/** A record as dockerd writes it: HTML characters escaped, trailing zeros of the fraction cut. */
export function record(
  log: string,
  stream: 'stdout' | 'stderr' = 'stdout',
  time = '2026-11-21T21:40:00.123456789Z',
  attrs?: object,
): string {
  const text = JSON.stringify(log).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `{"log":${text},"stream":"${stream}",${attrs ? `"attrs":${JSON.stringify(attrs)},` : ''}"time":"${time}"}\n`;
}

/** Writes a log as dockerd does: one write a record, rotation before the write that finds the file full. */
export class LogWriter {
  readonly path: string;
  readonly #maxSize: number;
  readonly #maxFiles: number;
  readonly #compress: boolean;
  #fd: number | undefined;
  #size = 0;
  /** Complete lines by stream, in the order of their completion. */
  readonly lines = { stdout: [] as string[], stderr: [] as string[] };
  readonly #begun = { stdout: '', stderr: '' };
  #nanos = 0;
  rotations = 0;

  constructor(path: string, maxSize = Infinity, maxFiles = 1, compress = false) {
    this.path = path;
    this.#maxSize = maxSize;
    this.#maxFiles = maxFiles;
    this.#compress = compress;
  }

  /** A record with this text, which ends in a newline, or is a piece of 16 KiB or more, or the end of the process's output. */
  write(text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    this.#nanos += 1000;
    const nanos = String(this.#nanos % 1_000_000_000)
      .padStart(9, '0')
      .replace(/0+$/, '');
    const second = String(Math.floor(this.#nanos / 1_000_000_000)).padStart(2, '0');
    this.raw(record(text, stream, `2026-11-21T21:40:${second}${nanos ? `.${nanos}` : ''}Z`));
    this.#begun[stream] += text;
    if (!text.endsWith('\n') && text.length >= PIECE_BYTES) return;
    this.lines[stream].push(this.#begun[stream].replace(/\n$/, ''));
    this.#begun[stream] = '';
  }

  /** One line, cut into pieces as dockerd cuts it. */
  line(text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    for (const piece of pieces(text)) this.write(piece, stream);
  }

  raw(bytes: string | Buffer): void {
    if (this.#fd !== undefined && this.#size >= this.#maxSize) this.rotate();
    this.#fd ??= openSync(this.path, 'a', 0o640);
    this.#size += writeSync(this.#fd, bytes as string);
  }

  rotate(): void {
    this.rotations++;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#size = 0;
    if (this.#maxFiles < 2) {
      rmSync(this.path, { force: true });
    } else {
      const extension = this.#compress ? '.gz' : '';
      rmSync(`${this.path}.${this.#maxFiles - 1}${extension}`, { force: true });
      for (let i = this.#maxFiles - 1; i > 1; i--)
        moveIfThere(`${this.path}.${i - 1}${extension}`, `${this.path}.${i}${extension}`);
      moveIfThere(this.path, `${this.path}.1`);
    }
    this.#fd = openSync(this.path, 'wx', 0o640);
    if (this.#maxFiles < 2 || !this.#compress) return;
    writeFileSync(`${this.path}.1.gz`, gzipSync(readFileSync(`${this.path}.1`)));
    rmSync(`${this.path}.1`);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

export function pieces(line: string): string[] {
  const all: string[] = [];
  for (let at = 0; at < line.length || all.length === 0; at += PIECE_BYTES)
    all.push(line.slice(at, at + PIECE_BYTES));
  // A line that fills its last piece gets its newline in one more record.
  if (line.length > 0 && line.length % PIECE_BYTES === 0) all.push('');
  all[all.length - 1] += '\n';
  return all;
}

function moveIfThere(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}
