import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, LineFlag } from '../../pipeline/batch.js';
import type { Pipeline } from '../../pipeline/contract.js';
import { StreamTable } from '../../pipeline/streams.js';
import { Scope } from '../../runtime/scope.js';
import { ArrivalClock } from './arrival.js';
import { StdinSource } from './stdin-source.js';

interface Line {
  readonly text: string;
  readonly flags: number;
  readonly labels: string;
  readonly time: bigint;
}

/** Feeds `chunks` to a source and answers what it pushed, once it returned by itself. */
async function linesOf(chunks: readonly Buffer[], maxLineBytes = 4096): Promise<Line[]> {
  const lines: Line[] = [];
  const input = new PassThrough();
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  const source = createSource(input, maxLineBytes);
  const running = source.run(scope, pipelineInto(lines));
  for (const chunk of chunks) if (!input.write(Buffer.from(chunk))) await once(input, 'drain');
  input.end();
  await running;
  expect(source.figures()?.active.get('make')).toMatchObject({
    linesRead: lines.length,
    bytesRead: Buffer.concat(chunks).length,
  });
  expect(scope.census().size).toBe(0);
  await scope.close();
  return lines;
}

function createSource(input: PassThrough, maxLineBytes = 4096): StdinSource {
  const config = { type: 'stdin', container: 'make', maxLineBytes } as const;
  return new StdinSource('pipe', config, { env: 'ci' }, input as unknown as NodeJS.ReadStream);
}

function pipelineInto(lines: Line[], wait: () => Promise<void> | undefined = () => undefined): Pipeline {
  const streams = new StreamTable();
  return {
    streams,
    isFirstStart: true,
    position: () => undefined,
    positionKeys: () => [],
    setPosition: () => {},
    gap: () => {},
    push: (batch) => {
      lines.push(...rowsOf(batch, streams));
      batch.arena.fill(0, batch.start[0], batch.end[batch.length - 1]);
      return wait();
    },
  };
}

function rowsOf(batch: Batch, streams: StreamTable): Line[] {
  return Array.from({ length: batch.length }, (_, row) => ({
    text: batch.arena.toString('latin1', batch.start[row], batch.end[row]),
    flags: batch.flags[row],
    labels: streams.get(batch.stream[row])?.text ?? '',
    time: BigInt(batch.seconds[row]) * 1_000_000_000n + BigInt(batch.nanos[row]),
  }));
}

describe('lines of standard input', () => {
  test('the last one need not end with a newline, and an empty one is one', async () => {
    const lines = await linesOf([Buffer.from('a\n\nb\r\nlast')]);
    expect(lines.map(({ text }) => text)).toEqual(['a', '', 'b\r', 'last']);
    expect(new Set(lines.map(({ labels }) => labels))).toEqual(
      new Set(['{container="make", env="ci", stream="stdout"}']),
    );
    expect(await linesOf([])).toEqual([]);
  });

  test('are the same however the bytes come, and their times increase', async () => {
    const bytes = fc.array(fc.constantFrom(10, 10, 97, 98, 0, 0xc3, 0xa4), { maxLength: 400 });
    const cuts = fc.array(fc.nat(400), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(bytes, cuts, async (content, at) => {
        const whole = Buffer.from(content);
        const bounds = [0, ...at.toSorted((a, b) => a - b), whole.length];
        const chunks = bounds.slice(1).map((to, i) => whole.subarray(bounds[i], to));
        const lines = await linesOf(chunks);
        const expected = whole.toString('latin1').split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(lines.map(({ text }) => text)).toEqual(expected);
        for (const [i, { time }] of lines.entries()) if (i > 0) expect(time > lines[i - 1].time).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('more lines than a batch holds', async () => {
    const expected = Array.from({ length: 20_000 }, (_, i) => String(i));
    const lines = await linesOf([Buffer.from(`${expected.join('\n')}\n`)]);
    expect(lines.map(({ text }) => text)).toEqual(expected);
  });

  test.each([1, 7, 100_000])('long ones are cut, in chunks of %i bytes', async (size) => {
    const whole = Buffer.from(`${'x'.repeat(2000)}\nshort\n${'y'.repeat(1024)}\n${'z'.repeat(1025)}`);
    const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
      whole.subarray(i * size, (i + 1) * size),
    );
    const lines = await linesOf(chunks, 1024);
    expect(lines.map(({ text }) => text)).toEqual([
      `${'x'.repeat(976)} [cut: 1024 bytes more]`,
      'short',
      'y'.repeat(1024),
      `${'z'.repeat(976)} [cut: 49 bytes more]`,
    ]);
    expect(lines.map(({ flags }) => flags)).toEqual([LineFlag.cut, 0, 0, LineFlag.cut]);
  });
});

test('no more is read while the journal is behind', async () => {
  const lines: Line[] = [];
  const input = new PassThrough({ highWaterMark: 1 });
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  let letGo: () => void = () => {};
  const behind = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const running = createSource(input).run(
    scope,
    pipelineInto(lines, () => behind),
  );
  input.write('a\n');
  while (lines.length === 0) await new Promise(setImmediate);
  input.write('b\n');
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(lines.map(({ text }) => text)).toEqual(['a']);
  letGo();
  input.end('c');
  await running;
  expect(lines.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
  await scope.close();
});

test('closing ends it in the middle, with what it has', async () => {
  const lines: Line[] = [];
  const input = new PassThrough();
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  const running = scope.run('stdin', () => createSource(input).run(scope, pipelineInto(lines)));
  input.write('a\nhalf');
  while (lines.length === 0) await new Promise(setImmediate);
  await scope.close();
  await running;
  expect(lines.map(({ text }) => text)).toEqual(['a', 'half']);
  expect(input.destroyed).toBe(true);
});

test('closing pushes what had been read and waited for its turn', async () => {
  const lines: Line[] = [];
  const input = new PassThrough();
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  let letGo: () => void = () => {};
  const behind = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const source = createSource(input);
  const running = scope.run('stdin', () =>
    source.run(
      scope,
      pipelineInto(lines, () => behind),
    ),
  );
  input.write('a\n');
  while (lines.length === 0) await new Promise(setImmediate);
  input.write('b\nc\n');
  input.write('half');
  const closed = scope.close();
  letGo();
  await closed;
  await running;
  expect(lines.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'half']);
  expect(source.figures()?.active.get('make')).toMatchObject({ linesRead: 4, bytesRead: 10 });
});

test('times increase also where the clock stands or goes back', () => {
  const times = fc.array(fc.nat(2500), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(times, (nows) => {
      let i = 0;
      const clock = new ArrivalClock(() => nows[i]);
      let before = -1n;
      for (; i < nows.length; i++) {
        clock.look();
        clock.tick();
        const time = BigInt(clock.seconds) * 1_000_000_000n + BigInt(clock.nanos);
        expect(time > before && time >= BigInt(nows[i]) * 1_000_000n).toBe(true);
        expect(clock.nanos).toBeLessThan(1e9);
        before = time;
      }
    }),
  );
});
