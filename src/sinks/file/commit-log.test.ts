import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryFiles, seeded } from '../../../test/support/memory-files.js';
import { Scope } from '../../runtime/scope.js';
import { CommitLog, type OutputState, replay, type SinkState } from './commit-log.js';

const PATH = '/state/commits';

const output = fc.record({
  generation: fc.integer({ min: 1, max: 9 }),
  length: fc.nat(999),
  openedMs: fc.nat(999),
});
const change = fc.record({
  cursor: fc.array(fc.nat(1e9), { minLength: 8, maxLength: 8 }),
  outputs: fc
    .dictionary(fc.constantFrom('a', 'b', 'c'), output)
    .map((record) => new Map(Object.entries(record))),
  durable: fc.boolean(),
});

interface Written {
  readonly bytes: Buffer;
  /** After each commit: the bytes so far, and the state that they stand for. */
  readonly steps: readonly { readonly end: number; readonly state: SinkState }[];
}

async function write(
  changes: readonly { cursor: number[]; outputs: Map<string, OutputState>; durable: boolean }[],
): Promise<Written> {
  const files = new MemoryFiles(seeded(1), () => 0);
  await files.makeDirectory('/state');
  const scope = Scope.root('test', () => undefined);
  const log = new CommitLog(files, '/state', 'this boot', scope);
  let state: SinkState = { sequence: 7, cursor: undefined, outputs: new Map() };
  await log.replace(state);
  const size = (): number => files.content(PATH)?.length ?? 0;
  const steps = [{ end: size(), state }];
  for (const { cursor, outputs, durable } of changes) {
    const sequence = state.sequence + 1;
    await log.appendCommit({ sequence, cursor, outputs });
    state = { sequence, cursor, outputs: new Map([...state.outputs, ...outputs]) };
    if (durable) await log.appendDurable(sequence);
    steps.push({ end: size(), state });
  }
  await scope.close();
  return { bytes: files.content(PATH) ?? Buffer.alloc(0), steps };
}

describe('replay', () => {
  test('cut anywhere, the log says what its whole records say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 6 }), async (changes) => {
        const { bytes, steps } = await write(changes.map((one) => ({ ...one, durable: false })));
        for (let length = 0; length <= bytes.length; length++) {
          const result = replay(bytes.subarray(0, length), 'this boot');
          const expected = steps.findLast(({ end }) => end <= length);
          if (!expected) expect(result).toBe('damaged');
          else expect(result).toMatchObject({ state: expected.state, damaged: false, powerFailed: false });
        }
      }),
      { numRuns: 50 },
    );
  });

  test('after a power failure only what was durable counts, and later outputs are known to be empty', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 8 }), async (changes) => {
        const { bytes, steps } = await write(changes);
        const result = replay(bytes, 'another boot');
        if (result === 'damaged') throw new Error('damaged');
        const durable = changes.findLastIndex((one) => one.durable) + 1;
        const { state } = steps[durable];
        expect(result).toMatchObject({ powerFailed: true, damaged: false });
        expect(result.state).toMatchObject({ sequence: state.sequence, cursor: state.cursor });
        const later = new Set(changes.slice(durable).flatMap(({ outputs }) => [...outputs.keys()]));
        expect(new Set(result.unsynced.keys())).toEqual(later);
        for (const [name, found] of result.state.outputs) {
          const known = state.outputs.get(name);
          expect(found).toEqual(known ?? expect.objectContaining({ length: 0 }));
        }
        expect(new Set(result.state.outputs.keys())).toEqual(new Set([...state.outputs.keys(), ...later]));
      }),
    );
  });

  test('a flipped bit is a torn end, or known damage, or the head is gone; it is never believed', async () => {
    const one: OutputState = { generation: 1, length: 10, openedMs: 5 };
    const { bytes, steps } = await write(
      Array.from({ length: 4 }, (_, i) => ({
        cursor: [i, 0, 0, 0, 0, 0, 0, 0],
        outputs: new Map([['web', { ...one, length: 10 * i }]]),
        durable: false,
      })),
    );
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] ^= 1 << (at % 8);
      const result = replay(flipped, 'this boot');
      if (at < steps[0].end) expect(result).toBe('damaged');
      // Without its line break the third record takes the last one with it: as good as torn.
      else if (at === steps[3].end - 1)
        expect(result).toMatchObject({ damaged: false, state: steps[2].state });
      else if (at < steps[3].end) expect(result).toMatchObject({ damaged: true, state: steps[4].state });
      else expect(result).toMatchObject({ damaged: false, state: steps[3].state });
    }
  });

  test('arbitrary bytes are damage', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(replay(Buffer.from(bytes), 'boot')).toBe('damaged');
      }),
    );
  });
});
