import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Scope } from '../../runtime/scope.js';
import { Health } from '../health.js';
import { watchLedger } from './watch.js';

let scope: Scope;
let health: Health;
let unaccounted: Record<string, number>;
let told: string[];

beforeEach(() => {
  vi.useFakeTimers();
  scope = Scope.root('test', () => undefined);
  health = new Health();
  unaccounted = { reader: 0, journal: 0 };
  told = [];
  const tell = (_: object, sentence: string): void => void told.push(sentence);
  const log = { debug: tell, info: tell, warn: tell, error: tell };
  watchLedger(scope, { unaccounted: () => unaccounted, health, log });
});

afterEach(async () => {
  await scope.close();
  vi.useRealTimers();
});

const look = (): Promise<unknown> => vi.advanceTimersByTimeAsync(10_000);
const state = (): string | undefined => health.components().get('ledger')?.state;

test('it is said at the second look, once, with the stage, and goes when it is over', async () => {
  await look();
  expect(state()).toBe('healthy');
  unaccounted = { reader: 2, journal: 0 };
  await look();
  expect([state(), told]).toEqual(['healthy', []]);
  unaccounted = { reader: 2, journal: 1 };
  await look();
  expect(health.components().get('ledger')?.reason).toMatch(/^Lines do not add up: 2 at reader\. /);
  expect(state()).toBe('degraded');
  expect(told).toHaveLength(1);
  await look();
  expect(health.components().get('ledger')?.reason).toContain('2 at reader, 1 at journal');
  await look();
  await look();
  expect(told).toHaveLength(2);
  unaccounted = { reader: 0, journal: 0 };
  await look();
  expect(state()).toBe('healthy');
});

test('what passes before the second look is not said', async () => {
  unaccounted = { reader: 1, journal: 0 };
  await look();
  unaccounted = { reader: 0, journal: 1 };
  await look();
  unaccounted = { reader: 0, journal: 0 };
  await look();
  expect([state(), told]).toEqual(['healthy', []]);
});
