/**
 * Judges the file sink's output against what test writers wrote: sets and sequences, never counts alone.
 *
 * Reads `<directory>/<container>/<container>.<6 digits>.log[.gz]` in the order of generations, text lines
 * `<RFC 3339 with nanoseconds> stdout|stderr <line>`, and likewise `<container>.catch-up/`, whose lines are a sequence of
 * their own: united with the live ones they are one set.
 *
 *   lost        numbered or empty lines that were written and are nowhere
 *   duplicated  lines that are there twice
 *   split       what is no whole line: cut, joined, damaged, or not in the output's format
 *   reordered   lines behind a later one of the same stream and sequence
 *   foreign     whole lines of another writer, stream or container
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseLine } from './lines.mjs';

export interface Expected {
  /** The container's name, which is its writer's too. */
  readonly container: string;
  /** How many numbered lines were written to stdout and stderr. */
  readonly out: number;
  readonly err: number;
  /** Its lines end with a carriage return, which a terminal puts before each newline. */
  readonly isTty?: boolean;
}

export type Damage = 'lost' | 'duplicated' | 'split' | 'reordered' | 'foreign';

export interface Verdict {
  /** Numbered lines that are there, each counted once. */
  readonly lines: number;
  /** How often each kind of damage was found. */
  readonly damage: Record<Damage, number>;
  /** The first few findings, as sentences. */
  readonly findings: readonly string[];
}

const CATCH_UP = '.catch-up';
const PREFIX = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) $/;
const LONGEST_PREFIX = '2026-11-21T21:40:00.123456789Z stdout '.length;
const MAX_FINDINGS = 20;
const MAX_RUNS = 5;

type StreamName = 'stdout' | 'stderr';
const LETTERS = { stdout: 'o', stderr: 'e' } as const;

/** One stream of one container over all its sequences: what was seen, by number. */
class StreamTally {
  readonly seen: Uint8Array;
  emptiesExpected = 0;
  emptiesSeen = 0;

  constructor(count: number) {
    this.seen = new Uint8Array(count);
  }
}

class Judge {
  readonly #expected: Expected;
  readonly #tallies: Record<StreamName, StreamTally>;
  readonly #damage: Record<Damage, number> = { lost: 0, duplicated: 0, split: 0, reordered: 0, foreign: 0 };
  readonly #findings: string[] = [];
  #lines = 0;

  constructor(expected: Expected) {
    this.#expected = expected;
    this.#tallies = { stdout: new StreamTally(expected.out), stderr: new StreamTally(expected.err) };
  }

  /** Judges one sequence: the live output or the catch-up one. */
  sequence(output: string, generations: Iterable<{ name: string; bytes: Buffer }>): void {
    const last: Record<StreamName, number> = { stdout: -1, stderr: -1 };
    const empties: Record<StreamName, number> = { stdout: 0, stderr: 0 };
    for (const { name, bytes } of generations) {
      let number = 0;
      for (let at = 0; at < bytes.length; ) {
        number++;
        const newline = bytes.indexOf(10, at);
        const where = `${output} ${name}:${number}`;
        const record = bytes.subarray(at, newline < 0 ? bytes.length : newline);
        at = newline < 0 ? bytes.length : newline + 1;
        const prefix = PREFIX.exec(record.toString('latin1', 0, Math.min(record.length, LONGEST_PREFIX)));
        if (!prefix || newline < 0) {
          this.#found('split', `${where}: not a record: ${shown(record)}`);
          continue;
        }
        const stream = prefix[1] as StreamName;
        const line = record.subarray(LONGEST_PREFIX);
        if (this.#expected.isTty && line.at(-1) !== 13) {
          this.#found('split', `${where}: a terminal's line without its carriage return: ${shown(line)}`);
          continue;
        }
        this.#line(where, stream, this.#expected.isTty ? line.subarray(0, -1) : line, last, empties);
      }
    }
    for (const stream of ['stdout', 'stderr'] as const) this.#tallies[stream].emptiesSeen += empties[stream];
  }

