/** For the tests of Docker's edges: what containers write over many runs, and a judge who knows gaps. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from './agent.js';
import { parseLine, sealLine } from './lines.mjs';

export const WAYS = ['file', 'api'] as const;
export type Way = (typeof WAYS)[number];

/** /n says how many runs there were, and how many lines they wrote; $1 how many lines each run writes. */
const RUN = `run=0; done=0; [ -e /n ] && read run done </n
i=0; for lines in $1; do [ $i -eq $run ] && break; i=$((i+1)); done
echo $((run+1)) $((done+lines)) >/n
shift $((done+1))
while [ $lines -gt 0 ]; do
  case $1 in *' e '*) printf '%s\\n' "$1" >&2;; *) printf '%s\\n' "$1";; esac
  shift; lines=$((lines-1))
done
[ $# -eq 0 ]`;

/** Lines of stdout and of stderr among so many: every third is an error. */
export function streamsOf(lines: number): { out: number; err: number } {
  const err = Math.floor(lines / 3);
  return { out: lines - err, err };
}

/** A container's command that goes on in each run where the one before ended; all runs fail but the last one. */
export function runsCommand(writer: string, runs: readonly number[]): string[] {
  const lines = Array.from({ length: runs.reduce((sum, count) => sum + count, 0) }, (_, i) => {
    const isErr = i % 3 === 2;
    const seq = isErr ? Math.floor(i / 3) : i - Math.floor(i / 3);
    return sealLine(writer, isErr ? 'e' : 'o', seq, 0, 'žluť '.repeat((i % 7) + 1)).toString();
  });
  return ['/bin/sh', '-c', RUN, 'sh', runs.join(' '), ...lines];
}

/** What of one writer has to be in the outputs of these containers, one after the other. */
export interface Expectation {
  readonly outputs: readonly string[];
  readonly writer: string;
  readonly out: number;
  readonly err: number;
  /** Lines may be missing where a gap says so. */
  readonly mayMiss?: boolean;
  /** Lines that the engine left out may come late. */
  readonly mayBeLate?: boolean;
}

export interface ToldGap {
  readonly container: string;
  readonly why: string;
  readonly from: string | null;
  readonly to: string | null;
}

export async function toldGaps(agent: Agent): Promise<ToldGap[]> {
  return (await agent.get<{ gaps: ToldGap[] }>('/api/v1/gaps')).gaps;
}

/** Resolves with what is wrong: nothing, as soon as that is so, or what is left after `deadlineMs`. */
export async function whatIsWrong(
  agent: Agent,
  directory: string,
  expectations: readonly Expectation[],
  deadlineMs: number,
): Promise<string[]> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const gaps = await toldGaps(agent);
    const wrong = [
      ...expectations.flatMap((one) => judge(directory, one, gaps)),
      ...(await unaccounted(agent)),
    ];
    if (wrong.length === 0 || performance.now() > deadline) return wrong;
    await sleep(200);
  }
}

/** Stages of the ledger at which it does not add up. */
export async function unaccounted(agent: Agent): Promise<string[]> {
  const ledger = await agent.get<{ unaccounted: Record<string, number> }>('/api/v1/ledger');
  const stages = Object.entries(ledger.unaccounted);
  if (stages.length === 0) return ['the ledger has no stages'];
  return stages.flatMap(([stage, lines]) =>
    lines === 0 ? [] : [`${lines} lines are unaccounted for: ${stage}`],
  );
}

/** Sentences; none where every line is there once, in order, or lies within a gap. */
function judge(directory: string, expected: Expectation, gaps: readonly ToldGap[]): string[] {
  const { outputs, writer, mayMiss = false, mayBeLate = false } = expected;
  const told = gaps.filter(({ container }) => outputs.includes(container));
  const records = outputRecords(directory, outputs);
  const wrong: string[] = [];
  for (const [stream, count] of [
    ['stdout', expected.out],
    ['stderr', expected.err],
  ] as const) {
    const times = new Map<number, number>();
    let last = -1;
    for (const { at, stream: from, line } of records) {
      const parsed = parseLine(line.at(-1) === 13 ? line.subarray(0, -1) : line);
      if (from !== stream || parsed?.writer !== writer) continue;
      const { seq } = parsed;
      if (times.has(seq)) wrong.push(`${writer} ${stream} ${seq} is there twice`);
      else if (seq < last && !mayBeLate) wrong.push(`${writer} ${stream} ${seq} comes after ${last}`);
      times.set(seq, at);
      last = Math.max(last, seq);
    }
    for (let seq = 0; seq < count; seq++) {
      if (times.has(seq)) continue;
      const first = seq;
      while (seq + 1 < count && !times.has(seq + 1)) seq++;
      const [after, before] = [times.get(first - 1) ?? 0, times.get(seq + 1) ?? Infinity];
      const isTold = told.some((gap) => timeOf(gap.from, 0) <= before && timeOf(gap.to, Infinity) >= after);
      if (!mayMiss || !isTold) wrong.push(`${writer} ${stream} ${first}…${seq} of ${count} are nowhere`);
    }
  }
  return wrong;
}

function timeOf(time: string | null, unknown: number): number {
  return time === null ? unknown : Date.parse(time);
}

export interface OutputRecord {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `-`: the agent's own. */
  readonly stream: 'stdout' | 'stderr' | '-';
  readonly line: Buffer;
}

const PREFIX = /^(\S+Z) (stdout|stderr|-) /;
const LONGEST_PREFIX = 50;

/** The records of these outputs one after the other, catch-up first, each over its generations; uncompressed ones only. */
export function outputRecords(directory: string, outputs: readonly string[]): OutputRecord[] {
  return outputs.flatMap((container) =>
    [`${container}.catch-up`, container].flatMap((output) => {
      const folder = path.join(directory, output);
      if (!existsSync(folder)) return [];
      const names = readdirSync(folder).filter((name) => /\.\d{6}\.log$/.test(name));
      return names.sort().flatMap((name) => recordsOf(readFileSync(path.join(folder, name))));
    }),
  );
}

function recordsOf(bytes: Buffer): OutputRecord[] {
  const records: OutputRecord[] = [];
  for (let at = 0, end = bytes.indexOf(10); end >= 0; at = end + 1, end = bytes.indexOf(10, at)) {
    const prefix = PREFIX.exec(bytes.toString('latin1', at, Math.min(end, at + LONGEST_PREFIX)));
    if (!prefix) throw new Error(`Not a record: ${bytes.toString('utf8', at, Math.min(end, at + 120))}`);
    const stream = prefix[2] as OutputRecord['stream'];
    records.push({ at: Date.parse(prefix[1]), stream, line: bytes.subarray(at + prefix[0].length, end) });
  }
  return records;
}
