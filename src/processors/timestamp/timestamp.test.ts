import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TimestampProcessorConfig } from '../../config/processor-types.js';
import { type InLine, StageKit } from '../../pipeline/testing/stage-kit.js';
import { TIME_FORMATS } from './formats.js';
import { createTimestampProcessor } from './index.js';

const DEFAULTS: TimestampProcessorConfig = {
  type: 'timestamp',
  fields: ['time', 'ts'],
  formats: TIME_FORMATS,
  timezone: 'UTC',
  tooOld: 'keep',
  maxBehindMs: 3_600_000,
  tooNew: 'refuse',
  maxAheadMs: 600_000,
};
/** 2026-11-22T12:00:00Z */
const NOON = 1_795_348_800;

function kitOf(config: Partial<TimestampProcessorConfig> = {}) {
  const processor = createTimestampProcessor('timestamp', { ...DEFAULTS, ...config });
  return { processor, kit: new StageKit(() => [processor]) };
}

/** `at`: seconds behind noon by the runtime's clock; `told`: what the field `time` says, `T` standing for the day. */
function line(at: number, told?: string, labels = { app: 'a' }): InLine {
  const seconds = Math.floor(at);
  return {
    text: `${at} ${told}`,
    labels,
    seconds: NOON + seconds,
    nanos: Math.round((at - seconds) * 1e9),
    ...(told !== undefined && { fields: [['time', told.replace('T', '2026-11-22T')] as const] }),
  };
}

/** Seconds behind noon and nanoseconds. */
function timesOf(kit: StageKit): (readonly [number, number])[] {
  return kit.out.map(({ seconds, nanos }) => [seconds - NOON, nanos] as const);
}

describe('The time of a line', () => {
  test('is what its first field says, in its zone', () => {
    const { kit, processor } = kitOf({ timezone: 'Europe/Berlin' });
    kit.push([
      line(1, 'T12:00:00.5Z'),
      line(2, 'T13:00:01'),
      {
        ...line(3),
        fields: [
          ['ts', String(NOON + 2)],
          ['time', `${NOON + 3}.25`],
        ],
      },
      { ...line(4), fields: [['ts', `${NOON + 4}000`]] },
    ]);
    expect(timesOf(kit)).toEqual([
      [0, 500_000_000],
      [1, 0],
      [3, 250_000_000],
      [4, 0],
    ]);
    expect(processor.figures.lines).toBe(4);
    expect([...processor.figures.done, ...processor.figures.failed]).toEqual([]);
  });

  test('that is written in no known way moves as far as the line before it; it is marked and counted', () => {
    const { kit, processor } = kitOf();
    kit.push([line(100, 'T12:00:10Z'), line(101, 'noon'), line(102, 'T99:00:00Z'), line(103, ''), line(104)]);
    expect(timesOf(kit)).toEqual([10, 11, 12, 13, 14].map((seconds) => [seconds, 0]));
    expect(kit.out.map(({ fields }) => fields['processing_error'])).toEqual([
      undefined,
      ...Array.from({ length: 3 }, () => 'timestamp: format'),
      undefined,
    ]);
    expect([...processor.figures.failed]).toEqual([['format', 3]]);
  });

  test('of lines without any, and before the first that tells it, is the runtime’s', () => {
    const { kit } = kitOf();
    kit.push([line(1), line(2.5), line(3, 'T11:59:53Z'), line(4.25)]);
    expect(timesOf(kit)).toEqual([
      [1, 0],
      [2, 500_000_000],
      [2, 500_000_001],
      [2, 500_000_002],
    ]);
    const other = kitOf().kit.push([line(3.75, 'T11:59:53.9Z'), line(4.25), line(4.95)]);
    expect(timesOf(other)).toEqual([
      [-7, 900_000_000],
      [-6, 400_000_000],
      [-5, 100_000_000],
    ]);
  });

  test('of a year that is missing, across the end of the year', () => {
    const { kit } = kitOf({ fields: ['time'], formats: ['syslog'], maxAheadMs: 1e9 });
    kit.push([
      { ...line(0), seconds: Date.UTC(2027, 0, 1, 0, 0, 5) / 1000, fields: [['time', 'Dec 31 23:59:59']] },
    ]);
    expect(kit.out[0].seconds).toBe(Date.UTC(2026, 11, 31, 23, 59, 59) / 1000);
  });
});

