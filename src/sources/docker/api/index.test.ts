import { afterEach, describe, expect, it } from 'vitest';
import { PIECE_BYTES } from '../json-file/decode.js';
import { json } from '../testing/fake-engine.js';
import { until } from '../testing/until.js';
import { ID, ReadersBed } from './testing/log-server.js';

let bed: ReadersBed;
afterEach(() => bed.stop());

const texts = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const followed = (): Promise<void> => until('a follower', () => bed.server.followers.size === 1);

describe('ApiReaders', () => {
  it('reads what is there, follows, and goes on over a broken connection with the few lines that were missed', async () => {
    bed = await ReadersBed.start();
    bed.server.lines(0, 100);
    bed.add();
    await bed.lines(100);
    bed.server.lines(100, 105);
    await bed.lines(105);
    bed.server.cut();
    bed.server.lines(105, 115);
    expect(await bed.lines(115)).toEqual(texts(0, 115));
    expect(bed.asked).toEqual(['all follow', '16 follow']);
  });

  it('opens the log again when it is told to, one stream at a time', async () => {
    bed = await ReadersBed.start();
    bed.add();
    for (let i = 0; i < 5; i++) {
      await followed();
      bed.server.lines(i * 10, i * 10 + 10);
      await bed.lines(i * 10 + 10);
      const [{ openedMs }] = bed.readers.openStreams();
      expect(openedMs).toBeLessThanOrEqual(Date.now());
      const [follower] = bed.server.followers;
      bed.readers.rotate(ID);
      await until('the old stream is gone', () => !bed.server.followers.has(follower));
    }
    await followed();
    expect(await bed.lines(50)).toEqual(texts(0, 50));
  });

  it('goes on after a kill at the lines that were committed', async () => {
    bed = await ReadersBed.start();
    bed.server.lines(0, 40);
    bed.add();
    await bed.lines(40);
    const [server, positions] = [bed.server, bed.pipeline.positionsAfter(Infinity)];
    await bed.stop();
    bed = await ReadersBed.start({}, positions);
    bed.server.records.push(...server.records);
    bed.server.later(40);
    bed.server.lines(40, 45);
    bed.add();
    expect(await bed.lines(5)).toEqual(texts(40, 45));
  });

  it('reads a stopped container to its end, without following, and then rests', async () => {
    bed = await ReadersBed.start();
    bed.add();
    await followed();
    bed.server.lines(0, 3);
    bed.server.line('p'.repeat(PIECE_BYTES), { endsLine: false });
    bed.server.stop();
    bed.readers.stopped(ID);
    // A piece that no more pieces follow is a line once the container does not run.
    expect(await bed.lines(4)).toEqual([...texts(0, 3), 'p'.repeat(PIECE_BYTES)]);
    await until('no stream', () => bed.readers.openStreams().length === 0);
    expect(bed.asked.at(-1)).not.toContain('follow');
    bed.server.isRunning = true;
    bed.readers.wake(ID);
    await followed();
    bed.server.line('of the second run');
    expect((await bed.lines(5)).at(-1)).toBe('of the second run');
  });

  it('forgets a removed container once its stream has ended', async () => {
    bed = await ReadersBed.start();
    bed.add();
    await followed();
    bed.server.lines(0, 3);
    bed.server.stop();
    bed.readers.stopped(ID);
    bed.fake.routes.set(`/containers/${ID}/logs`, json({ message: 'dead or marked for removal' }, 409));
    bed.readers.finish(ID);
    await until('finished', () => bed.notices.some(({ kind }) => kind === 'finished'));
    expect(await bed.lines(3)).toEqual(texts(0, 3));
    expect(bed.notices.map(({ kind }) => kind)).toEqual(['finished']);
    expect(bed.pipeline.pushes.at(-1)?.position).toBeUndefined();
    expect(bed.readers.stats().size).toBe(0);
  });

  it('tells once that a driver cannot be read, and does not ask again', async () => {
    bed = await ReadersBed.start();
    bed.fake.routes.set(`/containers/${ID}/logs`, json({ message: 'does not support reading' }, 501));
    bed.add();
    await until('notice', () => bed.notices.length > 0);
    bed.readers.wake(ID);
    bed.connect();
    expect(bed.notices).toEqual([{ kind: 'unreadable', id: ID, path: '' }]);
    expect(bed.asked.length).toBe(1);
  });

  it('says what the engine says of itself, which is no line, and reads on', async () => {
    bed = await ReadersBed.start();
    bed.add();
    await followed();
    bed.server.lines(0, 2);
    const message = Buffer.from('Error grabbing logs: no such file\n');
    for (const follower of bed.server.followers)
      follower.end(Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, 0, message.length]), message]));
    await until('the next stream', () => bed.asked.length === 2);
    await followed();
    bed.server.lines(2, 4);
    expect(await bed.lines(4)).toEqual(texts(0, 4));
    expect(bed.warnings).toEqual(["The engine has trouble reading a container's log."]);
  });

  it('notices a stream that fell silent although the log went on', async () => {
    bed = await ReadersBed.start({ stallMs: 100 });
    bed.add();
    await followed();
    bed.server.lines(0, 2);
    await bed.lines(2);
    bed.server.isDeaf = true;
    bed.server.lines(2, 5);
    expect(await bed.lines(5)).toEqual(texts(0, 5));
    expect(bed.readers.stats().get(ID)?.stalls).toBe(1);
  });

  it('leaves a quiet stream alone', async () => {
    bed = await ReadersBed.start({ stallMs: 50 });
    bed.server.lines(0, 3);
    bed.add();
    await bed.lines(3);
    await until('several looks', () => bed.asked.filter((asked) => asked === '1').length >= 3);
    expect(bed.asked.filter((asked) => asked.includes('follow'))).toEqual(['all follow']);
  });

  it('stops reading while the pipeline asks to wait, and reads it all afterwards', async () => {
    bed = await ReadersBed.start();
    let release = (): void => {};
    const wait = new Promise<void>((resolve) => {
      release = resolve;
    });
    bed.pipeline.answer = () => wait;
    bed.add();
    await followed();
    bed.server.line('first');
    await bed.lines(1);
    bed.pipeline.answer = () => undefined;
    const [follower] = bed.server.followers;
    for (let i = 0; i < 400; i++) bed.server.line(String(i).padEnd(PIECE_BYTES - 1, '.'));
    await until('a full socket', () => follower.writableLength > 1024 * 1024);
    // Time in which it would all have been read.
    for (let i = 0; i < 50; i++) await bed.roundTrip();
    expect(follower.writableLength).toBeGreaterThan(1024 * 1024);
    expect(bed.pipeline.lines.length).toBe(1);
    release();
    const lines = await bed.lines(401);
    expect(lines.map((line) => line.replace(/\.+$/, ''))).toEqual([
      'first',
      ...texts(0, 400).map((text) => text.slice(5)),
    ]);
  });

  it('keeps what it knows while the engine is away', async () => {
    bed = await ReadersBed.start();
    bed.add();
    await followed();
    bed.server.lines(0, 5);
    await bed.lines(5);
    bed.readers.disconnected();
    await until('no follower', () => bed.server.followers.size === 0);
    bed.server.lines(5, 30);
    bed.connect();
    expect(await bed.lines(30)).toEqual(texts(0, 30));
  });

  it('reads a terminal, of which inspect tells', async () => {
    bed = await ReadersBed.start({ tty: true });
    bed.server.line('$ make\r');
    bed.server.line('no end', { endsLine: false });
    bed.add();
    await followed();
    bed.server.line('second run\r');
    expect(await bed.lines(3)).toEqual(['$ make\r', 'no end', 'second run\r']);
  });

  it('begins behind what is there where the start is the end', async () => {
    bed = await ReadersBed.start({ startAt: { kind: 'end' } });
    bed.server.lines(0, 5);
    bed.add({ existedAtFirstStart: true });
    await followed();
    bed.server.lines(5, 7);
    expect(await bed.lines(2)).toEqual(texts(5, 7));
  });

  it('goes on at the end of a log that was empty when it began there', async () => {
    bed = await ReadersBed.start({ startAt: { kind: 'end' } });
    bed.add({ existedAtFirstStart: true });
    await followed();
    const [server, positions] = [bed.server, bed.pipeline.positionsAfter(Infinity)];
    await bed.stop();
    server.lines(0, 3);
    bed = await ReadersBed.start({ startAt: { kind: 'end' } }, positions);
    bed.server.records.push(...server.records);
    bed.server.later(3);
    bed.add({ existedAtFirstStart: true });
    await followed();
    bed.server.line('live');
    expect(await bed.lines(4)).toEqual([...texts(0, 3), 'live']);
  });

  it('does not open a quiet log by its time again and again', async () => {
    bed = await ReadersBed.start({ startAt: { kind: 'age', ageMs: 1000 } });
    for (let i = 0; i < 3; i++) bed.server.line('old', { seconds: 1_000_000_000 });
    bed.add({ existedAtFirstStart: true });
    await followed();
    await until('its stream', () => bed.readers.openStreams().length === 1);
    const [follower] = bed.server.followers;
    bed.readers.rotate(ID);
    await until(
      'the next stream',
      () => bed.server.followers.size === 1 && !bed.server.followers.has(follower),
    );
    bed.server.lines(0, 2);
    expect(await bed.lines(2)).toEqual(texts(0, 2));
    expect(bed.asked.filter((asked) => asked.includes('since'))).toEqual([]);
  });

  it.each([
    [3000, ['1', 'since follow']],
    // Nothing lies behind it: what is asked for by time may take long, and would never come.
    [5000, ['1', '16 follow']],
  ])('goes on behind the time of a log that was read from its file', async (nanos, asked) => {
    const position = [1_795_300_000, nanos, [[1, 2, 3, 4]]];
    bed = await ReadersBed.start({}, new Map([[`docker/${ID}`, position]]));
    bed.server.lines(0, 5);
    bed.add();
    await followed();
    bed.server.lines(5, 6);
    const first = nanos / 1000;
    expect(await bed.lines(6 - first)).toEqual(texts(first, 6));
    expect(bed.asked).toEqual(asked);
  });

  it('is woken for streams that need looking after only while there are containers', async () => {
    bed = await ReadersBed.start();
    const isWoken = (): boolean => bed.timers.includes('look after streams');
    expect(isWoken()).toBe(false);
    for (let i = 0; i < 2; i++) {
      bed.add();
      await followed();
      expect(isWoken()).toBe(true);
      bed.readers.reject(ID);
      await until('no timer', () => !isWoken());
      await until('no follower', () => bed.server.followers.size === 0);
    }
  });

  it('reads nothing of a container that was rejected, or of which the labels are not known', async () => {
    bed = await ReadersBed.start();
    bed.server.lines(0, 2);
    bed.readers.add({ id: ID, path: '', labels: undefined, existedAtFirstStart: false });
    expect(bed.asked).toEqual([]);
    bed.readers.setLabels(ID, { container: 'web' });
    expect(await bed.lines(2)).toEqual(texts(0, 2));
    bed.readers.reject(ID);
    await until('no follower', () => bed.server.followers.size === 0);
    expect(bed.readers.stats().size).toBe(0);
  });
});
