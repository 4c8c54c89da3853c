import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SearchRun } from './run.js';

const event = (name: string, value: unknown) => ({ name, data: JSON.stringify(value) });
const line = (text: string, labels: number) => ({
  time: '2026-11-22T13:00:00.000000001Z',
  container: 'web',
  stream: 'stdout',
  level: 'info',
  committed: true,
  line: text,
  labels,
});
const end = (over: object) =>
  event('end', {
    reason: 'complete',
    found: 0,
    scannedBytes: 0,
    elapsedMs: 0,
    damagedBlocks: 0,
    removedSegments: 0,
    ...over,
  });

describe('a search', () => {
  it('gives lines in their order with the labels they were said to have', () => {
    const run = new SearchRun();
    run.take(event('labels', { 1: { container: 'web' }, 2: { container: 'db' } }));
    const first = run.take(event('lines', { lines: [line('a', 2), line('b', 1)] }));
    run.take(event('labels', { 3: { container: 'late' } }));
    const second = run.take(event('lines', { lines: [line('c', 3)] }));
    expect([...first, ...second].map(({ line, labels }) => [line, labels])).toEqual([
      ['a', { container: 'db' }],
      ['b', { container: 'web' }],
      ['c', { container: 'late' }],
    ]);
    expect(run.state.found).toBe(3);
  });

  it('tells how far it is, and that it is done', () => {
    const run = new SearchRun();
    run.take(
      event('progress', { scannedBytes: 10, totalBytes: 100, reachedTime: '2026-11-22T12:00:00Z', found: 0 }),
    );
    expect(run.state).toMatchObject({
      phase: 'working',
      scannedBytes: 10,
      totalBytes: 100,
      reachedTime: '2026-11-22T12:00:00Z',
    });
    run.take(end({ scannedBytes: 100, elapsedMs: 7, damagedBlocks: 1 }));
    expect(run.state).toMatchObject({
      phase: 'done',
      scannedBytes: 100,
      elapsedMs: 7,
      damagedBlocks: 1,
      continueAt: null,
    });
  });

  it('adds up over its pages', () => {
    const run = new SearchRun();
    run.take(event('lines', { lines: [line('a', 1)] }));
    run.take(
      end({
        reason: 'limit',
        scannedBytes: 100,
        elapsedMs: 5,
        damagedBlocks: 1,
        continueAt: '2026-11-22T12:00:00Z',
      }),
    );
    expect(run.state.continueAt).toBe('2026-11-22T12:00:00Z');
    run.begin();
    expect(run.state).toMatchObject({ phase: 'working', continueAt: null, found: 1 });
    run.take(event('progress', { scannedBytes: 30, totalBytes: 50, reachedTime: null, found: 0 }));
    expect(run.state).toMatchObject({ scannedBytes: 130, totalBytes: 150 });
    run.take(event('lines', { lines: [line('b', 1)] }));
    run.take(end({ scannedBytes: 50, elapsedMs: 6, damagedBlocks: 2 }));
    expect(run.state).toMatchObject({
      phase: 'done',
      found: 2,
      scannedBytes: 150,
      elapsedMs: 11,
      damagedBlocks: 3,
    });
  });

  it('each page tells its labels anew', () => {
    const run = new SearchRun();
    run.take(event('labels', { 1: { container: 'web' } }));
    run.take(end({ reason: 'limit', continueAt: 'c' }));
    run.begin();
    expect(run.take(event('lines', { lines: [line('a', 1)] }))[0].labels).toEqual({});
  });

  it('keeps the range that the agent understood first', () => {
    const run = new SearchRun();
    const figures = { scannedBytes: 0, totalBytes: 0, reachedTime: null, found: 0 };
    run.take(event('progress', { ...figures, from: 'a', to: 'b' }));
    run.take(end({ reason: 'limit', continueAt: 'c' }));
    run.begin();
    run.take(event('progress', { ...figures, from: 'a', to: 'c' }));
    expect(run.state).toMatchObject({ from: 'a', to: 'b' });
  });

  it('takes nothing more once it is over', () => {
    for (const over of [
      (run: SearchRun) => run.cancel(),
      (run: SearchRun) => run.closed(),
      (run: SearchRun) => run.take(end({})),
    ]) {
      const run = new SearchRun();
      over(run);
      const { state } = run;
      expect(run.take(event('lines', { lines: [line('late', 1)] }))).toEqual([]);
      expect(run.state).toBe(state);
    }
  });

  it('says what stopped it: the agent, the connection, a failure; what was cancelled is no failure', () => {
    const ended = (over: (run: SearchRun) => unknown) => {
      const run = new SearchRun();
      over(run);
      return [run.state.phase, run.state.failure?.code];
    };
    expect(ended((run) => run.take(end({ reason: 'stopping' })))).toEqual(['failed', 'STOPPING']);
    expect(ended((run) => run.closed())).toEqual(['failed', 'DISCONNECTED']);
    expect(ended((run) => run.take(event('failed', { error: { code: 'INTERNAL', message: 'x' } })))).toEqual([
      'failed',
      'INTERNAL',
    ]);
    expect(ended((run) => [run.cancel(), run.closed()])).toEqual(['cancelled', undefined]);
  });

  it('never says that less is to be scanned than was scanned', () => {
    const figures = fc.record({ scannedBytes: fc.nat(), totalBytes: fc.nat() });
    fc.assert(
      fc.property(fc.array(fc.array(figures)), (pages) => {
        const run = new SearchRun();
        for (const page of pages) {
          run.begin();
          for (const figure of page) {
            run.take(event('progress', { ...figure, reachedTime: null, found: 0 }));
            expect(run.state.totalBytes).toBeGreaterThanOrEqual(run.state.scannedBytes);
          }
          run.take(end({ scannedBytes: page.at(-1)?.scannedBytes ?? 0 }));
        }
      }),
    );
  });
});
