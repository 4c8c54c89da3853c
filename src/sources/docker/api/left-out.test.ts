/** An engine whose follower leaves records out, at the level of streams, probes and stops. */
import { afterEach, expect, it } from 'vitest';
import { json } from '../testing/fake-engine.js';
import { until } from '../testing/until.js';
import { ID, ReadersBed } from './testing/log-server.js';

const PIECE_BYTES = 16 * 1024;

let bed: ReadersBed;
afterEach(async () => bed.stop());

const sorted = (texts: readonly string[]): string[] =>
  [...texts].sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
const lines = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const late = (): number | undefined => bed.readers.stats().get(ID)?.linesLate;

async function follow(maxSize: string): Promise<void> {
  bed = await ReadersBed.start({ maxSize });
  // What was in the log when it was opened is not left out.
  bed.server.seconds = Math.floor(Date.now() / 1000);
  bed.add();
  await until('a follower', () => bed.server.followers.size === 1);
}

/** The follower gets nothing of these. */
function leaveOut(from: number, to: number): void {
  bed.server.isDeaf = true;
  bed.server.lines(from, to);
  bed.server.isDeaf = false;
}

it.each([1, 22, 3000])('%i lines are delivered while the stream goes on, late', async (left) => {
  await follow('1k');
  bed.server.lines(0, 10);
  await bed.lines(10);
  leaveOut(10, 10 + left);
  const more = 10 + left;
  for (let next = more; late() === 0 || (late() ?? 0) < left; next++) {
    bed.server.line(`line ${next}`);
    await bed.roundTrip();
  }
  const written = bed.server.records.length;
  const got = await bed.lines(written);
  expect(sorted(got)).toEqual(lines(0, written));
  expect(got.slice(0, 11)).toEqual([...lines(0, 10), `line ${more}`]);
  expect([late(), bed.pipeline.gaps]).toEqual([left, []]);
  const [first, last] = [got.indexOf('line 10'), got.indexOf(`line ${more - 1}`)];
  expect(got.slice(first, last + 1)).toEqual(lines(10, more));
});

it('lines are asked for when the container has stopped', async () => {
  await follow('10m');
  bed.server.lines(0, 10);
  await bed.lines(10);
  leaveOut(10, 500);
  bed.server.lines(500, 510);
  await bed.lines(20);
  bed.server.stop();
  bed.readers.stopped(ID);
  expect(sorted(await bed.lines(510))).toEqual(lines(0, 510));
  expect([late(), bed.pipeline.gaps]).toEqual([490, []]);
});

it('a line of which the rest was left out is whole, and in its place', async () => {
  await follow('10m');
  const long = `long ${'x'.repeat(PIECE_BYTES - 5)}`;
  const time = { seconds: bed.server.seconds, nanos: 1500 };
  bed.server.line('line 0');
  bed.server.line(long, { ...time, endsLine: false });
  bed.server.isDeaf = true;
  bed.server.line('and its end', time);
  bed.server.line('line 1');
  bed.server.isDeaf = false;
  bed.server.line('line 2');
  expect(await bed.lines(4)).toEqual(['line 0', `${long}and its end`, 'line 1', 'line 2']);
  expect(late()).toBe(0);
});

it.each([
  ['100', 1],
  ['10m', 0],
])('a container that is gone before that, with max-size=%s: %i gaps are told', async (maxSize, gaps) => {
  await follow(maxSize);
  bed.server.line('line 0');
  await bed.lines(1);
  bed.fake.routes.set(`/containers/${ID}/logs`, json({ message: 'gone' }, 404));
  bed.readers.stopped(ID);
  bed.readers.finish(ID);
  bed.server.stop();
  await until('finished', () => bed.notices.some(({ kind }) => kind === 'finished'));
  expect(bed.pipeline.gaps.map(({ why }) => why)).toEqual(gaps === 1 ? ['removed'] : []);
});

it.each([
  ['100', ['skipped']],
  ['10m', []],
])('a container that goes before its log was compared, with max-size=%s: gaps %j', async (maxSize, gaps) => {
  await follow(maxSize);
  bed.server.line('line 0');
  await bed.lines(1);
  const path = `/containers/${ID}/logs`;
  const served = bed.fake.routes.get(path);
  // The stream that reads the end is the last one that is answered.
  bed.fake.routes.set(path, (request, response) => {
    bed.fake.routes.set(path, json({ message: 'gone' }, 404));
    served?.(request, response);
  });
  bed.server.stop();
  bed.readers.stopped(ID);
  bed.readers.finish(ID);
  await until('finished', () => bed.notices.some(({ kind }) => kind === 'finished'));
  expect(bed.pipeline.gaps.map(({ why }) => why)).toEqual(gaps);
});
