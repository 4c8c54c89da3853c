/** An engine that has trouble with a log, and containers that come and go while nobody can tell. */
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { json } from '../testing/fake-engine.js';
import { until } from '../testing/until.js';
import { ID, ReadersBed } from './testing/log-server.js';

const PATH = `/containers/${ID}/logs`;
const gone = json({ message: 'gone' }, 404);

let bed: ReadersBed;
afterEach(() => bed.stop());

const followed = (): Promise<void> => until('a follower', () => bed.server.followers.size === 1);
const kinds = (): string[] => bed.notices.map(({ kind }) => kind);

async function readThreeLines(): Promise<void> {
  bed.add();
  await followed();
  bed.server.lines(0, 3);
  await bed.lines(3);
}

describe('an engine that answers with a message of trouble, and no lines', () => {
  const message = Buffer.from('Error grabbing logs: invalid character');
  const answer = Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, 0, message.length]), message]);

  /** Each answer takes about as long as a round trip: without a pause there would be about as many of them. */
  async function expectPauses(): Promise<void> {
    const before = bed.asked.length;
    await until('two answers', () => bed.asked.length >= before + 2);
    for (let i = 0; i < 100; i++) await bed.roundTrip();
    expect(bed.asked.length - before).toBeLessThan(15);
  }

  it('is asked for a log that is known ever more rarely', async () => {
    bed = await ReadersBed.start();
    await readThreeLines();
    bed.fake.routes.set(PATH, (_request, response: ServerResponse) => response.writeHead(200).end(answer));
    bed.server.cut();
    await expectPauses();
  });

  it('is asked for the end of a log ever more rarely', async () => {
    bed = await ReadersBed.start({ startAt: { kind: 'end' } });
    bed.fake.routes.set(PATH, (_request, response: ServerResponse) => response.writeHead(200).end(answer));
    bed.add({ existedAtFirstStart: true });
    await expectPauses();
  });
});

describe('a gap is told', () => {
  it('where a container ran again and was removed, and nothing of that was read', async () => {
    bed = await ReadersBed.start();
    await readThreeLines();
    bed.readers.stopped(ID);
    bed.server.stop();
    await until('all is read', () => bed.asked.length === 3 && bed.readers.openStreams().length === 0);
    bed.fake.routes.set(PATH, gone);
    bed.readers.wake(ID);
    bed.readers.finish(ID);
    await until('finished', () => kinds().includes('finished'));
    expect(kinds()).toContain('finished');
    expect(bed.pipeline.gaps).toMatchObject([{ why: 'removed' }]);
  });

  it('where all of that happened before the first run was read to its end', async () => {
    bed = await ReadersBed.start();
    await readThreeLines();
    const serve = bed.fake.routes.get(PATH);
    let serveLast: (() => void) | undefined;
    bed.fake.routes.set(PATH, (request, response) => {
      serveLast = () => serve?.(request, response);
    });
    bed.readers.stopped(ID);
    bed.server.stop();
    await until('the last stream', () => serveLast !== undefined);
    bed.fake.routes.set(PATH, gone);
    bed.readers.wake(ID);
    bed.readers.finish(ID);
    serveLast?.();
    await until('finished', () => kinds().includes('finished'));
    expect(kinds()).toContain('finished');
    expect(bed.pipeline.gaps).toMatchObject([{ why: 'removed' }]);
  });

  it('where a container that ran vanished while the engine was away', async () => {
    bed = await ReadersBed.start();
    await readThreeLines();
    bed.fake.routes.set(PATH, gone);
    bed.readers.disconnected();
    await until('no follower', () => bed.server.followers.size === 0);
    bed.connect();
    bed.readers.finish(ID);
    await until('finished', () => kinds().includes('finished'));
    expect(kinds()).toContain('finished');
    expect(bed.pipeline.gaps).toMatchObject([{ why: 'removed' }]);
  });

  it('where the log was read from its file, and a backlog of it was not read yet', async () => {
    const file = [1, 2, 3, 4];
    const position = [1_795_299_000, 5, [file], [[file], [1, 2, 3]]];
    bed = await ReadersBed.start({}, new Map([[`docker/${ID}`, position]]));
    bed.add();
    await followed();
    const to = { seconds: 1_795_299_000, nanos: 5 };
    expect(bed.pipeline.gaps).toMatchObject([{ why: 'blind', from: undefined, to }]);
  });
});

describe('a record that is damaged, behind which the engine does not read on', () => {
  const timeOf = (n: number) => {
    const { seconds, nanos } = bed.server.records[n];
    return { seconds, nanos };
  };
  const drained = (): number => kinds().filter((kind) => kind === 'drained').length;

  async function readStopped(): Promise<void> {
    bed.server.isRunning = false;
    bed.add();
    bed.readers.stopped(ID);
    await until('the end of it', () => drained() === 1);
  }

  it('is a gap of a container that has stopped, told once, also over a restart; what comes later is read', async () => {
    bed = await ReadersBed.start();
    bed.server.lines(0, 40);
    bed.server.damagedBefore = 20;
    await readStopped();
    const gap = { why: 'damaged', from: timeOf(19), to: timeOf(39) };
    expect(bed.pipeline.lines.map(({ text }) => text)).toEqual(
      Array.from({ length: 20 }, (_, n) => `line ${n}`),
    );
    expect(bed.pipeline.gaps).toMatchObject([gap]);
    bed.server.isRunning = true;
    bed.readers.wake(ID);
    await followed();
    bed.server.line('later');
    expect((await bed.lines(21)).at(-1)).toBe('later');
    expect(bed.pipeline.gaps).toMatchObject([gap]);
    const { records, damagedBefore } = bed.server;
    const positions = bed.pipeline.positionsAfter(bed.pipeline.pushes.length);
    await bed.stop();

    bed = await ReadersBed.start({}, positions);
    bed.server.records.push(...records);
    bed.server.damagedBefore = damagedBefore;
    await readStopped();
    expect([bed.pipeline.lines, bed.pipeline.gaps]).toEqual([[], []]);
  });

  it('is none where only a line came while the end was looked at', async () => {
    bed = await ReadersBed.start();
    bed.server.lines(0, 3);
    const serve = bed.fake.routes.get(PATH);
    let isLate = true;
    bed.fake.routes.set(PATH, (request, response) => {
      if (isLate && request.url?.endsWith('tail=1')) {
        bed.server.line('late');
        isLate = false;
      }
      serve?.(request, response);
    });
    await readStopped();
    expect(bed.pipeline.lines.map(({ text }) => text)).toEqual(['line 0', 'line 1', 'line 2', 'late']);
    expect([bed.pipeline.gaps, isLate]).toEqual([[], false]);
  });
});

it('a container that is added again while it is being finished is read on', async () => {
  bed = await ReadersBed.start();
  await readThreeLines();
  bed.readers.finish(ID);
  bed.add();
  bed.server.cut();
  await until('another stream', () => bed.asked.length === 2);
  await followed();
  bed.server.line('more');
  expect((await bed.lines(4)).at(-1)).toBe('more');
  expect(bed.notices).toEqual([]);
});

it('a request that waits for its answer is given up with its place when the engine goes away', async () => {
  bed = await ReadersBed.start();
  const serve = bed.fake.routes.get(PATH);
  let isGivenUp = false;
  bed.fake.routes.set(PATH, (request) => void request.once('close', () => (isGivenUp = true)));
  bed.add();
  await until('a request', () => bed.asked.length === 1);
  bed.readers.disconnected();
  await until('no request', () => isGivenUp);
  if (serve) bed.fake.routes.set(PATH, serve);
  bed.connect();
  await followed();
});
