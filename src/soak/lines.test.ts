import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { PAYLOADS } from '../selftest/writer-script.js';
import { LineOracle, type Origin } from './lines.js';

const RUN = 'r1';
const NAME = 'soak-7';

interface Line {
  readonly text: string;
  readonly origin: Origin;
}

function line(output: 'o' | 'e', number: number, kind = 'medium', generation = 1): Line {
  return {
    text: `soak ${RUN} 7 ${generation} ${output} ${number} ${kind} ${PAYLOADS[kind]} ${number}`,
    origin: { container: NAME, output: output === 'o' ? 'stdout' : 'stderr' },
  };
}

function end(out: number, err: number, generation = 1): Line {
  return {
    text: `soak ${RUN} 7 ${generation} o ${out} end ${out},${err} ${out}`,
    origin: { container: NAME, output: 'stdout' },
  };
}

/** Three lines on stderr, four on stdout with the last one. */
const EXACT: readonly Line[] = [
  line('o', 1, 'short'),
  line('e', 1),
  line('o', 2, 'long'),
  line('e', 2),
  line('o', 3),
  line('e', 3, 'long'),
  end(4, 3),
];

let oracle: LineOracle;

beforeEach(() => {
  oracle = new LineOracle(RUN);
  oracle.expect(7, NAME);
});

/** What it objects to when these lines came and no more. */
function judge(lines: readonly Line[]): readonly string[] {
  for (const { text, origin } of lines) oracle.take(text, origin);
  oracle.finish();
  expect(oracle.faults).toHaveLength(oracle.faultCount);
  return oracle.faults;
}

