import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Line } from './line.js';
import { LineStore, type Row, type Side, type StoreWatcher } from './line-store.js';

const TEXTS = [
  'Error: no',
  '    at f (/a.js:1:1)',
  '\tat g',
  'GET / 200',
  'Traceback (most recent call last):',
  'KeyError: 1',
  '',
];

let serial = 0;
function line(container: string, text: string, more: Partial<Line> = {}): Line {
  // Each is another one, within five seconds of all others.
  const nanos = String(serial++ % 1_000_000_000).padStart(9, '0');
  return {
    time: `2026-11-22T10:00:00.${nanos}Z`,
    container,
    stream: 'stdout',
    level: 'unknown',
    line: text,
    ...more,
  };
}

function texts(store: LineStore): unknown[] {
  return store.rows.map((row) =>
    row.break ? row.break.words : [row.line?.line, ...row.rest.map(({ line }) => line)],
  );
}

/** Follows a store as a view does. */
class Mirror implements StoreWatcher {
  rows: (Row | undefined)[] = [];
  readonly #store: LineStore;

  constructor(store: LineStore) {
    this.#store = store;
    store.watch(this);
  }

  added(side: Side, count: number): void {
    if (side === 'bottom') this.rows.push(...this.#store.rows.slice(-count));
    else this.rows.unshift(...this.#store.rows.slice(0, count));
  }

  dropped(side: Side, count: number): void {
    this.rows.splice(side === 'top' ? 0 : -count, count);
  }

  changed(row: Row): void {
    expect(this.#store.rows[this.#store.place(row)]).toBe(row);
  }

  cleared(): void {
    this.rows = [];
  }
}

const batch = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom(...TEXTS), fc.boolean()), {
  maxLength: 12,
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ is: fc.constant('newer' as const), batch }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('older' as const), batch }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('break' as const), batch }) },
);

it('no line is lost, doubled or moved before another of its container, in either order, and a view that follows has the same rows', () => {
  fc.assert(
    fc.property(fc.constantFrom('oldest', 'newest'), fc.array(step, { maxLength: 12 }), (top, steps) => {
      const store = new LineStore(top, { lines: 60, chars: 1e9 });
      const mirror = new Mirror(store);
      let expected: Line[] = [];
      let hasDropped = false;
      for (const { is, batch } of steps) {
        const lines = batch.map(([container, text, isGap]) =>
          line(container, text, isGap ? { gap: 'rotated', stream: '' } : {}),
        );
        if (is === 'break') {
          store.addBreak({ words: 'here' });
        } else if (is === 'newer') {
          store.addNewer(lines);
          expected.push(...lines);
          hasDropped ||= store.lines < expected.length;
        } else if (!hasDropped) {
          const taken = store.addOlder(lines);
          expected = [...lines.slice(0, taken).toReversed(), ...expected];
        }
        expect(mirror.rows).toEqual(store.rows);
        expect(store.rows.map((row) => store.place(row))).toEqual(store.rows.map((_row, at) => at));
        expect(store.lines).toBeLessThanOrEqual(60);
      }
      const rows = top === 'oldest' ? store.rows : store.rows.toReversed();
      const shown = rows.flatMap(({ line, rest }) => (line ? [line, ...rest] : []));
      const keys = ['a', 'b'].flatMap((container) => [`${container} stdout`, `${container} `]);
      for (const key of keys) {
        const own = shown.filter((one) => `${one.container} ${one.stream}` === key);
        const all = expected.filter((one) => `${one.container} ${one.stream}` === key);
        expect(own).toEqual(all.slice(all.length - own.length));
      }
      const breaks = rows.filter((row) => row.break).length;
      expect(shown.length + breaks).toBe(store.lines);
      const dropsAre = steps.some(({ is }) => is === 'break') || hasDropped;
      if (!dropsAre) expect(shown).toHaveLength(expected.length);
    }),
  );
});

