/**
 * npm run bench:hostile: how long processors take for one line at their worst. Pairs of a pattern and a line are made by seed
 * (src/regex/testing/hostile.ts); each processor that takes patterns gets all of them, all others the lines alone.
 *
 * What counts is the time on the clock or the process's processor time, whichever is less: neither is less than what the
 * thread worked. A line that took long is given again, to a new stage, and the shortest time counts: what else runs on the
 * machine is no fault of the processor. Prints a row for each processor, and writes them as JSON.
 */
import { parseArgs } from 'node:util';
import type { Processor } from '../src/pipeline/contract.js';
import { OneLine, WITH_PATTERN, WITHOUT_PATTERN } from '../src/processors/testing/hostile-processors.js';
import { hostileLine, hostilePattern, randomOf } from '../src/regex/testing/hostile.js';
import { writeRecord } from './record.js';

/** The promise: no processor spends more on one line. */
const LIMIT_MS = 50;
const AGAIN_MS = 15;
const TRIES = 4;

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '10000' },
    bytes: { type: 'string', default: String(512 * 1024) },
    out: { type: 'string', default: 'bench/hostile.json' },
  },
});

interface Row {
  processor: string;
  lines: number;
  /** Patterns that are too large, which a configuration may not have. */
  refused: number;
  /** Lines that could not be judged within the budget. */
  tooCostly: number;
  overLimit: number;
  maxMs: number;
  /** Of 1000 lines so many were quicker: the thousandth part that took longest. */
  p999Ms: number;
  worst: string;
}

function timed(stage: OneLine, line: Buffer): number {
  const cpu = process.cpuUsage();
  const began = performance.now();
  stage.give(line);
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return Math.min(ms, (user + system) / 1000);
}

function tooCostlyIn({ figures }: Processor): number {
  return figures.failed.get('too_costly') ?? 0;
}

function measure(processor: string, make: (pattern: string) => Processor, takesPattern: boolean): Row {
  const row = { processor, lines: 0, refused: 0, tooCostly: 0, overLimit: 0, maxMs: 0, p999Ms: 0, worst: '' };
  const times: number[] = [];
  for (let seed = 1; seed <= Number(values.pairs); seed++) {
    const random = randomOf(seed);
    const pattern = hostilePattern(random);
    const line = hostileLine(random, Number(values.bytes));
    let made: Processor;
    try {
      made = make(pattern);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      row.refused++;
      continue;
    }
    let ms = timed(new OneLine(made), line);
    if (tooCostlyIn(made) > 0) row.tooCostly++;
    for (let i = 1; ms > AGAIN_MS && i < TRIES; i++)
      ms = Math.min(ms, timed(new OneLine(make(pattern)), line));
    row.lines++;
    times.push(ms);
    if (ms > LIMIT_MS) row.overLimit++;
    if (ms <= row.maxMs) continue;
    row.maxMs = ms;
    row.worst = `seed ${seed}: ${takesPattern ? `${pattern.slice(0, 80)} on ` : ''}${line.length} B`;
  }
  times.sort((a, b) => a - b);
  row.p999Ms = times[Math.floor(times.length * 0.999)] ?? 0;
  return row;
}

const rows = [
  ...Object.entries(WITH_PATTERN).map((entry) => [...entry, true] as const),
  ...Object.entries(WITHOUT_PATTERN).map((entry) => [...entry, false] as const),
].map(([processor, make, takesPattern]) => {
  const row = measure(processor, make, takesPattern);
  console.log(
    `${processor.padEnd(28)} ${row.lines} lines, ${row.refused} patterns refused, ${row.tooCostly} too costly;` +
      ` at most ${row.maxMs.toFixed(1)} ms, 99.9 % below ${row.p999Ms.toFixed(1)} ms; ${row.overLimit} above ${LIMIT_MS} ms` +
      ` (${row.worst})`,
  );
  return row;
});
const record = {
  what: 'hostile patterns and lines',
  bytes: Number(values.bytes),
  limitMs: LIMIT_MS,
  rows,
};
writeRecord(values.out, record);
process.exitCode = rows.some(({ overLimit }) => overLimit > 0) ? 1 : 0;