  verdict(): Verdict {
    for (const stream of ['stdout', 'stderr'] as const) {
      const { seen, emptiesExpected, emptiesSeen } = this.#tallies[stream];
      const what = `${this.#expected.container} ${stream}`;
      let runs = 0;
      for (let from = seen.indexOf(0); from >= 0; ) {
        let to = from;
        while (to < seen.length && seen[to] === 0) to++;
        const sentence = `${what}: ${from}…${to - 1} of ${seen.length} are nowhere`;
        this.#found('lost', runs++ < MAX_RUNS ? sentence : '', to - from);
        from = seen.indexOf(0, to);
      }
      const empties = `${what}: ${emptiesSeen} empty lines where ${emptiesExpected} were written`;
      if (emptiesSeen < emptiesExpected) this.#found('lost', empties, emptiesExpected - emptiesSeen);
      if (emptiesSeen > emptiesExpected) this.#found('duplicated', empties, emptiesSeen - emptiesExpected);
    }
    return { lines: this.#lines, damage: this.#damage, findings: this.#findings };
  }

  #line(
    where: string,
    stream: StreamName,
    line: Buffer,
    last: Record<StreamName, number>,
    empties: Record<StreamName, number>,
  ): void {
    if (line.length === 0) {
      empties[stream]++;
      return;
    }
    const parsed = parseLine(line);
    if (!parsed) {
      this.#found('split', `${where}: not a whole line: ${shown(line)}`);
      return;
    }
    const tally = this.#tallies[stream];
    if (
      parsed.writer !== this.#expected.container ||
      parsed.stream !== LETTERS[stream] ||
      parsed.seq >= tally.seen.length
    ) {
      this.#found('foreign', `${where}: does not belong to ${stream} here: ${shown(line)}`);
      return;
    }
    if (tally.seen[parsed.seq] === 1) {
      this.#found('duplicated', `${where}: ${stream} ${parsed.seq} again, after ${last[stream]}`);
      return;
    }
    tally.seen[parsed.seq] = 1;
    tally.emptiesExpected += parsed.empties;
    this.#lines++;
    if (parsed.seq < last[stream]) {
      this.#found('reordered', `${where}: ${stream} ${parsed.seq} comes after ${last[stream]}`);
      return;
    }
    // At a seam between live and catch-up the empty lines may be on either side: there only their total is judged.
    if (parsed.seq === last[stream] + 1 && last[stream] >= 0 && empties[stream] !== parsed.empties) {
      const sentence = `${where}: ${empties[stream]} empty lines before ${stream} ${parsed.seq}, not ${parsed.empties}`;
      this.#found('reordered', sentence);
    }
    tally.emptiesSeen += empties[stream];
    empties[stream] = 0;
    last[stream] = parsed.seq;
  }

  #found(kind: Damage, sentence: string, times = 1): void {
    this.#damage[kind] += times;
    if (sentence !== '' && this.#findings.length < MAX_FINDINGS) this.#findings.push(`${kind}: ${sentence}`);
  }
}

/** Judges the output of one container. */
export function judge(directory: string, expected: Expected): Verdict {
  const court = new Judge(expected);
  for (const output of [expected.container, `${expected.container}${CATCH_UP}`]) {
    court.sequence(output, generations(directory, output));
  }
  return court.verdict();
}

/** Judges all containers and throws with the findings unless every line is there exactly once, whole and in order. */
export function assertExact(directory: string, expected: readonly Expected[]): { lines: number } {
  let lines = 0;
  const complaints: string[] = [];
  for (const one of expected) {
    const verdict = judge(directory, one);
    lines += verdict.lines;
    const bad = Object.entries(verdict.damage).filter(([, times]) => times > 0);
    const counts = bad.map(([kind, times]) => `${times} ${kind}`);
    if (verdict.lines === 0) counts.unshift(`not one of its lines was found in ${directory}`);
    if (counts.length > 0) {
      complaints.push(`${one.container}: ${counts.join(', ')}\n    ${verdict.findings.join('\n    ')}`);
    }
  }
  if (lines === 0) complaints.push('No line was seen at all: this proves nothing.');
  if (complaints.length > 0) throw new Error(`The output is not exact.\n  ${complaints.join('\n  ')}`);
  return { lines };
}

/** The lines of one stream of a container's live output as they were written: each with its newline, in order. */
export function* outputLines(directory: string, container: string, stream: StreamName): Generator<Buffer> {
  for (const { bytes } of generations(directory, container)) {
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(10, at);
      const end = newline < 0 ? bytes.length : newline + 1;
      if (bytes.toString('latin1', at + LONGEST_PREFIX - 7, at + LONGEST_PREFIX - 1) === stream) {
        yield bytes.subarray(at + LONGEST_PREFIX, end);
      }
      at = end;
    }
  }
}

/** How many lines the outputs of these containers hold, empty ones and catch-up included. */
export function linesIn(directory: string, expected: readonly Expected[]): number {
  let lines = 0;
  for (const { container } of expected) {
    for (const output of [container, `${container}${CATCH_UP}`]) {
      for (const { bytes } of generations(directory, output)) {
        for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
      }
    }
  }
  return lines;
}

/** The files of one output, oldest first, decompressed. A hole in their numbers shows as lost lines. */
function* generations(directory: string, output: string): Generator<{ name: string; bytes: Buffer }> {
  const folder = path.join(directory, output);
  if (!existsSync(folder)) return;
  const names = readdirSync(folder)
    .filter((name) => name.startsWith(`${output}.`) && /\.\d{6}\.log(\.gz)?$/.test(name))
    .sort();
  for (const name of names) {
    // While a generation is being compressed both forms may stand side by side; the plain one is whole.
    if (name.endsWith('.gz') && names.includes(name.slice(0, -3))) continue;
    const bytes = readFileSync(path.join(folder, name));
    yield { name, bytes: name.endsWith('.gz') ? gunzipSync(bytes) : bytes };
  }
}

function shown(bytes: Buffer): string {
  const head = JSON.stringify(bytes.toString('utf8', 0, Math.min(bytes.length, 120)));
  return `${head} (${bytes.length} bytes)`;
}
