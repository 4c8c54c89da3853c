/** For the tests of this folder: json-file records, and a pipeline that remembers everything it is given. */
import type { Batch } from '../../../pipeline/batch.js';
import type { Origin, Pipeline, Position, SourceKey } from '../../../pipeline/contract.js';
import { StreamTable } from '../../../pipeline/streams.js';

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
