/** The pipeline asks to wait in the middle of what was collected: the rest comes by itself once it lets go. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PIECE_BYTES } from '../json-file/decode.js';
import { json } from '../testing/fake-engine.js';
import { until } from '../testing/until.js';
import { ID, ReadersBed } from './testing/log-server.js';

let bed: ReadersBed;
let letGo = (): void => {};

beforeEach(async () => {
  bed = await ReadersBed.start({ streamMaxAgeMs: 10_000 });
  bed.pipeline.answer = () => {
    bed.pipeline.answer = () => undefined;
    return new Promise<void>((resolve) => {
      letGo = resolve;
    });
  };
});
afterEach(() => {
  vi.restoreAllMocks();
  return bed.stop();
});

/** The first line was pushed, and whatever is with it has been collected. */
async function held(): Promise<void> {
  await bed.lines(1);
  for (let i = 0; i < 5; i++) await bed.roundTrip();
  expect(bed.pipeline.lines.length).toBe(1);
}

/** Each push asks to wait for a moment. */
function askAlways(): void {
  bed.pipeline.answer = () => new Promise<void>((resolve) => setTimeout(resolve, 10));
}

it('in the middle of a buffer', async () => {
  bed.server.line('p'.repeat(PIECE_BYTES), { endsLine: false, nanos: 1 });
  bed.server.line('end', { nanos: 1 });
  bed.server.line('behind', { nanos: 9 });
  bed.add();
  await held();
  letGo();
  expect(await bed.lines(2)).toEqual([`${'p'.repeat(PIECE_BYTES)}end`, 'behind']);
});

it('between two containers', async () => {
  const second = bed.addServer('c2');
  bed.add();
  bed.add({ id: 'c2' });
  await until('followers', () => bed.server.followers.size === 1 && second.followers.size === 1);
  bed.server.line('one');
  second.line('two');
  await held();
  letGo();
  expect((await bed.lines(2)).toSorted()).toEqual(['one', 'two']);
});

it('again and again in the middle of a backlog, for which one stream is enough', async () => {
  askAlways();
  const texts = Array.from({ length: 60 }, (_, i) => String(i).padEnd(PIECE_BYTES - 1, '.'));
  for (const text of texts) bed.server.line(text);
  bed.add();
  expect(await bed.lines(60)).toEqual(texts);
  expect(bed.asked).toEqual(['all follow']);
});

it('opens nothing meanwhile', async () => {
  const other = bed.addServer('c2');
  bed.add({ id: 'c2' });
  bed.pipeline.answer = () => undefined;
  bed.server.lines(0, 3);
  bed.add();
  await bed.lines(3);
  bed.pipeline.answer = () =>
    new Promise<void>((resolve) => {
      letGo = resolve;
    });
  other.line('holds');
  await bed.lines(4);
  bed.readers.rotate(ID);
  bed.server.line('meanwhile');
  for (let i = 0; i < 50; i++) await bed.roundTrip();
  expect(bed.asked).toEqual(['all follow']);
  letGo();
  expect((await bed.lines(5)).at(-1)).toBe('meanwhile');
});

it('and what a container has left is read afterwards, however long that takes', async () => {
  bed.pipeline.answer = () =>
    new Promise<void>((resolve) => {
      letGo = resolve;
    });
  const other = bed.addServer('c2');
  bed.add({ id: 'c2' });
  bed.add();
  await until('followers', () => bed.server.followers.size === 1 && other.followers.size === 1);
  other.line('holds');
  await bed.lines(1);
  bed.readers.stopped(ID);
  for (let i = 0; i < 20; i++) bed.server.line(String(i).padEnd(PIECE_BYTES - 1, '.'));
  bed.server.stop();
  bed.fake.routes.set(`/containers/${ID}/logs`, json({ message: 'gone' }, 404));
  bed.readers.finish(ID);
  for (let i = 0; i < 20; i++) await bed.roundTrip();
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
  await new Promise((resolve) => setTimeout(resolve, 600));
  bed.pipeline.answer = () => undefined;
  letGo();
  await until('finished', () => bed.notices.some(({ kind }) => kind === 'finished'));
  expect(bed.pipeline.lines.length).toBe(21);
  expect(bed.notices.map(({ kind }) => kind)).toEqual(['finished']);
});