describe('A time that is far from the runtime’s', () => {
  const old = 'T10:59:59.999Z';
  const soon = 'T12:10:00.001Z';
  test.each<[string, TimestampProcessorConfig['tooOld'], readonly [number, number], string | undefined]>([
    ['T11:00:00Z', 'refuse', [-3600, 0], undefined],
    [old, 'keep', [-3601, 999_000_000], 'too_old'],
    [old, 'clamp', [-3600, 0], 'too_old'],
    [old, 'refuse', [0, 0], 'too_old'],
    ['T12:10:00Z', 'refuse', [600, 0], undefined],
    [soon, 'keep', [600, 1_000_000], 'too_new'],
    [soon, 'clamp', [600, 0], 'too_new'],
    [soon, 'refuse', [0, 0], 'too_new'],
  ])('%s: %s', (told, deed, time, counted) => {
    const { kit, processor } = kitOf({ tooOld: deed, tooNew: deed });
    kit.push([line(0, told)]);
    expect(timesOf(kit)).toEqual([time]);
    expect([...processor.figures.done]).toEqual(counted ? [[counted, 1]] : []);
    expect(kit.out[0].fields).not.toHaveProperty('processing_error');
  });

  test('what is clamped keeps the runtime’s nanoseconds, and limits may have milliseconds', () => {
    const { kit } = kitOf({ tooOld: 'clamp', maxBehindMs: 1500, tooNew: 'clamp', maxAheadMs: 700 });
    kit.push([line(0.25, 'T11:00:00Z'), line(0.5, 'T13:00:00Z')]);
    expect(timesOf(kit)).toEqual([
      [-2, 750_000_000],
      [1, 200_000_000],
    ]);
  });

  test('beyond what a time can be is in no known form', () => {
    const { kit } = kitOf({ tooNew: 'keep', tooOld: 'keep', formats: ['rfc3339'] });
    kit.push([
      { ...line(0), fields: [['time', '2107-01-01T00:00:00Z']] },
      { ...line(1), fields: [['time', '1969-12-31T23:59:59Z']] },
    ]);
    expect(timesOf(kit)).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(kit.out.map(({ fields }) => fields['processing_error'])).toEqual([
      'timestamp: format',
      'timestamp: format',
    ]);
  });
});

describe('Times of a stream increase', () => {
  test('by a nanosecond where they would not, each stream by itself', () => {
    const { kit, processor } = kitOf();
    const b = { app: 'b' };
    kit.push([
      line(1, 'T12:00:01.999999999Z'),
      line(2, 'T12:00:01.999999999Z'),
      line(3, 'T12:00:01Z', b),
      line(4, 'T12:00:00Z'),
      line(5, 'T12:00:02.000000005Z'),
    ]);
    expect(timesOf(kit)).toEqual([
      [1, 999_999_999],
      [2, 0],
      [1, 0],
      [2, 1],
      [2, 5],
    ]);
    expect([...processor.figures.done]).toEqual([['moved_on', 2]]);
  });

  test('also over a kill, and the next lines move as far as those before it', () => {
    const { kit } = kitOf();
    kit.push([line(10, 'T12:00:05.5Z')]).kill();
    kit
      .push([line(9, 'T12:00:01Z'), line(12.75)])
      .kill()
      .kill();
    kit.push([line(13), line(14, 'T12:00:00Z', { app: 'b' })]);
    expect(timesOf(kit)).toEqual([
      [5, 500_000_000],
      [5, 500_000_001],
      // That was told at 9 was told to be 8 seconds earlier.
      [5, 500_000_002],
      [5, 500_000_003],
      [0, 0],
    ]);
  });

  test('what is remembered is of the 256 streams that came last', () => {
    const { kit } = kitOf();
    for (let i = 0; i < 300; i++) kit.push([line(0, 'T12:00:00Z', { app: String(i) })]);
    const memory = kit.save()?.stages[0]?.memory;
    expect(Object.keys(memory as object)).toEqual(Array.from({ length: 256 }, (_, i) => `{app="${i + 44}"}`));
  });
});

test('streams that it is not for keep their times', () => {
  const { processor } = kitOf();
  const kit = new StageKit(() => [{ processor, match: (labels) => labels['app'] === 'a' }]);
  kit.push([line(5, 'T12:00:00Z', { app: 'b' }), line(6, 'T12:00:00Z'), line(4, 'T12:00:00Z', { app: 'b' })]);
  expect(timesOf(kit).map(([seconds]) => seconds)).toEqual([5, 0, 4]);
});

test('any lines, in any batches and with kills between them: the same times, and they increase', () => {
  const told = fc.constantFrom(
    undefined,
    'x',
    'T11:59:59Z',
    'T12:00:00.999999999Z',
    'T12:00:03Z',
    'T10:00:00Z',
    'T14:00:00Z',
  );
  const lines = fc.array(
    fc
      .tuple(fc.integer({ min: 0, max: 8 }), told, fc.constantFrom('a', 'b'))
      .map(([quarter, time, app]) => line(quarter / 4, time, { app })),
    { maxLength: 12 },
  );
  const cuts = fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 4 });
  const deed = fc.constantFrom<TimestampProcessorConfig['tooOld']>('keep', 'clamp', 'refuse');
  fc.assert(
    fc.property(lines, cuts, deed, deed, (lines, cuts, tooOld, tooNew) => {
      const whole = kitOf({ tooOld, tooNew }).kit.push(lines);
      const { kit } = kitOf({ tooOld, tooNew });
      let from = 0;
      for (const [length, isKilled] of [...cuts, [lines.length, false] as const]) {
        kit.push(lines.slice(from, from + length));
        if (isKilled) kit.kill();
        from += length;
      }
      expect(kit.out).toEqual(whole.out);
      for (const stream of ['{app="a"}', '{app="b"}']) {
        const times = whole.out
          .filter((line) => line.stream === stream)
          .map(({ seconds, nanos }) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
        for (const [i, time] of times.entries()) if (i > 0) expect(time > times[i - 1]).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
