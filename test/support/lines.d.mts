export interface WriterSpec {
  /** Names the writer in each of its lines; one word. */
  readonly name: string;
  /** How many numbered lines stdout and stderr get. */
  readonly out: number;
  readonly err: number;
  readonly seed: number;
  readonly lengths?: 'mixed' | 'short';
  /** stdout's first number; those below were written before. */
  readonly from?: number;
  /** Pace: never more than this in any tenth of a second, pro rata. Neither: as fast as it can. */
  readonly linesPerSecond?: number;
  readonly bytesPerSecond?: number;
}

export interface ParsedLine {
  readonly writer: string;
  readonly stream: 'o' | 'e';
  readonly seq: number;
  readonly empties: number;
}

export function seeded(seed: number): () => number;
export function makeLine(
  writer: string,
  stream: 'o' | 'e',
  seq: number,
  empties: number,
  bytes: number,
  random: () => number,
): Buffer;
export function sealLine(
  writer: string,
  stream: 'o' | 'e',
  seq: number,
  empties: number,
  text: string,
): Buffer;
export function parseLine(line: Buffer): ParsedLine | undefined;
export function writerLines(spec: WriterSpec): Generator<{ stream: 'o' | 'e'; bytes: Buffer }>;
