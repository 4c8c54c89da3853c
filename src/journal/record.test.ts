import { expect, test } from 'vitest';
import { LANES } from '../pipeline/streams.js';
import { decodeHeader, encodeRecord, RecordType } from './record.js';

const LSN = 4096;
const headerOf = (type: number, lane: number) => {
  const meta = Buffer.from('{}');
  return decodeHeader(
    Buffer.concat(encodeRecord({ type, lane, lines: 3, lsn: LSN, seconds: 1 }, meta)),
    0,
    LSN,
  );
};

test('a header says its type and lane; one that no build writes is damage, however good its checksum', () => {
  expect(headerOf(RecordType.block, LANES - 1)).toMatchObject({ type: RecordType.block, lane: LANES - 1 });
  expect(headerOf(RecordType.block, LANES)).toBeUndefined();
  expect(headerOf(0, 0)).toBeUndefined();
  expect(headerOf(RecordType.commit + 1, 0)).toBeUndefined();
});
