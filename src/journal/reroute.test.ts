/** Streams that get another route class while lines of them wait for their commit. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRouter } from '../pipeline/routes.js';
import { LANES } from '../pipeline/streams.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, linesOf, openOn } from './testing/test-kit.js';

const NAMES = ['web', 'db'];
/** Long, so that blocks are full at different times. */
const FILL = 'x'.repeat(40_000);

const deed = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.constantFrom('together', 'apart') },
);

test('the order of each stream stays, however often', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 60 }), async (deeds) => {
      const { journal, streams, scope } = await openOn(
        new MemoryDisk(),
        { syncIntervalMs: 10_000 },
        undefined,
      );
      for (const [i, what] of deeds.entries()) {
        if (NAMES.includes(what)) {
          const batch = batchOf(streams, [{ labels: { container: what }, text: `${i} ${FILL}` }]);
          void journal.append(batch, what, i, { key: what, from: i, to: i + 1 });
        } else {
          journal.seal();
          const match = ({ container }: { container?: string }): boolean => container === 'web';
          streams.reroute(createRouter(what === 'apart' ? [{ match }] : []));
        }
      }
      await journal.barrier();
      const numbers: Record<string, number[]> = {};
      const blocks = await journal.recent(
        Array.from({ length: LANES }, (_, lane) => lane),
        2 ** 40,
      );
      for (const block of blocks) {
        for (const line of linesOf(block)) {
          const [, name, number] = /"(\w+)"\} (\d+) /.exec(line) ?? [];
          (numbers[name] ??= []).push(Number(number));
        }
      }
      for (const name of NAMES) {
        const expected = deeds.flatMap((what, i) => (what === name ? i : []));
        expect(numbers[name] ?? []).toEqual(expected);
      }
      await scope.close();
    }),
    { numRuns: 60 },
  );
});

test('bounds that are set later hold', async () => {
  const { journal, streams, scope } = await openOn(new MemoryDisk(), { syncIntervalMs: 60_000 });
  journal.configure({ maxBytes: 2 ** 40, maxAgeMs: 2 ** 40, minFree: 0, syncIntervalMs: 0 });
  void journal.append(batchOf(streams, [{ labels: { container: 'web' }, text: 'a' }]), 'web', 1, {
    key: 'web',
    from: 0,
    to: 1,
  });
  await journal.waitCommitted(journal.stats.committedLsn, new AbortController().signal);
  expect(journal.stats.linesCommitted).toBe(1);
  for (let i = 0; i < 40; i++) {
    const text = `${i} ${'y'.repeat(1000)}${Math.random()}`;
    void journal.append(batchOf(streams, [{ labels: { container: 'web' }, text }]), 'web', i, {
      key: 'web',
      from: i,
      to: i + 1,
    });
    await journal.barrier();
  }
  const { segments } = journal.stats;
  expect(segments).toBeGreaterThan(1);
  journal.configure({ maxBytes: 1, maxAgeMs: 2 ** 40, minFree: 0, syncIntervalMs: 0 });
  await expect.poll(() => journal.stats.segments).toBe(1);
  await scope.close();
});
