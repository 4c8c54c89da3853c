import { expect, test } from 'vitest';
import { StreamTable } from '../../pipeline/streams.js';
import { StreamIds } from './stream-ids.js';

test('streams carry how their container is tuned, also where it is known late', () => {
  const table = new StreamTable();
  const early = new StreamIds(table, 'stream', { container: 'a' }, { parse: 'json' });
  const late = new StreamIds(table, 'stream', undefined);
  late.setLabels({ container: 'b' }, { redact: 'false' });
  const tuningOf = (id: number) => table.get(id)?.tuning;
  expect([early.of(false, false), early.of(true, false), early.of(false, true)].map(tuningOf)).toEqual([
    { parse: 'json' },
    { parse: 'json' },
    { parse: 'json' },
  ]);
  expect(tuningOf(late.of(true, true))).toEqual({ redact: 'false' });
  early.release();
  late.release();
  expect(table.size).toBe(0);
});