describe('the oracle of a soak', () => {
  it('has no objection to what was written, and counts it', () => {
    expect(judge(EXACT)).toEqual([]);
    expect([oracle.seen, oracle.claimed]).toEqual([7, 7]);
  });

  it('lets the outputs overtake each other, over the end of a generation too', () => {
    const again = [line('o', 1, 'short', 2), end(2, 1, 2)];
    const err = [...EXACT.filter(({ origin }) => origin.output === 'stderr'), line('e', 1, 'short', 2)];
    const out = EXACT.filter(({ origin }) => origin.output === 'stdout');
    expect(judge([...out, ...again, ...err])).toEqual([]);
    expect([oracle.seen, oracle.claimed]).toEqual([10, 10]);
  });

  it('finds a line that is missing, in between and at an end', () => {
    expect(judge(EXACT.toSpliced(2, 1))).toEqual([`${NAME}: lines 2 to 2 of stdout are missing`]);
    oracle.expect(7, NAME);
    judge(EXACT.toSpliced(5, 1));
    expect(oracle.faults[1]).toBe(`${NAME}: 2 lines of stderr came, 3 were written`);
  });

  it('finds a line that came twice', () => {
    expect(judge(EXACT.toSpliced(4, 0, EXACT[3]))).toEqual([`${NAME}: line 2 of stderr again, after 2`]);
    oracle = new LineOracle(RUN);
    oracle.expect(7, NAME);
    const [late, next] = [EXACT[2], EXACT[4]];
    expect(judge(EXACT.with(2, next).with(4, late).toSpliced(5, 0, late))).toEqual([
      `${NAME}: line 2 of stdout again, after 3`,
    ]);
  });

  it('counts lines that came behind later ones, and waits for what is missing in between', () => {
    expect(judge(EXACT.with(2, EXACT[4]).with(4, EXACT[2]))).toEqual([]);
    expect([oracle.seen, oracle.late]).toEqual([7, 1]);
    oracle = new LineOracle(RUN);
    oracle.expect(7, NAME);
    const late = [line('e', 2), line('o', 3), line('o', 1, 'short'), line('o', 2, 'long')];
    for (const { text, origin } of [end(4, 3), line('e', 1), line('e', 3, 'long'), ...late]) {
      expect(oracle.incomplete).toBe(1);
      oracle.take(text, origin);
    }
    expect([oracle.seen, oracle.late, oracle.incomplete]).toEqual([7, 4, 0]);
    oracle.finish();
    expect(oracle.faults).toEqual([]);
  });

  it('finds a line in two pieces, a changed byte, and something else', () => {
    const { text, origin } = EXACT[2];
    const pieces = [text.slice(0, 16_384), text.slice(16_384)].map((piece) => ({ text: piece, origin }));
    const faults = judge(EXACT.toSpliced(2, 1, ...pieces));
    expect(faults).toHaveLength(3);
    expect(faults[0]).toContain(`${NAME}: `);
    expect(faults[1]).toContain('no line of this run');
    for (const changed of [text.replace('ä', 'a'), text.replace(/2$/, '3'), 'panic: out of memory']) {
      oracle = new LineOracle(RUN);
      oracle.expect(7, NAME);
      expect(judge(EXACT.with(2, { text: changed, origin }))[0]).toMatch(/is not whole|no line of this run/);
    }
  });

  it('finds a line under the name of another container or output, and of a container that nobody started', () => {
    const strange = { ...EXACT[1], origin: { container: 'other', output: 'stderr' } };
    expect(judge(EXACT.with(1, strange))[0]).toBe(`${NAME}: line 1 of stderr came as stderr of other`);
    oracle = new LineOracle(RUN);
    expect(judge([EXACT[0]])).toEqual([`${NAME}: line 1 of container 7, which is not live`]);
  });

  it('misses the last line, unless the container was killed', () => {
    expect(judge(EXACT.slice(0, -1))).toEqual([
      `${NAME}: its last line is missing; 3 lines of stdout and 3 of stderr came`,
    ]);
    oracle = new LineOracle(RUN);
    oracle.expect(7, NAME);
    oracle.expectNoEnd(7);
    expect(judge(EXACT.slice(0, -1))).toEqual([]);
  });

  it('takes for written what came of a container that was killed', () => {
    oracle.expectNoEnd(7);
    expect(judge(EXACT.slice(0, -2))).toEqual([]);
    expect([oracle.seen, oracle.claimed]).toEqual([5, 5]);
  });

  it('knows of generations of which nothing was written', () => {
    for (const starts of [2, 3]) {
      oracle.expectNoEnd(7);
      oracle.startedAgain(7, starts);
    }
    expect(oracle.incomplete).toBe(1);
    expect(judge([end(1, 0, 3)])).toEqual([]);
    expect([oracle.seen, oracle.claimed]).toEqual([1, 1]);
  });

  it('misses the last line of a generation that was not killed, though another one follows', () => {
    oracle.startedAgain(7, 2);
    expect(judge([...EXACT.slice(0, -1), end(1, 0, 2)])).toEqual([
      `${NAME}: its last line is missing; 3 lines of stdout and 3 of stderr came`,
    ]);
  });

  it('forgets a removed container once its lines are complete: what comes then is a fault', () => {
    oracle.removed(7);
    for (const { text, origin } of EXACT) oracle.take(text, origin);
    expect(judge([EXACT[6]])).toEqual([`${NAME}: line 4 of container 7, which is not live`]);
  });

  it('tells when the lines of all are complete, and not before', async () => {
    const told: string[] = [];
    const never = new AbortController();
    const done = oracle.complete(never.signal).then(() => told.push('complete'));
    for (const { text, origin } of EXACT.slice(0, -1)) oracle.take(text, origin);
    await Promise.resolve();
    expect([oracle.incomplete, told]).toEqual([1, []]);
    oracle.take(EXACT[6].text, EXACT[6].origin);
    await done;
    expect([oracle.incomplete, told]).toEqual([0, ['complete']]);
  });

  it('keeps a hundred faults and counts all', () => {
    const garbage = Array.from({ length: 150 }, () => ({ text: 'x', origin: EXACT[0].origin }));
    for (const { text, origin } of garbage) oracle.take(text, origin);
    expect([oracle.faults.length, oracle.faultCount]).toEqual([100, 150]);
  });

  it('objects to every other sequence of lines than the written ones, or counts what is late', () => {
    const place = fc.nat(EXACT.length);
    const sequences = fc.oneof(
      fc.array(fc.constantFrom(...EXACT), { maxLength: 9 }),
      fc.shuffledSubarray([...EXACT], { minLength: EXACT.length - 1 }),
      fc.tuple(place, fc.constantFrom(...EXACT)).map(([at, twice]) => EXACT.toSpliced(at, 0, twice)),
    );
    const orderOf = (lines: readonly Line[], output: string): string =>
      lines
        .filter(({ origin }) => origin.output === output)
        .map(({ text }) => text)
        .join('\n');
    fc.assert(
      fc.property(sequences, (lines) => {
        oracle = new LineOracle(RUN);
        oracle.expect(7, NAME);
        const isExact = ['stdout', 'stderr'].every(
          (output) => orderOf(lines, output) === orderOf(EXACT, output),
        );
        expect(judge(lines).length + oracle.late === 0).toBe(isExact);
      }),
    );
  });
});
