import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../../runtime/log.js';
import { Scope } from '../../../runtime/scope.js';
import { Gate } from '../json-file/gate.js';
import { FakePipeline } from '../json-file/testing/test-support.js';
import { StreamIds } from '../stream-ids.js';
import { FrameDecoder } from './frames.js';
import { LineWriter } from './lines.js';
import { ApiLog } from './log.js';
import { LogStream } from './stream.js';
import { frame } from './testing/model-log.js';
import { StreamWatch, type WatchHost } from './watch.js';

const LOOK_MS = 250;
const STALL_MS = 60_000;
/** Stall times differ by a quarter. */
const PATIENT_MS = STALL_MS * 1.5;

/** One stream of a log that is watched, without a network: the tests say what the engine sends. */
class WatchBed {
  readonly gate = new Gate();
  readonly log: ApiLog;
  readonly watch: StreamWatch;
  /** The newest record of the log, with which probes are answered; undefined: they hang. */
  newest: number | undefined;
  readonly probes: PassThrough[] = [];
  /** How many records each of them asked for. */
  readonly tails: (number | 'all' | undefined)[] = [];
  response = new PassThrough();
  readonly #scope = Scope.root('test', (error) => {
    throw error;
  });
  readonly #host: WatchHost;
  #running: Promise<unknown> | undefined;

  constructor(mayRepeat: boolean) {
    const pipeline = new FakePipeline();
    this.#host = {
      options: {
        pipeline,
        log: silentLogger,
        startAt: { kind: 'beginning' },
        onNotice: () => {},
        stallMs: STALL_MS,
        maxStreams: 1,
        streamMaxAgeMs: Infinity,
      },
      gate: this.gate,
      arena: Buffer.alloc(256 * 1024),
      schedule: (stream) => queueMicrotask(() => stream.drain()),
      engine: () => ({ inspect: async () => undefined, logs: async (_id, { tail }) => this.#probe(tail) }),
    };
    this.log = new ApiLog({
      pipeline,
      key: 'docker/c1',
      streams: new StreamIds(pipeline.streams, 'stream', {}),
      writer: new LineWriter(1024),
      startAt: { kind: 'beginning' },
      mayRepeat,
      hold: () => {},
      onGap: () => {},
      onMissed: () => {},
      onEngineError: () => {},
    });
    this.watch = new StreamWatch(this.#host, 'c1', () => new FrameDecoder());
  }

  /** Opens the log, by its newest records or by time. */
  async open(isByTime = false): Promise<void> {
    this.response.destroy();
    await this.#running;
    this.watch.end();
    if (isByTime) this.#reachBack();
    else this.log.begin(0);
    this.response = new PassThrough();
    const stream = new LogStream(
      this.response as unknown as IncomingMessage,
      new FrameDecoder(),
      this.log,
      this.#host,
      () => this.watch.drained(),
    );
    this.watch.begin(stream, this.log, isByTime, this.#scope);
    this.#running = stream.run().then(() => this.watch.end());
  }

  /** As if nothing of what is known were among the newest records. */
  #reachBack(): void {
    while (this.log.begin(0).since === undefined && this.log.taken > 0) this.log.giveUp();
  }

  /** For so long nothing happens but looks. */
  async pass(ms: number, finishingSince?: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += LOOK_MS) {
      await vi.advanceTimersByTimeAsync(LOOK_MS);
      this.watch.lookAfter(performance.now(), false, finishingSince);
    }
    await vi.advanceTimersByTimeAsync(0);
  }

  /** The stream brings record `i`. */
  async bring(i: number): Promise<void> {
    this.response.write(recordFrame(i));
    await vi.advanceTimersByTimeAsync(0);
  }

  async close(): Promise<void> {
    this.gate.close();
    this.response.destroy();
    const closed = this.#scope.close();
    for (const probe of this.probes) probe.destroy();
    await this.#running;
    await vi.advanceTimersByTimeAsync(0);
    await closed;
  }

  #probe(tail: number | 'all' | undefined): IncomingMessage {
    this.tails.push(tail);
    const probe = new PassThrough();
    this.probes.push(probe);
    // As an answer that is there whole.
    if (this.newest !== undefined) Object.assign(probe, { complete: true }).end(recordFrame(this.newest));
    return probe as unknown as IncomingMessage;
  }
}

function recordFrame(i: number): Buffer {
  return frame({ text: `line ${i}`, endsLine: true, isStderr: false, seconds: 1_795_300_000 + i, nanos: i });
}

let bed: WatchBed;
beforeEach(() => {
  vi.useFakeTimers();
  vi.advanceTimersByTime(1000);
});
afterEach(async () => {
  await bed.close();
  vi.useRealTimers();
});

describe('what is asked for by time', () => {
  it.each([true, false])('may take minutes to come (rotates: %s)', async (mayRepeat) => {
    bed = new WatchBed(mayRepeat);
    await bed.open(true);
    await bed.pass(300_000);
    expect([bed.probes.length, bed.response.destroyed]).toEqual([0, false]);
    // Once it comes it is looked after as ever.
    await bed.bring(1);
    await bed.pass(PATIENT_MS);
    expect(bed.probes.length).toBeGreaterThan(0);
  });

  it('may take minutes also where it has to show what is known', async () => {
    bed = new WatchBed(false);
    await bed.open();
    await bed.bring(1);
    await bed.open(true);
    await bed.pass(300_000);
    expect([bed.log.isFound, bed.response.destroyed]).toEqual([false, false]);
    await bed.bring(1);
    expect(bed.log.isFound).toBe(true);
  });
});

