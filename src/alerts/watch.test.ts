import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Batch } from '../pipeline/batch.js';
import { fieldName, Metadata } from '../pipeline/metadata.js';
import { CATCH_UP_LABEL, type Stream, StreamTable } from '../pipeline/streams.js';
import { randomOf } from '../regex/testing/hostile.js';
import type { Alert } from './alert.js';
import { AlertWatch } from './watch.js';

const ALERT: Alert = {
  id: '1',
  name: 'a',
  query: '{container="web"} |= "x"',
  threshold: 3,
  windowSeconds: 10,
  coolDownSeconds: 20,
  sendResolved: false,
  webhook: { type: 'json', url: 'http://127.0.0.1/' },
  enabled: true,
};
/** When the lines were written. */
const WRITTEN_S = 1_700_000_000;
const wall = (): number => WRITTEN_S * 1000;
const streams = new StreamTable();
const web = streams.acquire({ container: 'web', stream: 'stderr' });
const streamOf = (id: number): Stream | undefined => streams.get(id);

function lines(...texts: readonly (string | readonly [Stream, string])[]): Batch {
  const batch = new Batch(Buffer.alloc(64 * 1024, 'x'), 100);
  let at = 0;
  for (const given of texts) {
    const [stream, text] = typeof given === 'string' ? [web, given] : given;
    const end = at + batch.arena.write(text, at);
    batch.add(at, end, stream.id, WRITTEN_S, 5, 0);
    at = end;
  }
  return batch;
}

