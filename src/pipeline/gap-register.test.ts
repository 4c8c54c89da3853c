import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../runtime/log.js';
import type { Position } from './contract.js';
import { GapRegister, type GapStore, MAX_GAPS, type ToldGap } from './gap-register.js';
import { GAP_REASONS, type Gap } from './gaps.js';
import type { LineTime } from './line-time.js';

/** As the journal keeps positions: in JSON. */
class Positions implements GapStore {
  readonly all = new Map<string, string>();

  position(key: string): Position | undefined {
    const text = this.all.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as Position);
  }

  positionKeys(prefix: string): string[] {
    return [...this.all.keys()].filter((key) => key.startsWith(prefix));
  }

  setPosition(key: string, position: Position | undefined): void {
    if (position === undefined) this.all.delete(key);
    else this.all.set(key, JSON.stringify(position));
  }
}

let positions: Positions;
let nowMs: number;
let said: string[];

beforeEach(() => {
  positions = new Positions();
  nowMs = 1_700_000_000_000;
  said = [];
});

const open = (): GapRegister => {
  const log = { ...silentLogger, warn: (_: object, text: string) => void said.push(text) };
  return new GapRegister(positions, log, () => nowMs);
};

function at(seconds: number): LineTime {
  return { seconds, nanos: 0 };
}

const gap = (over: Partial<Gap> = {}): Gap => ({
  container: 'web',
  why: 'rotated',
  from: at(10),
  to: at(20),
  ...over,
});
const lost = (over: Partial<Gap> = {}): Gap => gap({ sink: 'loki', why: 'cap', lines: 5, ...over });
const shown = ({ newest }: GapRegister): unknown[] =>
  newest.map(({ number, container, why, sink, from, to, lines }) => [
    number,
    container,
    why,
    sink,
    from?.seconds,
    to?.seconds,
    lines,
  ]);

test('what is told is said in a sentence, and durable once the caller commits it', () => {
  const register = open();
  const { key, position } = register.tell(gap({ lines: 3 }));
  expect(said).toEqual([
    'web: 3 lines from 1970-01-01T00:00:10.000000000Z to 1970-01-01T00:00:20.000000000Z are missing: the log rotated faster than it could be read.',
  ]);
  expect([...register.counts].filter(([, count]) => count > 0)).toEqual([['rotated', 1]]);
  expect(open().newest).toEqual([]);
  positions.setPosition(key, position);
  expect(open().newest).toEqual(register.newest);
});

test('every reason is counted from the beginning on', () => {
  expect([...open().counts.keys()]).toEqual([...GAP_REASONS]);
});

test('the list is the newest thousand, over restarts, the newest first', () => {
  let register = open();
  for (let i = 1; i <= MAX_GAPS + 20; i++) {
    if (i % 250 === 0) register = open();
    register.note(gap({ container: `c${i}` }));
  }
  for (const one of [register, open()]) {
    expect(one.newest).toHaveLength(MAX_GAPS);
    expect(one.newest[0]).toMatchObject({ number: MAX_GAPS + 20, container: `c${MAX_GAPS + 20}` });
    expect(one.newest.at(-1)).toMatchObject({ number: 21, container: 'c21' });
    expect(one.byContainer().get('c21')).toBe(1);
    expect(one.byContainer().has('c20')).toBe(false);
  }
  expect(positions.all.size).toBe(MAX_GAPS);
});

describe("a sink's losses", () => {
  test('are one gap by container and reason while they go on, which grows', () => {
    const register = open();
    register.extend(lost());
    nowMs += 59_999;
    register.extend(lost({ from: at(20), to: at(40), lines: 7 }));
    register.extend(lost({ container: 'db' }));
    register.extend(lost({ why: 'damaged' }));
    register.extend(lost({ sink: 'other' }));
    nowMs += 59_999;
    register.extend(lost({ from: at(5), to: at(6) }));
    const expected = [
      [4, 'web', 'cap', 'other', 10, 20, 5],
      [3, 'web', 'damaged', 'loki', 10, 20, 5],
      [2, 'db', 'cap', 'loki', 10, 20, 5],
      [1, 'web', 'cap', 'loki', 5, 40, 17],
    ];
    expect(shown(register)).toEqual(expected);
    expect(shown(open())).toEqual(expected);
    expect(register.counts.get('cap')).toBe(3);
    // Whoever loses them tells it.
    expect(said).toEqual([]);
  });

  test('after a minute without any they are another one', () => {
    const register = open();
    register.extend(lost());
    nowMs += 60_000;
    register.extend(lost());
    expect(shown(register)).toEqual([
      [2, 'web', 'cap', 'loki', 10, 20, 5],
      [1, 'web', 'cap', 'loki', 10, 20, 5],
    ]);
  });

  test('have no number, and no time, once one of them has none', () => {
    const register = open();
    register.extend(lost());
    register.extend(lost({ from: undefined, to: undefined, lines: undefined }));
    expect(shown(register)).toEqual([[1, 'web', 'cap', 'loki', undefined, undefined, undefined]]);
  });
});

test('what another version wrote is passed over', () => {
  for (const [i, position] of [
    null,
    'x',
    7,
    [],
    {},
    { number: 1, toldMs: 1, container: 'web', why: 'new' },
  ].entries())
    positions.setPosition(`gaps/${i}`, position);
  const register = open();
  register.note(gap());
  expect(shown(register)).toEqual([[1, 'web', 'rotated', undefined, 10, 20, undefined]]);
});

test('whatever is noted, and however often it starts again, the list is the same', () => {
  const time = fc.option(fc.record({ seconds: fc.nat(), nanos: fc.nat(999_999_999) }), { nil: undefined });
  const anyGap: fc.Arbitrary<Gap> = fc.record(
    {
      container: fc.string(),
      why: fc.constantFrom(...GAP_REASONS),
      from: time,
      to: time,
      detail: fc.string(),
      lines: fc.nat(),
      sink: fc.constantFrom('loki', 'local'),
    },
    { requiredKeys: ['container', 'why', 'from', 'to'] },
  );
  const step = fc.record({
    gap: anyGap,
    grows: fc.boolean(),
    restarts: fc.boolean(),
    passes: fc.nat(40_000),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      positions = new Positions();
      let register = open();
      for (const { gap, grows, restarts, passes } of steps) {
        nowMs += passes;
        if (grows) register.extend(gap);
        else register.note(gap);
        const before: readonly ToldGap[] = register.newest;
        if (restarts) register = open();
        expect(register.newest).toEqual(before);
      }
    }),
  );
});
