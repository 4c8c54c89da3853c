import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeStreams } from './merge.js';

const time = fc.tuple(fc.nat(3), fc.nat(3));

test('lines of several streams come in the order of time, and never change places within a stream', () => {
  fc.assert(
    fc.property(fc.array(fc.array(time, { maxLength: 8 }), { minLength: 1, maxLength: 4 }), (streams) => {
      const times = streams.flat();
      const seconds = times.map(([second]) => second);
      const nanos = times.map(([, nano]) => nano);
      const bounds = streams.reduce((all, stream) => [...all, all[all.length - 1] + stream.length], [0]);
      const rows = Uint32Array.from(times.keys());
      const merged = new Uint32Array(times.length);
      const chosen = [...streams.keys()];
      expect(mergeStreams({ seconds, nanos }, rows, chosen, bounds, merged)).toBe(times.length);

      const streamOf = (row: number): number => bounds.findLastIndex((bound) => bound <= row);
      const heads = bounds.slice(0, -1);
      for (const row of merged) {
        // The next one of its stream, and none of the other streams' next lines is earlier.
        const stream = streamOf(row);
        expect(row).toBe(heads[stream]);
        for (const other of chosen) {
          if (heads[other] === bounds[other + 1]) continue;
          const head = heads[other];
          const isEarlier =
            seconds[head] < seconds[row] || (seconds[head] === seconds[row] && nanos[head] < nanos[row]);
          expect(isEarlier).toBe(false);
        }
        heads[stream]++;
      }
    }),
  );
});

test('orderly streams are merged into one sorted by time', () => {
  const seconds = [1, 3, 5, 2, 2, 6];
  const nanos = [0, 0, 0, 7, 8, 0];
  const merged = new Uint32Array(6);
  mergeStreams({ seconds, nanos }, Uint32Array.from([0, 1, 2, 3, 4, 5]), [0, 1], [0, 3, 6], merged);
  expect([...merged]).toEqual([0, 3, 4, 1, 2, 5]);
});
