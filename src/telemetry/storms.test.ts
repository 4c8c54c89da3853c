import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AgentError } from '../runtime/errors.js';
import { type LimitedLogger, limitStorms } from './storms.js';

let said: [level: string, fields: object, message: string][];
let log: LimitedLogger;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  const hear = (level: string) => (fields: object, message: string) =>
    void said.push([level, fields, message]);
  log = limitStorms({ debug: hear('debug'), info: hear('info'), warn: hear('warn'), error: hear('error') });
});

afterEach(() => {
  log.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const messages = (): string[] => said.splice(0).map(([, , message]) => message);

function storm(count: number, text = 'It failed'): void {
  for (let i = 1; i <= count; i++) log.error({ attempt: i }, `${text} after ${i} ms.`);
}

test('a storm is five lines, and one with the number of the others and what the last one had', () => {
  storm(1_239);
  expect(messages()).toEqual([1, 2, 3, 4, 5].map((i) => `It failed after ${i} ms.`));
  vi.advanceTimersByTime(29_999);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(said).toEqual([
    ['error', { attempt: 1_239 }, 'It failed after 1239 ms. (repeated 1,234 times in 30 s)'],
  ]);
});

test('a storm that lasts is one line a window, until a window was quiet', () => {
  storm(6);
  vi.advanceTimersByTime(30_000);
  messages();
  storm(7);
  expect(messages()).toEqual([]);
  vi.advanceTimersByTime(30_000);
  expect(messages()).toEqual(['It failed after 7 ms. (repeated 7 times in 30 s)']);
  vi.advanceTimersByTime(30_000);
  expect(vi.getTimerCount()).toBe(0);
  storm(1);
  expect(messages()).toEqual(['It failed after 1 ms.']);
});

test('a clock that is set back mutes nothing', () => {
  storm(6);
  messages();
  vi.setSystemTime(Date.now() - 86_400_000);
  vi.advanceTimersByTime(30_000);
  expect(messages()).toEqual(['It failed after 6 ms. (repeated once in 30 s)']);
  vi.advanceTimersByTime(30_000);
  storm(1);
  expect(messages()).toEqual(['It failed after 1 ms.']);
});

test('what is rare is neither changed nor delayed', () => {
  for (let i = 0; i < 50; i++) {
    log.warn({ i }, 'Now and then.');
    vi.advanceTimersByTime(6_001);
  }
  expect(said).toEqual(Array.from({ length: 50 }, (_, i) => ['warn', { i }, 'Now and then.']));
});

test('levels, codes, names and debug are not thrown together', () => {
  for (let i = 0; i < 5; i++) {
    log.info({}, 'Equal.');
    log.warn({}, 'Equal.');
    log.warn({ code: 'A' }, 'Equal.');
    log.warn({ err: new AgentError('SINK_WRITE', 'x') }, 'Equal.');
    log.warn({}, 'Equal: web.');
  }
  for (let i = 0; i < 10; i++) log.debug({}, 'Equal.');
  expect(messages().length).toBe(35);
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([]);
});

test('windows end in turn, each at its own time', () => {
  storm(6, 'First');
  vi.advanceTimersByTime(10_000);
  storm(7, 'Second');
  messages();
  vi.advanceTimersByTime(20_000);
  expect(messages()).toEqual(['First after 6 ms. (repeated once in 30 s)']);
  vi.advanceTimersByTime(10_000);
  expect(messages()).toEqual(['Second after 7 ms. (repeated 2 times in 30 s)']);
});

test('a storm of different messages is bounded too, and forgotten when it is over', () => {
  for (let i = 0; i < 3_000; i++) log.error({ i }, `${String.fromCodePoint(0x4e00 + i)} failed.`);
  const written = messages();
  expect(written.length).toBe(1_005);
  vi.advanceTimersByTime(30_000);
  expect(said).toEqual([
    ['error', { i: 2_999 }, expect.stringMatching(/ \(repeated 1,995 times in 30 s\)$/)],
  ]);
  vi.advanceTimersByTime(30_000);
  expect(vi.getTimerCount()).toBe(0);
});

test('closing tells what is open, once, and lets later messages pass', () => {
  storm(8);
  messages();
  log.close();
  log.close();
  expect(messages()).toEqual(['It failed after 8 ms. (repeated 3 times in 30 s)']);
  storm(7);
  expect(said.length).toBe(7);
});
