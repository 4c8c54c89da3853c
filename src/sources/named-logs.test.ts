import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Origin, Pipeline, Position } from '../pipeline/contract.js';
import { StreamTable } from '../pipeline/streams.js';
import { Scope } from '../runtime/scope.js';
import { NamedLogs } from './named-logs.js';

const HOUR = 3_600_000;

interface Pushed {
  readonly key: string;
  readonly origin: Origin;
  readonly lines: string[];
}

let root: Scope;
let streams: StreamTable;
let pushed: Pushed[];
let positions: Map<string, Position | undefined>;
let left: string[];
let nowMs: number;

beforeEach(() => {
  root = Scope.root('test', (error) => {
    throw error;
  });
  streams = new StreamTable();
  pushed = [];
  positions = new Map();
  left = [];
  nowMs = 0;
});

afterEach(() => root.close());

function open(
  maxStreams = 100,
  wait: (key: string) => Promise<void> | undefined = () => undefined,
): NamedLogs {
  const pipeline: Pipeline = {
    streams,
    isFirstStart: true,
    position: () => undefined,
    positionKeys: () => left,
    setPosition: (key, position) => void positions.set(key, position),
    gap: () => {},
    push: (batch, key, position, origin) => {
      const lines = Array.from({ length: batch.length }, (_, row) => {
        const text = batch.arena.toString('utf8', batch.start[row], batch.end[row]);
        return `${streams.get(batch.stream[row])?.text} ${text}`;
      });
      pushed.push({ key, origin, lines });
      positions.set(key, position);
      return wait(key);
    },
  };
  return new NamedLogs({
    scope: root,
    pipeline,
    type: 'syslog',
    labels: { env: 'a' },
    maxStreams,
    now: () => nowMs,
  });
}

function add(logs: NamedLogs, container: string, text: string, host = ''): void {
  const stream = logs.streamOf(`${host}/${container}`, () => ({ container, labels: { host } }));
  const draft = logs.draftFor(stream, text.length);
  const start = draft.append(Buffer.from(text), 0, text.length);
  draft.add(start, draft.tail, stream.stream.id, 1, 0, 0);
}

const all = (): [string, string[]][] => pushed.map(({ key, lines }) => [key, lines]);

describe('lines of several programs', () => {
  test('are pushed by program, in the order in which they came', () => {
    const logs = open();
    add(logs, 'a', '1');
    add(logs, 'b', '2', 'h');
    add(logs, 'a', '3', 'h');
    expect(logs.push()).toBeUndefined();
    add(logs, 'a', '4');
    expect(logs.push()).toBeUndefined();
    expect(logs.push()).toBeUndefined();
    expect(all()).toEqual([
      ['syslog/a', ['{container="a", env="a"} 1', '{container="a", env="a", host="h"} 3']],
      ['syslog/b', ['{container="b", env="a", host="h"} 2']],
      ['syslog/a', ['{container="a", env="a"} 4']],
    ]);
    expect(pushed.map(({ origin }) => origin.lines)).toEqual([2, 1, 1]);
    expect(
      [...logs.figures.active].map(([name, { linesRead, bytesRead }]) => [name, linesRead, bytesRead]),
    ).toEqual([
      ['a', 3, 3],
      ['b', 1, 1],
    ]);
  });

  test('more lines than a draft has rows', () => {
    const logs = open();
    const texts = Array.from({ length: 5000 }, (_, i) => String(i));
    for (const text of texts) add(logs, 'a', text);
    void logs.push();
    expect(pushed[0].lines).toEqual(texts.map((text) => `{container="a", env="a"} ${text}`));
  });

  test('who is asked to wait waits for all of them', async () => {
    const letGo = new Map<string, () => void>();
    const logs = open(100, (key) => new Promise((resolve) => letGo.set(key, resolve)));
    add(logs, 'a', '1');
    add(logs, 'b', '2');
    let isOver = false;
    const waiting = logs.push()?.then(() => {
      isOver = true;
    });
    letGo.get('syslog/b')?.();
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    expect(isOver).toBe(false);
    letGo.get('syslog/a')?.();
    await waiting;
    expect(isOver).toBe(true);
  });
});

