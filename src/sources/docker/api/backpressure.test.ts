/** The pipeline asks to wait in the middle of what was collected: the rest comes by itself once it lets go. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PIECE_BYTES } from '../json-file/decode.js';
import { until } from '../testing/until.js';
import { ReadersBed } from './testing/log-server.js';

let bed: ReadersBed;
let letGo = (): void => {};

beforeEach(async () => {
  bed = await ReadersBed.start();
  bed.pipeline.answer = () => {
    bed.pipeline.answer = () => undefined;
    return new Promise<void>((resolve) => {
      letGo = resolve;
    });
  };
});
afterEach(() => bed.stop());

/** The first line was pushed, and whatever is with it has been collected. */
async function held(): Promise<void> {
  await bed.lines(1);
  for (let i = 0; i < 5; i++) await bed.roundTrip();
  expect(bed.pipeline.lines.length).toBe(1);
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
