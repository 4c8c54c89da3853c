import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bodies } from './bodies.js';

const MIB = 1024 * 1024;

test('a room is large enough, nobody else has it, and what was given back is used again', () => {
  const step = fc.oneof(
    fc.record({ bytes: fc.integer({ min: 1, max: 1.5 * MIB }) }),
    fc.record({ back: fc.nat(3) }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
      const bodies = new Bodies();
      const taken: Buffer[] = [];
      let free: Buffer[] = [];
      for (const step of steps) {
        if ('back' in step) {
          const [room] = taken.splice(step.back, 1);
          if (!room) continue;
          bodies.giveBack(room);
          free.push(room);
          while (free.reduce((sum, { length }) => sum + length, 0) > 4 * MIB) free.shift();
          continue;
        }
        const room = bodies.take(step.bytes);
        expect(room.length).toBeGreaterThanOrEqual(step.bytes);
        expect(room.buffer.byteLength).toBe(room.length);
        expect(taken.includes(room)).toBe(false);
        const fitting = free.filter(({ length }) => length >= step.bytes);
        if (fitting.length === 0) expect(room.length).toBeLessThan(step.bytes + 64 * 1024);
        else expect(room.length).toBe(Math.min(...fitting.map(({ length }) => length)));
        expect(free.includes(room)).toBe(fitting.length > 0);
        free = free.filter((other) => other !== room);
        taken.push(room);
      }
    }),
    { numRuns: 200 },
  );
});