describe('names without end', () => {
  test('are one stream, from so many on, until others have gone quiet', () => {
    const logs = open(2);
    for (const name of ['a', 'b', 'c', 'd', 'a']) add(logs, name, name);
    void logs.push();
    expect(all()).toEqual([
      ['syslog/a', ['{container="a", env="a"} a', '{container="a", env="a"} a']],
      ['syslog/b', ['{container="b", env="a"} b']],
      ['syslog/_other', ['{container="_other", env="a"} c', '{container="_other", env="a"} d']],
    ]);
    expect(logs.streamOf('/c', () => ({ container: 'c', labels: {} })).isOther).toBe(true);
    nowMs = HOUR + 1;
    add(logs, 'b', 'b');
    add(logs, 'c', 'c');
    void logs.push();
    expect(all().slice(3)).toEqual([
      ['syslog/b', ['{container="b", env="a"} b']],
      ['syslog/c', ['{container="c", env="a"} c']],
    ]);
    expect(positions.get('syslog/a')).toBeUndefined();
    expect(logs.figures.retired).toMatchObject({ linesRead: 2, bytesRead: 2 });
    expect(logs.figures.active.has('a')).toBe(false);
  });

  test('are cut', () => {
    const logs = open();
    add(logs, 'n'.repeat(5000), 'x');
    void logs.push();
    expect(pushed[0].key).toBe(`syslog/${'n'.repeat(256)}`);
  });
});

describe('quiet streams', () => {
  test('lines that wait are pushed before their stream goes', () => {
    const logs = open();
    add(logs, 'a', '1');
    nowMs = HOUR;
    logs.retireQuiet();
    expect(all()).toEqual([['syslog/a', ['{container="a", env="a"} 1']]]);
    expect(streams.size).toBe(0);
  });

  test('whoever pushes next waits for what they had still to push', async () => {
    let letGo!: () => void;
    const behind = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const logs = open(100, () => behind);
    add(logs, 'a', '1');
    nowMs = HOUR;
    logs.retireQuiet();
    let isOver = false;
    const waiting = logs.push()?.then(() => {
      isOver = true;
    });
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    expect([waiting, isOver]).toEqual([expect.any(Promise), false]);
    letGo();
    await waiting;
    expect(logs.push()).toBeUndefined();
  });

  test('of a program with two, the program stays as long as one does', () => {
    const logs = open();
    add(logs, 'a', '1', 'h');
    nowMs = HOUR;
    add(logs, 'a', '2', 'g');
    void logs.push();
    logs.retireQuiet();
    expect(streams.size).toBe(1);
    expect(positions.get('syslog/a')).toBe(null);
    expect(logs.figures.active.get('a')?.linesRead).toBe(2);
  });

  test('keys of a process before this one go when they stay quiet', () => {
    left = ['syslog/a', 'syslog/b'];
    const logs = open();
    add(logs, 'a', '1');
    void logs.push();
    nowMs = HOUR - 1;
    logs.retireQuiet();
    expect(positions.has('syslog/b')).toBe(false);
    add(logs, 'a', '2');
    void logs.push();
    nowMs = HOUR;
    logs.retireQuiet();
    expect([...positions]).toEqual([
      ['syslog/a', null],
      ['syslog/b', undefined],
    ]);
  });
});

test('closing pushes what waits and lets go of all streams', async () => {
  const logs = open(1);
  add(logs, 'a', '1');
  add(logs, 'b', '2');
  await root.close();
  expect(all().map(([key]) => key)).toEqual(['syslog/a', 'syslog/_other']);
  expect(streams.size).toBe(0);
});
