import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Position } from '../../../pipeline/contract.js';
import type { SourceGap } from '../../../pipeline/gaps.js';
import { FakePipeline } from '../json-file/testing/test-support.js';
import { StreamIds } from '../stream-ids.js';
import { LineWriter } from './lines.js';
import { ApiLog } from './log.js';
import { decodePosition } from './position.js';
import { type ServedRecord, servedFor } from './testing/model-log.js';
import { type Follower, RotatingLog } from './testing/rotating-log.js';

const KEY = 'docker/c1';
const NOW_SECONDS = 1_795_300_000;
const OVERLAP = 16;

interface Glance {
  readonly more: number;
  readonly rest: number;
}

/** An agent that reads a log which rotates, and is killed. */
class Bed {
  readonly engine: RotatingLog;
  readonly delivered: string[] = [];
  readonly gaps: SourceGap[] = [];
  late = 0;
  #log: ApiLog;
  #pipeline: FakePipeline;
  #follower: Follower;
  #nanos = 0;

  constructor(maxFiles: number) {
    this.engine = new RotatingLog(maxFiles);
    [this.#log, this.#pipeline] = this.#start(new Map());
    this.#follower = this.engine.follow();
    this.open();
  }

  write(lines: number, step: number): void {
    for (let i = 0; i < lines; i++) {
      this.#nanos += 1000 + (i % 7 === 6 ? step : 0);
      const n = this.engine.written.length;
      const seconds = NOW_SECONDS + Math.floor(this.#nanos / 1e9);
      this.engine.write({
        text: `l${n}`,
        endsLine: true,
        isStderr: n % 3 === 0,
        seconds,
        nanos: this.#nanos % 1e9,
      });
    }
  }

  /** The follower serves at most so many records. */
  read(most?: number): void {
    if (!serve(this.#log, this.#follower.read(most))) this.reopen();
  }

  /** `drops`: the follower goes on without the rest of the old file; `isDeaf`: it does not go on. */
  rotate(drops: boolean, isDeaf: boolean): void {
    this.engine.rotate();
    if (isDeaf) return;
    if (!drops) this.read();
    this.#follower.goOn();
  }

  repeat(): void {
    this.#follower.repeat();
  }

  reopen(): void {
    this.#log.end(false, NOW_SECONDS * 1000);
    this.open();
  }

  open(isLast = false): void {
    const log = this.#log;
    for (let tries = 0; tries < 20; tries++) {
      const served = servedFor(this.engine.kept, log.begin(NOW_SECONDS * 1000, isLast));
      const isWhole = serve(log, served);
      this.#follower = this.engine.follow();
      const isDone = log.isFound && !log.isShort && !log.isAsking;
      if (!isDone || isLast) log.end(isWhole, NOW_SECONDS * 1000);
      if (isDone) return;
    }
    throw new Error('never found');
  }

  /**
   * What was taken is compared with what the engine has, which is asked for `more` records than are to be compared. The
   * follower serves what it has when the engine has served all but `rest` of them.
   */
  look(isLast = false, { more, rest }: Glance = { more: OVERLAP, rest: 0 }): void {
    for (let tail = this.#log.unverified + more; this.#log.unverified > 0; tail *= 4) {
      const verification = this.#log.compare();
      const answer = servedFor(this.engine.kept, { tail });
      const first = Math.max(0, answer.length - rest);
      serve(verification, answer.slice(0, first));
      if (rest > 0) this.read();
      serve(verification, answer.slice(first));
      if (verification.served === 0) {
        if (isLast) this.#log.tellUnverified();
        return;
      }
      const isAll = verification.served < tail;
      if (!this.#log.settle(verification, isAll, isLast)) continue;
      this.#log.expect(verification.newest);
      return;
    }
  }

  /** So many pushes are committed. */
  kill(committed: number): void {
    const pushes = Math.min(committed, this.#pipeline.pushes.length);
    this.#keep(pushes);
    [this.#log, this.#pipeline] = this.#start(this.#pipeline.positionsAfter(pushes));
    this.open();
  }

  /** The container has stopped, and its log is read to the end. */
  finish(): void {
    this.#log.end(false, NOW_SECONDS * 1000);
    this.open(true);
    this.look(true);
    this.#log.forget();
    this.#keep(Infinity);
  }

  #keep(pushes: number): void {
    const { lines } = { lines: this.#pipeline.pushes.slice(0, pushes).flatMap((push) => push.lines) };
    this.delivered.push(...lines.map(({ text }) => text));
    this.gaps.push(...this.#pipeline.gaps.filter(({ push }) => push < pushes));
    this.late += this.#log.counts.linesLate;
  }

  #start(positions: ReadonlyMap<string, Position>): [ApiLog, FakePipeline] {
    const pipeline = new FakePipeline(positions);
    const streams = new StreamIds(pipeline.streams, 'stream', {});
    const log = new ApiLog({
      pipeline,
      key: KEY,
      streams,
      writer: new LineWriter(1024),
      startAt: { kind: 'beginning' },
      mayRepeat: true,
      hold: () => {},
      onGap: (gap) => pipeline.gap(gap, streams.labels),
      onMissed: () => {},
      onEngineError: () => {},
    });
    const saved = positions.get(KEY);
    const position = saved === undefined ? undefined : decodePosition(saved);
    expect(position === undefined).toBe(saved === undefined);
    if (position) log.resume(position);
    return [log, pipeline];
  }
}

/** Serves records until no more are wanted, seven in one buffer. */
function serve(sink: Pick<ApiLog, 'record' | 'drained'>, records: readonly ServedRecord[]): boolean {
  for (let i = 0; i < records.length; i += 7) {
    const some = records.slice(i, i + 7);
    const buf = Buffer.from(some.map(({ text }) => text).join(''), 'latin1');
    let at = 0;
    for (const { text, endsLine, isStderr, seconds, nanos } of some) {
      const from = at;
      at += text.length;
      if (!sink.record(buf, from, at, endsLine, isStderr, seconds, nanos)) break;
    }
    if (!sink.drained()) return false;
  }
  return true;
}

const deeds = (steps: readonly number[]) =>
  fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ write: fc.integer({ min: 1, max: 30 }), step: fc.constantFrom(...steps) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ read: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(Infinity)) }),
      },
      { weight: 3, arbitrary: fc.record({ drops: fc.boolean(), isDeaf: fc.boolean() }) },
      { weight: 1, arbitrary: fc.constant('repeat' as const) },
      { weight: 1, arbitrary: fc.constant('reopen' as const) },
      { weight: 1, arbitrary: fc.constant('look' as const) },
      { weight: 1, arbitrary: fc.record({ more: fc.nat(300), rest: fc.nat(300) }) },
    ),
    { maxLength: 40 },
  );
const kill = fc.record({ committed: fc.nat(40) });
type Deed = ReturnType<typeof deeds> extends fc.Arbitrary<(infer T)[]> ? T : never;

function run(maxFiles: number, deeds: readonly (Deed | { committed: number })[]): Bed {
  const bed = new Bed(maxFiles);
  // Nobody can tell that something was there before all that was ever seen.
  bed.write(1, 0);
  bed.read();
  for (const deed of deeds) {
    if (typeof deed === 'string') bed[deed]();
    else if ('write' in deed) bed.write(deed.write, deed.step);
    else if ('read' in deed) bed.read(deed.read);
    else if ('committed' in deed) bed.kill(deed.committed);
    else if ('more' in deed) bed.look(false, deed);
    else bed.rotate(deed.drops, deed.isDeaf);
  }
  bed.finish();
  return bed;
}

/** Lines that came behind later ones. */
function late(texts: readonly string[]): number {
  let newest = -1;
  return texts.filter((text) => {
    const n = Number(text.slice(1));
    if (n > newest) newest = n;
    return n < newest;
  }).length;
}

const sorted = (texts: readonly string[]): string[] =>
  [...texts].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));

