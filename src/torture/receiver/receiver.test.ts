import protobuf from 'protobufjs';
import { compressSync } from 'snappy';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Scope } from '../../runtime/scope.js';
import { Receiver } from './receiver.js';
import { resentAtMost } from './resent.js';
import { decodePush, parseLabels } from './wire.js';

const SCHEMA = `syntax = "proto3";
message Push { repeated Stream streams = 1; }
message Stream { string labels = 1; repeated Entry entries = 2; }
message Entry { Timestamp timestamp = 1; bytes line = 2; }
message Timestamp { int64 seconds = 1; int32 nanos = 2; }`;
const Push = protobuf.parse(SCHEMA).root.lookupType('Push');

type Row = readonly [labels: string, seconds: number, nanos: number, line: string];

function push(...rows: Row[]): Buffer {
  const streams = rows.map(([labels, seconds, nanos, line]) => ({
    labels,
    entries: [{ timestamp: { seconds, nanos }, line: Buffer.from(line) }],
  }));
  return compressSync(Buffer.from(Push.encode({ streams }).finish()));
}

let scope: Scope;
let receiver: Receiver;
let entries: Row[];

beforeEach(async () => {
  entries = [];
  scope = Scope.root('test', (error) => {
    throw error;
  });
  receiver = await Receiver.start(scope, (labels, { seconds, nanos, line }) =>
    entries.push([labels, seconds, nanos, line.toString()]),
  );
});

afterEach(async () => {
  vi.useRealTimers();
  await scope.close();
});

const A = '{container="a"}';

describe('entries', () => {
  test.each<[string, Row]>([
    ['another stream', ['{container="b"}', 1, 2, 'x']],
    ['another second', [A, 2, 2, 'x']],
    ['another nanosecond', [A, 1, 3, 'x']],
    ['another line', [A, 1, 2, 'x ']],
  ])('of %s are two, equal ones are one', (_what, other) => {
    const one: Row = [A, 1, 2, 'x'];
    expect(receiver.take(push(one, other), 1, 0)).toBe(true);
    expect(receiver.take(push(other, one, one), 1, 0)).toBe(true);
    expect(entries).toEqual([one, other]);
    expect(receiver.repeated).toBe(3);
    expect(receiver.pushes.map((each) => each.entries)).toEqual([2, 3]);
  });

  test('what is no push request is told, and nothing of it is taken', () => {
    for (const body of [Buffer.from('{"streams":[]}'), Buffer.alloc(0), push([A, 1, 2, 'x']).subarray(0, -1)])
      expect(receiver.take(body, 1, 0)).toBe(false);
    expect([entries, receiver.pushes, receiver.undecodable.length]).toEqual([[], [], 3]);
  });

  test('only the last request of a connection is answered, and once', () => {
    receiver.take(push([A, 1, 1, 'x']), 7, 10);
    receiver.take(push([A, 1, 2, 'x']), 7, 20);
    receiver.take(push([A, 1, 3, 'x']), 8, 30);
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000 });
    receiver.answered(7);
    receiver.answered(9);
    vi.setSystemTime(2_000);
    receiver.answered(7);
    expect(receiver.pushes.map(({ answeredMs }) => answeredMs)).toEqual([undefined, 1_000, undefined]);
  });
});

test('decodes lines as bytes and times as they are', () => {
  const [{ labels, entries: own }] = decodePush(push([A, 1_795_000_000, 999_999_999, 'ä€😀\t"\\']));
  expect([labels, own.map(({ seconds, nanos, line }) => [seconds, nanos, line.toString()])]).toEqual([
    A,
    [[1_795_000_000, 999_999_999, 'ä€😀\t"\\']],
  ]);
});

test('labels are read as Prometheus writes them, and nothing else is', () => {
  expect(parseLabels('{container="a \\"b\\" \\\\, c=\\"d\\"", stream="stdout"}')).toEqual({
    container: 'a "b" \\, c="d"',
    stream: 'stdout',
  });
  expect(parseLabels('{}')).toEqual({});
  for (const text of ['', '{a=b}', '{a="b"} ', '{a="b" c="d"}', 'a="b"'])
    expect(() => parseLabels(text)).toThrow(`no labels: ${text}`);
});

describe('what may come again', () => {
  const at = (arrivedMs: number, answeredMs: number | undefined, count: number) => ({
    arrivedMs,
    answeredMs,
    entries: count,
  });
  const kill = { at: 10_000, cursorsSince: 9_800 };

  test('nothing, where all was answered and nobody was killed', () => {
    expect(resentAtMost([at(1, 2, 100)], [], [])).toBe(0);
  });

  test('what was under way at a kill, or answered since a commit, or shortly before; not what came later', () => {
    const pushes = [
      at(1, 9_000, 1),
      at(1, 9_299, 2),
      at(1, 9_300, 4),
      at(9_900, 9_950, 8),
      at(9_999, 10_500, 16),
    ];
    expect(resentAtMost([...pushes, at(10_001, 10_002, 32)], [kill], [])).toBe(4 + 8 + 16);
  });

  test('what was never answered, and what was under way in a pause, each once', () => {
    const pushes = [at(1, undefined, 1), at(50, 70, 2), at(9_900, 10_050, 4)];
    expect(resentAtMost(pushes, [kill], [{ from: 60, to: 80 }])).toBe(7);
    expect(resentAtMost(pushes, [kill, kill], [{ from: 0, to: 20_000 }])).toBe(7);
  });
});