describe('an alert', () => {
  test('fires once when the window holds enough, and again when it cooled down and still does', () => {
    let now = 1_000_500;
    const watch = new AlertWatch(ALERT, () => now, wall);
    const pass = (count: number): number | undefined => {
      watch.onBatch(lines(...Array.from({ length: count }, () => 'x')), streamOf);
      return watch.firing()?.matches;
    };
    expect([pass(2), watch.state]).toEqual([undefined, 'ok']);
    now += 9_000;
    expect([pass(1), watch.state]).toEqual([3, 'firing']);
    expect([pass(5), watch.matches]).toEqual([undefined, 8]);
    now += 10_000;
    expect([watch.firing(), watch.matches, watch.state]).toEqual([undefined, 0, 'cooling']);
    now += 9_999;
    expect([pass(4), watch.state]).toEqual([undefined, 'firing']);
    now += 1;
    expect(watch.firing()?.matches).toBe(4);
    now += 20_000;
    expect([watch.firing(), watch.state]).toEqual([undefined, 'ok']);
  });

  test('is over once, when the window holds too few again', () => {
    let now = 1_000_500;
    const watch = new AlertWatch(ALERT, () => now, wall);
    const pass = (count: number): readonly [fires: boolean, isOver: boolean] => {
      watch.onBatch(lines(...Array.from({ length: count }, () => 'x')), streamOf);
      const fires = watch.firing() !== undefined;
      return [fires, watch.isOver()];
    };
    expect(pass(2)).toEqual([false, false]);
    expect(pass(1)).toEqual([true, false]);
    now += 9_000;
    expect(pass(0)).toEqual([false, false]);
    now += 1_000;
    expect([pass(2), pass(0)]).toEqual([
      [false, true],
      [false, false],
    ]);
    // Enough again while it cools down: that does not fire, so that it is not over either.
    expect(pass(1)).toEqual([false, false]);
    now += 10_000;
    expect(pass(3)).toEqual([true, false]);
    now += 10_000;
    expect(pass(0)).toEqual([false, true]);
  });

  test('is about fields too, and its samples have the level that a field tells', () => {
    const watch = new AlertWatch({ ...ALERT, query: '| status>=500', threshold: 2 }, () => 0, wall);
    const batch = lines('x one', 'x two', 'x three', 'x four');
    const metadata = new Metadata(batch.capacity);
    for (const [row, status] of ['500', '404', '503'].entries()) {
      metadata.addText(row, fieldName('status'), status);
      metadata.addText(row, fieldName('level'), 'error');
    }
    batch.metadata = metadata;
    watch.onBatch(batch, streamOf);
    expect(watch.firing()).toMatchObject({
      matches: 2,
      samples: [
        { line: 'x one', level: 'error' },
        { line: 'x three', level: 'error' },
      ],
    });
  });

  test('counts as a plain list of times does, whatever the steps', () => {
    const step = fc.record({ ms: fc.nat({ max: 15_000 }), lines: fc.nat({ max: 4 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(step),
        fc.nat({ max: 10_000 }),
        (window, steps, first) => {
          let now = first;
          const watch = new AlertWatch({ ...ALERT, windowSeconds: window }, () => now, wall);
          const seconds: number[] = [];
          for (const { ms, lines: count } of steps) {
            now += ms;
            watch.onBatch(lines(...Array.from({ length: count }, () => 'x')), streamOf);
            const second = Math.floor(now / 1000);
            for (let i = 0; i < count; i++) seconds.push(second);
            expect(watch.matches).toBe(seconds.filter((at) => at > second - window).length);
          }
        },
      ),
    );
  });

  test('counts apart what would take too long to judge', () => {
    const random = randomOf(1);
    const costly = Array.from({ length: 50_000 }, () => (random() < 0.5 ? 'a' : 'b')).join('');
    const watch = new AlertWatch({ ...ALERT, query: '|~ "a.{150}[cd]$"' }, () => 0, wall);
    watch.onBatch(lines('x', costly, `a${'.'.repeat(150)}c`), streamOf);
    expect([watch.matches, watch.unjudged, watch.isTooExpensive]).toEqual([1, 1, false]);
  });

  test('is about live lines that match, and keeps the newest three', () => {
    const watch = new AlertWatch({ ...ALERT, threshold: 4 }, () => 0, wall);
    const old = streams.acquire({ container: 'web', [CATCH_UP_LABEL]: 'true' });
    const other = streams.acquire({ container: 'db' });
    watch.onBatch(lines('x 1', [old, 'x'], [other, 'x'], 'y', 'x 2'), streamOf);
    expect(watch.matches).toBe(2);
    watch.onBatch(lines('x 3 level=error', 'nothing', 'x 4'), streamOf);
    expect(watch.firing()).toEqual({
      matches: 4,
      samples: ['x 2', 'x 3 level=error', 'x 4'].map((line) => ({
        time: '2023-11-14T22:13:20.000000005Z',
        container: 'web',
        stream: 'stderr',
        level: line.includes('error') ? 'error' : 'unknown',
        line,
      })),
    });
  });

  test('does not count lines that were written before the window, as they are read at a first start', () => {
    let wallMs = WRITTEN_S * 1000;
    const watch = new AlertWatch(
      ALERT,
      () => 0,
      () => wallMs,
    );
    const matchesAfter = (seconds: number): number => {
      wallMs = (WRITTEN_S + seconds) * 1000;
      watch.onBatch(lines('x'), streamOf);
      return watch.matches;
    };
    // A window of 10 s, and a minute for clocks that differ.
    expect([-3600, 0, 70, 71, 3600].map(matchesAfter)).toEqual([1, 2, 3, 3, 3]);
  });

  test('makes no text of lines that do not match, nor of those that it does not keep', () => {
    const watch = new AlertWatch(ALERT, () => 0, wall);
    const batch = lines('x 1', 'y', 'x 2', 'x 3', 'x 4');
    let decoded = 0;
    batch.arena.toString = (...args) => {
      decoded++;
      return Buffer.prototype.toString.apply(batch.arena, args);
    };
    watch.onBatch(batch, streamOf);
    expect(decoded).toBe(3);
  });

  test('that takes more than half of the time is given up', () => {
    let now = 0;
    let looks = 0;
    // Of each second the batch takes nine tenths.
    const watch = new AlertWatch(ALERT, () => (now += looks++ % 2 === 0 ? 900 : 100), wall);
    let batches = 0;
    while (!watch.isTooExpensive && batches < 100) {
      watch.onBatch(lines('y'), streamOf);
      batches++;
    }
    expect(batches).toBeLessThan(20);
    watch.onBatch(lines('x'), streamOf);
    expect(watch.matches).toBe(0);
  });
});
