import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import type { Block } from '../../pipeline/contract.js';
import type { Labels } from '../../pipeline/streams.js';
import { silentLogger } from '../../runtime/log.js';
import { deliver, deliverOnce } from '../http/testing/sink-kit.js';
import { explainRejection, REJECTION_REASONS } from '../rejections.js';
import { refusedTexts, reopened, withLoki } from './testing/test-sink.js';

const now = (): number => Math.floor(Date.now() / 1000);
const A = { container: 'a', stream: 'stdout' };
const B = { container: 'b', stream: 'stdout' };
let lsn = 0;
const block = (lines: readonly BlockLine[]): Block => blockOf(lines, { lsn: lsn++ });
const line = (labels: Labels, text: string, ageMinutes = 0): BlockLine => ({
  labels,
  text,
  seconds: now() - 60 * ageMinutes,
});

test('a block that names a stream twice and is refused is counted with few requests', () =>
  withLoki({ limits: { maxLabelNames: 3 } }, {}, async ({ sink, loki }) => {
    const made = reopened({ ...A, one: '1', two: '2' }, lsn++);
    const stop = new AbortController();
    const guard = setInterval(() => {
      if (loki.requests.length > 50) stop.abort();
    }, 10);
    try {
      const result = await sink.deliver([made], [], stop.signal);
      expect(result).toMatchObject({ delivered: 0, rejected: new Map([['max_labels', 2]]) });
      expect(result.refused).toMatchObject([{ block: made, rows: [0, 1], reason: 'max_labels' }]);
      expect(loki.requests.length).toBeLessThan(5);
    } finally {
      clearInterval(guard);
    }
  }));

test('a line that is stored is not called rejected because its request was asked again', () =>
  withLoki({ limits: { maxLineBytes: 800 } }, {}, async ({ sink, loki }) => {
    await deliver(sink, [block([line(B, 'b1', 20), line(A, 'a1')])]);
    const result = await deliver(sink, [block([line(B, 'b2', 62), line(B, 'b3'), line(A, 'x'.repeat(900))])]);
    expect(loki.lines({ container: 'b' })).toEqual(['b1', 'b2', 'b3']);
    expect(loki.lines({ container: 'a' })).toEqual(['a1']);
    expect(result).toMatchObject({ delivered: 2, rejected: new Map([['line_too_long', 1]]) });
    expect(refusedTexts(result)).toEqual({ line_too_long: ['x'.repeat(900)] });
  }));

test('rejected lines are told with a stream that had them, short and printable, and with what to do', async () => {
  const told: [unknown, string][] = [];
  const log = { ...silentLogger, warn: (fields: unknown, text: string) => told.push([fields, text]) };
  const options = { limits: { maxLineBytes: 800 } };
  await withLoki(
    options,
    {},
    async ({ sink }) => {
      const hostile = { container: `\u001b[31mü${'c'.repeat(1_000)}` };
      const old = line(B, 'old', 8 * 1440);
      await deliverOnce(sink, [block([line(A, 'a'), old, line(B, 'b'), line(hostile, 'x'.repeat(900))])]);
    },
    log,
  );
  expect(told.map(([fields]) => fields)).toMatchObject([
    { reason: 'too_old', lines: 1, example: '{container="b", stream="stdout"}' },
    { reason: 'line_too_long', lines: 1 },
  ]);
  expect(told[0][1]).toMatch(/^sink loki: lines were rejected, for example of \{container="b".*max_age/);
  expect(told[1][1]).toMatch(
    /^sink loki: lines were rejected, for example of \{container="[ -~]+…: line_too/,
  );
  expect(told[1][1].length).toBeLessThan(500);
});

test('every reason is explained, and named in the documents', () => {
  const documented = readFileSync('docs/errors.md', 'utf8');
  for (const reason of REJECTION_REASONS) {
    expect(explainRejection(reason)).toMatch(new RegExp(`^${reason}, .{20,}\\.$`));
    expect(documented).toContain(`\`${reason}\``);
  }
  expect(explainRejection('constructor')).toBe(explainRejection('other').replace('other', 'constructor'));
});
