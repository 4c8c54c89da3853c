import { describe, expect, test } from 'vitest';
import { Draft } from '../../pipeline/draft.js';
import { StreamTable } from '../../pipeline/streams.js';
import { entryOf, StageKit } from '../../pipeline/testing/stage-kit.js';
import { DB, inAnySplit, linesOf, WEB } from '../testing/any-split.js';
import { createRateLimitProcessor } from './index.js';

const limit = (linesPerSecond: number, burst?: number) =>
  createRateLimitProcessor('rate_limit', {
    type: 'rate_limit',
    linesPerSecond,
    ...(burst !== undefined && { burst }),
  });
const lines = (count: number, labels = WEB, from = 0) =>
  Array.from({ length: count }, (_, i) => ({
    text: `${labels.container} ${from + i}`,
    labels,
    nanos: from + i,
  }));
const texts = (count: number, labels = WEB, from = 0) => lines(count, labels, from).map(({ text }) => text);

describe('rate_limit', () => {
  test('lets a burst pass of each stream, then as many as the rate allows, by the monotonic clock', () => {
    const kit = new StageKit(() => [limit(10, 3)]);
    kit.push([...lines(5), ...lines(2, DB)]);
    expect(kit.texts()).toEqual([...texts(3), ...texts(2, DB)]);
    kit.nowMs += 99;
    kit.push(lines(1, WEB, 10));
    kit.nowMs += 1;
    kit.push(lines(2, WEB, 20));
    kit.nowMs += 60_000;
    kit.push(lines(4, WEB, 30));
    expect(kit.texts().slice(5)).toEqual(['web 20', 'web 30', 'web 31', 'web 32']);
    expect(kit.told.filtered).toEqual({ rate_limit: 2 + 1 + 1 + 1 });
  });

  test('without a burst of its own a second full of lines may come at once, at least one', () => {
    expect(new StageKit(() => [limit(4)]).push(lines(9)).texts()).toEqual(texts(4));
    expect(new StageKit(() => [limit(0.1)]).push(lines(9)).texts()).toEqual(texts(1));
  });

  test('tells in the stream how many went, ten seconds after the first of them, behind what came meanwhile', () => {
    const kit = new StageKit(() => [limit(1, 2)]);
    expect(kit.dueMs).toBe(Number.POSITIVE_INFINITY);
    kit.push([...lines(5), ...lines(3, DB)]);
    expect(kit.dueMs).toBe(11_000);
    kit.nowMs = 10_999;
    kit.push(lines(1, WEB, 50)).flush(kit.nowMs);
    expect(kit.texts()).toEqual([...texts(2), ...texts(2, DB), 'web 50']);
    kit.nowMs = 11_000;
    kit.flush(kit.nowMs);
    expect(kit.out.slice(5)).toEqual([
      {
        stream: '{container="web", stream="stdout"}',
        text: '3 lines dropped by rate_limit in the last 10 s',
        bytes: '3 lines dropped by rate_limit in the last 10 s',
        seconds: 1_700_000_000,
        nanos: 50,
        flags: 0,
        fields: { generated_by: 'rate_limit' },
      },
      {
        stream: '{container="db", stream="stdout"}',
        text: '1 line dropped by rate_limit in the last 10 s',
        bytes: '1 line dropped by rate_limit in the last 10 s',
        seconds: 1_700_000_000,
        nanos: 2,
        flags: 0,
        fields: { generated_by: 'rate_limit' },
      },
    ]);
    expect(kit.told).toEqual({ generated: 2, merged: 0, held: 0, filtered: { rate_limit: 4 } });
    expect(kit.dueMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('what went is told at the end too, and after a kill, each once', () => {
    const kit = new StageKit(() => [limit(1, 1)]);
    kit.push([...lines(4), ...lines(2, DB)]);
    expect(JSON.stringify(kit.save())).not.toContain('web 1');
    kit.kill();
    expect(kit.dueMs).toBe(11_000);
    kit.push(lines(3, WEB, 10)).flush();
    expect(kit.texts().slice(2)).toEqual([
      'web 10',
      '5 lines dropped by rate_limit',
      '1 line dropped by rate_limit',
    ]);
    expect(kit.save()).toBeUndefined();
    kit.push(lines(1, WEB, 20)).flush();
    expect(kit.texts().at(-1)).toBe('1 line dropped by rate_limit in the last 1 s');
  });

  test('tells as many streams as there are', () => {
    const kit = new StageKit(() => [limit(1, 1)]);
    const all = Array.from({ length: 1_100 }, (_, i) => ({ container: `c${i}` }));
    kit
      .push(
        all.flatMap((labels) => [
          { text: 'x', labels },
          { text: 'y', labels },
        ]),
      )
      .flush();
    expect(kit.out.slice(1_100).map(({ stream, text }) => `${stream} ${text}`)).toEqual(
      all.map(({ container }) => `{container="${container}"} 1 line dropped by rate_limit in the last 1 s`),
    );
  });

  test('holds the streams that it has something to tell, whoever lets go of them, and no longer', () => {
    const streams = new StreamTable();
    const stage = limit(1).begin({ selects: () => true, streams, now: () => 0 });
    const account = { generated() {}, filtered() {}, merged() {}, held() {} };
    const draft = new Draft();
    const web = streams.acquire(WEB);
    for (let i = 0; i < 3; i++) draft.addLine(Buffer.from('x'), web.id, { seconds: 1, nanos: 2, flags: 0 });
    stage.process(draft, account);
    streams.release(web);
    draft.clear();
    stage.flush?.(draft, Number.POSITIVE_INFINITY, account);
    expect(draft.text(0)).toBe('2 lines dropped by rate_limit in the last 1 s');
    expect(streams.get(draft.stream[0])?.labels).toEqual(WEB);
    draft.clear();
    stage.process(draft, account);
    expect(streams.size).toBe(0);

    stage.remember?.([[DB, 3, 1, 2]]);
    expect([streams.size, stage.memory?.()]).toEqual([1, [[DB, 3, 1, 2]]]);
    stage.close?.();
    expect(streams.size).toBe(0);
  });

  test('streams that are not selected pass whole, in their places', () => {
    const kit = new StageKit(() => [entryOf(limit(1, 1), '{container="web"}')]);
    kit.push([...lines(2), ...lines(3, DB), ...lines(1, WEB, 2), ...lines(1, DB, 3)]);
    expect(kit.texts()).toEqual(['web 0', ...texts(4, DB)]);
  });

  test('any split of the lines gives the same, and all are there or counted', () => {
    inAnySplit(
      () => limit(1, 3),
      linesOf(['a', 'b']),
      ({ out, told }, lines) => {
        const told3 = out
          .filter(({ fields }) => fields['generated_by'])
          .map(({ text }) => Number.parseInt(text, 10));
        expect(told3.reduce((a, b) => a + b, 0)).toBe(told.filtered['rate_limit'] ?? 0);
        expect(told.generated).toBe(told3.length);
        const passed = out.filter(({ fields }) => !fields['generated_by']).map(({ nanos }) => nanos);
        const seen: Record<string, number> = {};
        const expected = lines.flatMap(({ labels, nanos = 0 }) => {
          const key = JSON.stringify(labels);
          seen[key] = (seen[key] ?? 0) + 1;
          return seen[key] <= 3 ? [nanos] : [];
        });
        expect(passed).toEqual(expected);
      },
    );
  });
});
