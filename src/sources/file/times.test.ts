/** Times of lines that carry none: when they were read, and increasing. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { scratch } from '../../../test/support/scratch.js';
import { Scope } from '../../runtime/scope.js';
import { noCounts } from '../docker/json-file/counts.js';
import { Decoder, type LineTarget } from '../docker/json-file/decode.js';
import { PlainFile } from '../docker/json-file/log-file.js';
import { markAt, Span } from '../docker/json-file/span.js';
import { PlainRecords } from './records.js';

test('each read has its own time, also where the clock went back', () => {
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  onTestFinished(() => scope.close());
  const file = path.join(scratch('times'), 'a.log');
  writeFileSync(file, '');
  const span = new Span([markAt(PlainFile.open(scope, file), 0, 0)]);
  let nowMs = 0;
  const decoder = new Decoder(1024, 1024, new PlainRecords(() => nowMs));
  const times: [number, number][] = [];
  const target: LineTarget = {
    counts: noCounts(),
    streamId: () => 1,
    push(batch) {
      for (let i = 0; i < batch.length; i++) times.push([batch.seconds[i], batch.nanos[i]]);
      return undefined;
    },
    moved() {},
  };
  for (const ms of [5_000, 5_250, 4_000, 9_000]) {
    nowMs = ms;
    const chunk = Buffer.from('a\nb\n');
    void decoder.decode(chunk, chunk.length, span, target);
  }
  expect(times).toEqual([
    [5, 1],
    [5, 2],
    [5, 250_000_001],
    [5, 250_000_002],
    [5, 250_000_003],
    [5, 250_000_004],
    [9, 1],
    [9, 2],
  ]);
});