it('a stream that does not show what is known is ended, for another one that reaches further back', async () => {
  bed = new WatchBed(false);
  await bed.open();
  await bed.bring(1);
  await bed.open();
  await bed.pass(4_000);
  expect(bed.response.destroyed).toBe(false);
  await bed.pass(2_000);
  expect(bed.response.destroyed).toBe(true);
  expect(bed.log.begin(0).tail).toBe(64);
});

it('a stream in which nothing is read, because the pipeline asks to wait, is not called silent', async () => {
  bed = new WatchBed(true);
  await bed.open();
  await bed.bring(1);
  await bed.open();
  bed.gate.hold(new Promise(() => {}));
  await bed.pass(2 * PATIENT_MS);
  expect([bed.response.destroyed, bed.probes.length]).toEqual([false, 0]);
});

it('a stream that is silent is left alone while the log is, and ended once the log goes on', async () => {
  bed = new WatchBed(false);
  await bed.open();
  await bed.bring(1);
  bed.newest = 1;
  await bed.pass(3 * PATIENT_MS);
  expect([bed.response.destroyed, bed.watch.stalls]).toEqual([false, 0]);
  expect(bed.probes.length).toBeGreaterThanOrEqual(2);
  bed.newest = 2;
  await bed.pass(PATIENT_MS);
  expect([bed.response.destroyed, bed.watch.stalls]).toEqual([true, 1]);
});

it.each([true, false])('streams that are short are their own probes (may rotate: %s)', async (mayRepeat) => {
  bed = new WatchBed(mayRepeat);
  bed.newest = 1;
  for (let i = 0; i < 55; i++) {
    await bed.open();
    await bed.bring(1);
    await bed.pass(1_000);
  }
  const probes = bed.probes.length;
  // 100 ms, 200, 400, 800 once, and not for each stream.
  if (mayRepeat) expect(probes).toBeGreaterThanOrEqual(3);
  expect(probes).toBeLessThanOrEqual(mayRepeat ? 5 : 0);
  await bed.open();
  await bed.bring(1);
  await bed.pass(2 * PATIENT_MS);
  expect(bed.probes.length).toBeGreaterThan(probes);
  // Every minute it begins anew.
  const later = bed.probes.length;
  await bed.open();
  await bed.bring(1);
  await bed.pass(1_000);
  expect(bed.probes.length - later).toBe(mayRepeat ? 3 : 0);
});

it('what was taken is compared with a log that may rotate every ten seconds, however busy it is', async () => {
  bed = new WatchBed(true);
  await bed.open();
  for (let i = 1; i <= 25; i++) {
    bed.newest = i;
    await bed.bring(i);
    for (let ms = 0; ms < 1_000; ms += 50) {
      // Nothing that is new: never silent.
      await bed.bring(i);
      await vi.advanceTimersByTimeAsync(50);
      bed.watch.lookAfter(performance.now(), false, undefined);
    }
  }
  expect(bed.tails.length).toBe(2);
  expect(Number(bed.tails[0])).toBeGreaterThan(10);
});

it('a log that fell silent once is looked after closely', async () => {
  bed = new WatchBed(true);
  await bed.open();
  await bed.bring(1);
  bed.newest = 1;
  await bed.pass(30_000);
  bed.newest = 2;
  await bed.pass(30_000);
  expect([bed.response.destroyed, bed.watch.stalls]).toEqual([true, 1]);
  const before = bed.probes.length;
  await bed.open();
  await bed.bring(1);
  await bed.bring(2);
  await bed.pass(250);
  expect(bed.probes.length).toBe(before + 1);
});

it('a probe that does not end ends the stream, and is not the last one', async () => {
  bed = new WatchBed(false);
  await bed.open();
  await bed.bring(1);
  await bed.pass(PATIENT_MS);
  expect([bed.probes.length, bed.response.destroyed]).toEqual([1, true]);
  expect(bed.probes[0].destroyed).toBe(true);
  await bed.open();
  await bed.bring(1);
  await bed.pass(PATIENT_MS);
  expect(bed.probes.length).toBe(2);
});

it('a stream that is not read for long is ended: the engine might skip what rotates meanwhile', async () => {
  bed = new WatchBed(true);
  await bed.open();
  bed.gate.hold(new Promise(() => {}));
  for (let i = 0; i < 100; i++) bed.response.write(Buffer.alloc(1024));
  await bed.pass(1_000);
  expect(bed.response.destroyed).toBe(false);
  await bed.pass(2_000);
  expect(bed.response.destroyed).toBe(true);
});

it('the stream of a removed container is ended where it does not end by itself', async () => {
  bed = new WatchBed(false);
  await bed.open();
  await bed.bring(1);
  const since = performance.now();
  await bed.pass(9_000, since);
  expect(bed.response.destroyed).toBe(false);
  await bed.pass(2_000, since);
  expect(bed.response.destroyed).toBe(true);
});
