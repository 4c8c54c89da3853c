import { channel } from 'node:diagnostics_channel';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KillMoments, type Strike } from './kill-moments.js';
import { MOMENTS, type Moment } from './plan.js';

const PATIENCE_MS = 1_000;
let moments: KillMoments;
let strikes: Strike[];
let firstLines: number;

function begin(): void {
  strikes = [];
  firstLines = 0;
  moments = new KillMoments({ onFirstLines: () => firstLines++, strike: (strike) => strikes.push(strike) });
}

beforeEach(() => {
  vi.useFakeTimers();
  begin();
});
afterEach(() => {
  moments.close();
  vi.useRealTimers();
});

const say = (name: string, message: object = {}): void => channel(name).publish(message);
const append = (lines: number): void => say('log-capturer:journal.appended', { lines });
const commit = (lines: number): void => say('log-capturer:journal.committed', { lines });
const send = (request: object): void => say('undici:client:sendHeaders', { request });
const HAPPENS: Readonly<Record<Moment, () => void>> = {
  appended: () => append(1),
  committed: () => commit(1),
  written: () => say('log-capturer:file-sink.written', { lines: 1, bytes: 1 }),
  recorded: () => say('log-capturer:file-sink.recorded', { lines: 1 }),
  sent: () => say('undici:request:bodySent', {}),
  answered: () => say('log-capturer:sink.request', { sink: 'x', seconds: 1, status: 204 }),
};

test.each(MOMENTS)('strikes at %s, at no other moment, and once', (moment) => {
  append(10);
  send({});
  moments.order(moment, PATIENCE_MS);
  for (const other of MOMENTS) if (other !== moment) HAPPENS[other]();
  expect(strikes).toEqual([]);
  HAPPENS[moment]();
  HAPPENS[moment]();
  expect(strikes).toEqual([expect.objectContaining({ moment, requestsInFlight: 1 })]);
});

test('waits for lines that are not committed, and for a request that is not answered', () => {
  const [one, other] = [{}, {}];
  moments.order('written', PATIENCE_MS);
  send(one);
  send(other);
  HAPPENS.written();
  append(5);
  say('undici:request:trailers', { request: one });
  say('undici:request:error', { request: other });
  HAPPENS.written();
  send(one);
  commit(5);
  HAPPENS.written();
  expect(strikes).toEqual([]);
  append(2);
  HAPPENS.written();
  expect(strikes).toEqual([expect.objectContaining({ uncommittedLines: 2, requestsInFlight: 1 })]);
});

test('beyond its patience it takes any moment with something on its way, beyond twice that any at all', () => {
  moments.order('sent', PATIENCE_MS);
  vi.advanceTimersByTime(PATIENCE_MS);
  append(1);
  send({});
  HAPPENS.recorded();
  expect(strikes).toEqual([]);
  vi.advanceTimersByTime(1);
  HAPPENS.recorded();
  expect(strikes).toEqual([
    expect.objectContaining({ moment: 'recorded', uncommittedLines: 1, requestsInFlight: 1 }),
  ]);
  commit(1);
  moments.order('sent', PATIENCE_MS);
  vi.advanceTimersByTime(2 * PATIENCE_MS);
  HAPPENS.recorded();
  expect(strikes).toHaveLength(1);
  vi.advanceTimersByTime(1);
  HAPPENS.recorded();
  expect(strikes[1]).toMatchObject({ moment: 'recorded', uncommittedLines: 0, requestsInFlight: 1 });
});

test('what was acknowledged before the end of the commit before the last one is in a commit', () => {
  const ends = [1, 2, 3].map((lines) => {
    append(lines);
    vi.advanceTimersByTime(100);
    commit(lines);
    return Date.now();
  });
  append(1);
  send({});
  moments.order('answered', PATIENCE_MS);
  HAPPENS.answered();
  expect(strikes[0]).toMatchObject({ cursorsSince: ends[1], at: Date.now() });
});

test('without an order nothing is struck, whatever happens; the first lines are told once', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...MOMENTS)), (happenings) => {
      moments.close();
      begin();
      send({});
      for (const moment of happenings) HAPPENS[moment]();
      expect([strikes, firstLines]).toEqual([[], happenings.includes('appended') ? 1 : 0]);
    }),
  );
});
