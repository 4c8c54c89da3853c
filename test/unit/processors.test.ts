/**
 * Any processors in any order, and any split of the lines into pushes: the ledger's identity holds at each step (the kit
 * throws where it does not), nothing is reordered, and what comes out is the same as without the split; over kills too.
 */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { processorMaker } from '../../src/components.js';
import { loadConfig } from '../../src/config/load.js';
import type { ChainEntry } from '../../src/pipeline/chain.js';
import { entryOf, type InLine, type OutLine, StageKit } from '../../src/pipeline/testing/stage-kit.js';
import { silentLogger } from '../../src/runtime/log.js';

/** Entries of `processors`; those of `FORGETFUL` begin anew with a process. */
const DURABLE = [
  '{ type: multiline }',
  '{ type: multiline, languages: [java, python] }',
  "{ type: multiline, start: '^#' }",
  '{ type: parse, format: json }',
  '{ type: parse, format: logfmt }',
  '{ type: parse, format: auto }',
  "{ type: parse, format: regex, pattern: '(?P<word>[a-z]+) (?P<number>\\d+)' }",
  '{ type: level }',
  '{ type: timestamp, fields: [ts], formats: [unix] }',
  `{ type: filter, drop: ['|= "drop me"'] }`,
  '{ type: redact }',
  '{ type: labels, add: { team: shop }, from_fields: { level: level } }',
  `{ type: level, match: '{stream="stderr"}' }`,
];
const FORGETFUL = [
  // It remembers how many repetitions there were, but not of which line.
  '{ type: dedupe }',
  '{ type: sample, rate: 0.5 }',
  '{ type: rate_limit, lines_per_second: 3, burst: 3 }',
];

const made = new Map<string, (name: string) => ChainEntry>();

beforeAll(async () => {
  for (const entry of [...DURABLE, ...FORGETFUL]) {
    const { config } = loadConfig({ text: `processors: [${entry}]`, env: {}, cwd: '/' });
    const [processor] = config.processors;
    const make = await processorMaker(processor.type);
    made.set(entry, (name) => entryOf(make(name, processor, { log: silentLogger }), processor.match));
  }
});

const text = fc.oneof(
  fc.constantFrom(
    'java.lang.IllegalStateException: no',
    '\tat com.example.Shop.main(Shop.java:3)',
    'Caused by: java.io.IOException: gone',
    '\t... 3 more',
    'Traceback (most recent call last):',
    '  File "shop.py", line 3, in <module>',
    'ValueError: no',
    'drop me',
    'again',
    'again',
    '',
    'GET https://ann:pa55word@example.org/ 200',
    'password=correct-horse level=warn count=7',
  ),
  fc
    .record({
      ts: fc.integer({ min: 1, max: 2_000_000_000 }),
      level: fc.constantFrom('info', 'error'),
      word: fc.string(),
    })
    .map((object) => JSON.stringify(object)),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
);
const line = fc.record({ text, isError: fc.boolean() });

interface Case {
  readonly lines: readonly { readonly text: string; readonly isError: boolean }[];
  readonly cuts: readonly number[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  lines: fc.array(line, { minLength: 1, maxLength: 40 }),
  cuts: fc.array(fc.nat(6)),
});

const MARK = /place-(\d+)-of-it/g;

/** Half of the lines tell their place. */
function inLines({ lines }: Case): InLine[] {
  return lines.map(({ text, isError }, n) => ({
    text: n % 2 === 0 ? `${text} place-${n}-of-it` : text,
    labels: { container: 'web', stream: isError ? 'stderr' : 'stdout' },
    seconds: 1_700_000_000 + n,
  }));
}

function run(
  chain: readonly string[],
  lines: readonly InLine[],
  cuts: readonly number[],
  kills: boolean,
): StageKit {
  const kit = new StageKit(() =>
    chain.map((entry, i) => (made.get(entry) as (name: string) => ChainEntry)(`p${i}`)),
  );
  let at = 0;
  for (const [i, size] of [...cuts, lines.length].entries()) {
    kit.push(lines.slice(at, at + size));
    at += size;
    if (kills && i % 2 === 1) kit.kill();
  }
  return kit.flush();
}

/** A label that is made of a field divides a stream: order is a stream's. */
function byStream(out: readonly OutLine[]): Record<string, readonly OutLine[]> {
  const streams: Record<string, OutLine[]> = {};
  for (const row of out) (streams[row.stream] ??= []).push(row);
  return streams;
}

function expectOrder(out: readonly OutLine[]): void {
  for (const rows of Object.values(byStream(out))) {
    const marks = rows.flatMap(({ text }) => [...text.matchAll(MARK)].map(([, n]) => Number(n)));
    expect(marks).toEqual([...new Set(marks)].sort((a, b) => a - b));
  }
}

const chains = (entries: readonly string[]) =>
  fc.array(fc.constantFrom(...entries), { minLength: 1, maxLength: 5 });

test('any split gives the same lines, in order, and an account that adds up', () => {
  fc.assert(
    fc.property(chains([...DURABLE, ...FORGETFUL]), cases, (chain, each) => {
      const lines = inLines(each);
      const whole = run(chain, lines, [], false);
      const split = run(chain, lines, each.cuts, false);
      expectOrder(whole.out);
      expect(byStream(split.out)).toEqual(byStream(whole.out));
      expect(split.told).toEqual({ ...whole.told, held: 0 });
    }),
    { numRuns: 400 },
  );
});

test('kills between pushes change nothing', () => {
  fc.assert(
    fc.property(chains(DURABLE), cases, (chain, each) => {
      const lines = inLines(each);
      const whole = run(chain, lines, [], false);
      const killed = run(chain, lines, each.cuts, true);
      expectOrder(killed.out);
      expect(byStream(killed.out)).toEqual(byStream(whole.out));
    }),
    { numRuns: 400 },
  );
});