describe('a log of which the engine leaves records out', () => {
  it('is delivered whole, each line once, and in order but for those that are told to be late', () => {
    fc.assert(
      fc.property(deeds([0, 5_000_000, -5000]), (deeds) => {
        const bed = run(Infinity, deeds);
        expect(sorted(bed.delivered)).toEqual(bed.engine.written.map(({ text }) => text));
        expect(late(bed.delivered)).toBe(bed.late);
        expect(bed.gaps).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [1, 1],
    [5, 5],
    [5, 40],
    [300, 20],
  ])('is delivered whole where %i lines were left out, %i taken, and the agent was killed', (left, more) => {
    for (const before of [0, 30]) {
      const all = Infinity;
      const bed = run(Infinity, [
        { write: 30, step: 0 },
        { read: 20 },
        ...(before > 0 ? (['look', { read: 5 }] as const) : []),
        { write: left, step: 0 },
        { drops: true, isDeaf: false },
        { write: more, step: 0 },
        { read: all },
        { committed: all },
      ]);
      expect(sorted(bed.delivered)).toEqual(bed.engine.written.map(({ text }) => text));
      expect(bed.gaps).toEqual([]);
    }
  });

  it.each([12, 60])('is delivered once where %i lines come while it is compared', (more) => {
    const write = (lines: number) => ({ write: lines, step: 1e9 });
    const read = { read: Infinity };
    // The ring is full of lines that were compared, but for twelve.
    const before = [write(250), read, 'look', write(12), read] as const;
    for (let rest = 0; rest < 280; rest++) {
      const bed = run(Infinity, [...before, write(more), { more: 300, rest }]);
      expect(sorted(bed.delivered)).toEqual(bed.engine.written.map(({ text }) => text));
      expect([bed.late, bed.gaps]).toEqual([0, []]);
    }
  });

  it.each([
    [16_400, 0, 0],
    [20_000, 0, 0],
    [40_000, 300, 30_000],
    [16_200, 600, 16_250],
    [16_200, 600, 100],
  ])('is delivered once where %i lines come before it is compared, and %i meanwhile', (taken, more, rest) => {
    const read = { read: Infinity };
    const write = (lines: number) => ({ write: lines, step: 0 });
    const before = [
      write(100),
      read,
      'look',
      write(5),
      { drops: true, isDeaf: false },
      write(taken),
      read,
    ] as const;
    const { delivered, engine, gaps } = run(Infinity, [...before, write(more), { more: 50, rest }]);
    expect(new Set(delivered).size).toBe(delivered.length);
    const got = new Set(delivered);
    expect(engine.written.filter((record) => !got.has(record.text) && !isTold(record, gaps))).toEqual([]);
    expect(delivered.length).toBeGreaterThanOrEqual(engine.written.length - 5);
  });

  it('has a gap told where lines were left out twice before the agent was killed', () => {
    const leaveOut = [
      { write: 10, step: 0 },
      { drops: true, isDeaf: false },
      { write: 10, step: 0 },
      { read: Infinity },
    ];
    const bed = run(Infinity, [...leaveOut, ...leaveOut, { committed: Infinity }]);
    expect(bed.delivered.length).toBe(21);
    expect(bed.gaps.map(({ why }) => why)).toEqual(['skipped']);
    const got = new Set(bed.delivered);
    const missing = bed.engine.written.filter(({ text }) => !got.has(text));
    expect(missing.filter((record) => !isTold(record, bed.gaps))).toEqual([]);
  });

  it('is delivered so also where the agent is killed, or else a gap is told', () => {
    const both = fc.tuple(
      deeds([0, 5_000_000]),
      fc.array(kill, { maxLength: 4 }),
      fc.infiniteStream(fc.nat()),
    );
    fc.assert(
      fc.property(both, ([deeds, kills, at]) => {
        const all: (Deed | { committed: number })[] = [...deeds];
        for (const kill of kills) all.splice((at.next().value ?? 0) % (all.length + 1), 0, kill);
        const { delivered, gaps, engine } = run(Infinity, all);
        expect(sorted(delivered)).toEqual(sorted([...new Set(delivered)]));
        const got = new Set(delivered);
        const untold = engine.written.filter((record) => !got.has(record.text) && !isTold(record, gaps));
        expect(untold).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('is not delivered twice where what is hidden is told later', () => {
    const write = (lines: number) => [{ write: lines, step: 0 }, { read: Infinity }];
    const left = [
      { write: 5, step: 0 },
      { drops: true, isDeaf: false },
    ];
    const rotate = { drops: false, isDeaf: false };
    const hide = [...write(5), rotate, rotate, ...write(5)];
    const bed = run(2, [...hide, 'look', ...hide, ...left, ...write(5), 'look', 'look']);
    expect(sorted(bed.delivered)).toEqual(bed.engine.written.map(({ text }) => text));
    expect(bed.late).toBe(5);
    expect(bed.gaps.map(({ why }) => why)).toEqual(['skipped', 'skipped']);
  });

  it('has gaps told where the engine has rotated lines away, and nothing is missing elsewhere', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), deeds([0, 5_000_000]), (maxFiles, deeds) => {
        const bed = run(maxFiles, deeds);
        const { delivered, gaps, engine } = bed;
        expect(new Set(delivered).size).toBe(delivered.length);
        const got = new Set(delivered);
        const untold = engine.written.filter((record) => !got.has(record.text) && !isTold(record, gaps));
        expect(untold).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});

function isTold({ seconds, nanos }: ServedRecord, gaps: readonly SourceGap[]): boolean {
  const at = seconds * 1e9 + nanos;
  const ofTime = ({ seconds, nanos }: { seconds: number; nanos: number }): number => seconds * 1e9 + nanos;
  return gaps.some(({ from, to }) => at >= (from ? ofTime(from) : 0) && at <= (to ? ofTime(to) : Infinity));
}