describe('texts of several lines', () => {
  const trace = ['Error: no', '    at f (/a.js:1:1)', '    at g (/a.js:2:1)'];

  it('are one row, though lines of others come between, in one batch or in many', () => {
    const store = new LineStore('oldest');
    store.addNewer([line('a', trace[0]), line('b', 'x'), line('a', trace[1])]);
    store.addNewer([line('b', 'y'), line('a', trace[2]), line('a', 'next')]);
    expect(texts(store)).toEqual([trace, ['x'], ['y'], ['next']]);
  });

  it('are one row where they come newest first, and where the head comes later than the rest', () => {
    const store = new LineStore('newest');
    store.addOlder([line('a', 'next'), line('a', trace[2])]);
    store.addOlder([line('a', trace[1])]);
    expect(texts(store)).toEqual([['next'], [trace[1], trace[2]]]);
    store.addOlder([line('b', 'x'), line('a', trace[0]), line('a', 'before')]);
    expect(texts(store)).toEqual([['next'], trace, ['x'], ['before']]);
  });

  it('are not one across a gap, across outputs, or across more than five seconds', () => {
    const store = new LineStore('oldest');
    store.addNewer([
      line('a', trace[0]),
      line('a', 'missing', { gap: 'rotated', stream: '' }),
      line('a', trace[1]),
    ]);
    store.addNewer([line('a', trace[2], { stream: 'stderr' })]);
    store.addNewer([line('b', trace[0]), line('b', trace[1], { time: '2026-11-22T10:00:09.000000000Z' })]);
    expect(texts(store)).toEqual([[trace[0]], ['missing'], [trace[1]], [trace[2]], [trace[0]], [trace[1]]]);
  });

  it('a row that is gone takes nothing any more', () => {
    const store = new LineStore('oldest', { lines: 2, chars: 1e9 });
    store.addNewer([line('a', trace[0])]);
    store.addNewer([line('b', 'x'), line('b', 'y')]);
    store.addNewer([line('a', trace[1])]);
    expect(texts(store)).toEqual([['y'], [trace[1]]]);
  });
});

it('characters are bounded too, and the newest row stays however long it is', () => {
  const store = new LineStore('oldest', { lines: 100, chars: 10_000 });
  store.addNewer([line('a', 'x'.repeat(4_000)), line('a', 'y'.repeat(4_000)), line('a', 'z'.repeat(4_000))]);
  expect(texts(store)).toEqual([['y'.repeat(4_000)], ['z'.repeat(4_000)]]);
  store.addNewer([line('a', 'w'.repeat(40_000))]);
  expect(texts(store)).toEqual([['w'.repeat(40_000)]]);
  expect(store.addOlder([line('a', 'old')])).toBe(0);
});

it('older lines of several containers stay in the order in which they come', () => {
  const store = new LineStore('oldest');
  store.addOlder([line('a', '4'), line('b', '3'), line('a', '2'), line('b', '1')]);
  expect(texts(store)).toEqual([['1'], ['2'], ['3'], ['4']]);
});

it('as many older lines are taken as there is room for, the newest of them', () => {
  const store = new LineStore('oldest', { lines: 3, chars: 1e9 });
  store.addNewer([line('a', 'd')]);
  expect(store.isFull).toBe(false);
  expect(store.addOlder([line('a', 'c'), line('a', 'b'), line('a', 'a')])).toBe(2);
  expect(texts(store)).toEqual([['b'], ['c'], ['d']]);
  expect(store.isFull).toBe(true);
});

it('a change of a row tells whoever follows, and a row looks different then', () => {
  const store = new LineStore('oldest');
  const told: Row[] = [];
  store.addNewer([line('a', 'x')]);
  store.watch({ added() {}, dropped() {}, changed: (row) => told.push(row), cleared() {} });
  const [row] = store.rows;
  const { version } = row;
  store.update(row, { isExpanded: true });
  expect(told).toEqual([row]);
  expect(row.version).toBeGreaterThan(version);
  store.addNewer([line('a', '    at f')]);
  expect(told).toEqual([row, row]);
});
