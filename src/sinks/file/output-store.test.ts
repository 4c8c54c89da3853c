import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fault, Killed } from '../../../test/support/memory-files.js';
import { ALL_LANES, DIRECTORY, linesOf, OutputBench } from '../../../test/support/output-bench.js';

const lanes = fc.subarray(ALL_LANES, { minLength: 1 });
const deliver = fc.record({
  kind: fc.constant('deliver' as const),
  lanes,
  count: fc.integer({ min: 1, max: 9 }),
});
const step = fc.oneof(
  { weight: 6, arbitrary: deliver },
  { weight: 2, arbitrary: fc.constant({ kind: 'checkpoint' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('together' as const), lanes, count: fc.constant(3) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'tidy' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 60_000) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('faults' as const),
      powerFailed: fc.boolean(),
      faults: fc.array(
        fc.record({
          kind: fc.constantFrom('kill' as const, 'ENOSPC' as const, 'EIO' as const),
          after: fc.nat(40),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function perform(bench: OutputBench, step: Exclude<Step, { kind: 'faults' }>): Promise<void> {
  const { store, tidy } = bench;
  const tidyUp = async (): Promise<void> => {
    await tidy.link();
    await tidy.rollAged();
    await tidy.limit();
    await tidy.compressOne(new AbortController().signal);
  };
  if (step.kind === 'deliver') await bench.deliver(step.lanes, step.count);
  else if (step.kind === 'checkpoint') await store.checkpoint();
  else if (step.kind === 'tidy') await tidyUp();
  else if (step.kind === 'wait') bench.clockMs += step.ms;
  else if (step.kind === 'together') {
    const tidying = store.checkpoint().then(tidyUp);
    const delivering = bench
      .deliver(step.lanes, step.count)
      .catch(() => bench.deliver(step.lanes, step.count));
    const results = await Promise.allSettled([delivering, tidying]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  } else {
    await bench.close();
    await bench.start();
  }
}

test('a commit without lines becomes durable as any other', async () => {
  const bench = new OutputBench();
  await bench.start();
  await bench.deliver(ALL_LANES, 1);
  const cursor = Array<number>(ALL_LANES.length).fill(1e9);
  await bench.store.checkpoint();
  await bench.store.commit([], cursor, 0);
  await bench.store.checkpoint();
  expect(bench.store.durable).toEqual(cursor);
  await bench.close();
});

test('every line once and in order, with a kill, a power failure or a full disk at any operation', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 3, maxLength: 40 }), async (seed, steps) => {
      const bench = new OutputBench({}, seed);
      let powerFails = false;
      // What fails is tried again, as delivery does; a dead process is started again.
      const insist = async (work: () => Promise<void>): Promise<void> => {
        for (let attempt = 0; attempt < 10; attempt++) {
          try {
            await work();
            return;
          } catch (error) {
            if (error instanceof Killed) {
              seen.add(powerFails ? 'power failure' : 'kill');
              bench.afterwards(powerFails);
              powerFails = false;
            } else seen.add(String((error as { code?: string }).code));
            if (!bench.isOpen) await insist(() => bench.start());
          }
        }
        throw new Error('never succeeds');
      };
      await insist(() => bench.start());
      for (const step of steps) {
        if (step.kind === 'faults') {
          bench.files.faults = step.faults.map((fault): Fault => ({ ...fault }));
          powerFails = step.powerFailed;
        } else {
          await insist(() => perform(bench, step));
          bench.remember();
        }
      }
      bench.files.faults = [];
      await bench.deliver(ALL_LANES);
      await bench.store.checkpoint();
      await bench.compressAll();
      bench.checkClosed();
      await bench.close();
      bench.check();
      await bench.start();
      bench.check();
      await bench.close();
    }),
    { numRuns: Number(process.env['FC_RUNS'] ?? 500) },
  );
  for (const fault of ['EIO', 'ENOSPC', 'kill', 'power failure']) expect(seen).toContain(fault);
});

async function opened(): Promise<OutputBench> {
  const bench = new OutputBench();
  await bench.start();
  await bench.deliver(ALL_LANES, 3);
  return bench;
}

test('a write that fails, and a kill or power failure while that is repaired, at any two operations', async () => {
  const wasKilled = new Set<boolean>();
  for (const powerFails of [false, true]) {
    for (let fails = 0; fails < 16; fails++) {
      for (let dies = 0; dies < 16; dies++) {
        const bench = new OutputBench({}, fails * 100 + dies);
        await bench.start();
        await bench.deliver([0, 1], 8);
        await bench.store.checkpoint();
        await bench.deliver([0, 1]);
        bench.files.faults = [
          { kind: 'EIO', after: fails },
          { kind: 'kill', after: dies },
        ];
        try {
          await bench.insist([1, 2], 3);
        } catch (error) {
          expect(error).toBeInstanceOf(Killed);
          wasKilled.add(powerFails);
          bench.afterwards(powerFails);
          await bench.start();
        }
        bench.files.faults = [];
        await bench.deliver(ALL_LANES);
        await bench.close();
        bench.check();
      }
    }
  }
  expect(wasKilled.size).toBe(2);
});

describe('what others do to the directory', () => {
  const live = `${DIRECTORY}/web/web.000001.log`;

  test('removed as a whole: what comes then is all there', async () => {
    const bench = await opened();
    bench.files.removeTree(DIRECTORY);
    await expect(bench.deliver([0])).rejects.toMatchObject({ code: 'SINK_WRITE', retryable: true });
    await bench.deliver([0], 2);
    await bench.deliver([0, 1], 1);
    expect(linesOf(bench.files, 'web')).toEqual(bench.numbered('web', 3, 6));
    expect(linesOf(bench.files, 'db')).toEqual(bench.numbered('db', 3, 4));
    expect(bench.warnings).toEqual([expect.stringContaining('/logs was removed or exchanged')]);
    await bench.close();
    await bench.start();
    expect(bench.position).toEqual([6, 4, 3]);
  });

  test('exchanged for another, older one: nothing in it is touched', async () => {
    const bench = await opened();
    bench.files.removeTree(DIRECTORY);
    bench.files.put(live, Buffer.from('precious\n'.repeat(100)));
    await bench.insist([0], 2);
    expect(bench.files.content(live)?.length).toBe(900);
    expect(linesOf(bench.files, 'web').slice(100)).toEqual(bench.numbered('web', 3, 5));
  });

  test.each([
    ['removed', undefined, 'web.000001.log', []],
    ['emptied', '', 'web.000001.log', []],
    ['cut in a line', 'web 0\nwe', 'web.000002.log', ['web 0', 'we']],
  ])('the live file %s: told once, and delivery goes on', async (_, content, goesOnIn, left) => {
    const bench = await opened();
    if (content === undefined) bench.files.removeTree(live);
    else bench.files.put(live, Buffer.from(content));
    await expect(bench.deliver([0])).rejects.toMatchObject({ code: 'SINK_WRITE' });
    await bench.deliver([0], 2);
    await bench.deliver([0], 1);
    expect(bench.files.content(`${DIRECTORY}/web/${goesOnIn}`)?.toString()).toBe('web 3\nweb 4\nweb 5\n');
    const lines = left.length > 0 ? String(bench.files.content(live)).split('\n') : [];
    expect(lines).toEqual(left);
    expect(bench.warnings).toEqual([expect.stringContaining(`${live} were removed by somebody else`)]);
    expect(linesOf(bench.files, 'db')).toEqual(bench.numbered('db', 0, 3));
  });

  test('the live file cut while the sink was closed', async () => {
    const bench = await opened();
    await bench.close();
    bench.files.put(live, Buffer.from('web 0\n'));
    await bench.start();
    expect(bench.warnings).toEqual([expect.stringContaining('12 bytes of /logs/web/web.000001.log')]);
    await bench.deliver([0]);
    expect(linesOf(bench.files, 'web')).toEqual(['web 0', 'web 3']);
  });

  test('the records removed while the sink was closed: the journal says where to go on, and nothing is touched', async () => {
    const bench = await opened();
    await bench.close();
    bench.files.removeTree(`${DIRECTORY}/.log-capturer`);
    await bench.start();
    expect(bench.position).toEqual([0, 0, 0]);
    await bench.deliver([0]);
    expect(linesOf(bench.files, 'web')).toEqual(['web 0', 'web 1', 'web 2', 'web 0']);
  });

  test('the records damaged while the sink was closed: kept aside, nothing is cut, no line is missing', async () => {
    const bench = await opened();
    await bench.deliver([0]);
    await bench.deliver([1]);
    bench.afterwards(false);
    const records = bench.files.content(`${DIRECTORY}/.log-capturer/commits`);
    if (!records) throw new Error('no records');
    records[records.indexOf('\n') + 20] ^= 1;
    await bench.start();
    expect(bench.warnings).toEqual([expect.stringContaining('damaged and kept as')]);
    expect(bench.files.content(`${DIRECTORY}/.log-capturer/commits.damaged`)).toEqual(records);
    expect(bench.position).toEqual([4, 4, 3]);
    await bench.deliver(ALL_LANES, 2);
    bench.check();
    await bench.close();
  });

  test('files that are not the sink’s are left alone, also where a container has their name', async () => {
    const bench = new OutputBench();
    bench.files.put(`${DIRECTORY}/web/notes.txt`, Buffer.from('mine'));
    bench.files.put(`${DIRECTORY}/web/web.000007.log`, Buffer.from('older\n'));
    bench.files.put(`${DIRECTORY}/web.log`, Buffer.from('also mine'));
    await bench.start();
    await bench.deliver([0]);
    await bench.tidy.link();
    bench.afterwards(true);
    await bench.start();
    await bench.insist([0]);
    expect(bench.files.content(`${DIRECTORY}/web/notes.txt`)?.toString()).toBe('mine');
    expect(bench.files.content(`${DIRECTORY}/web.log`)?.toString()).toBe('also mine');
    expect(linesOf(bench.files, 'web')).toEqual(['older', 'web 0']);
  });
});
