import * as fc from 'fast-check';
import { expect, expectTypeOf, test } from 'vitest';
import type { DeadLetter } from '../../../src/delivery/dead-letters/list.js';
import type { Redriven as Answered } from '../../../src/delivery/dead-letters/redrive.js';
import { parseFilter, parseListQuery } from '../../../src/server/dead-letters/query.js';
import {
  filterOf,
  type Letter,
  linesOf,
  outcome,
  queryOf,
  type Redriven,
  refusals,
  together,
} from './letters.js';

const letter = (id: string, sink: string, reason: string, rejected: string): Letter => ({
  id,
  sink,
  reason,
  said: '',
  attempts: 1,
  rejected,
  time: rejected,
  labels: {},
  line: id,
});

const NOON = Date.UTC(2026, 10, 22, 12);
const iso = (ms: number): string => new Date(ms).toISOString();
const KNOWN = { sinks: new Set(['loki', 'files']), reasons: new Set(['too_old', 'other']) };

const anyLetters = fc
  .array(fc.tuple(fc.constantFrom('loki', 'files'), fc.constantFrom('too_old', 'other'), fc.nat(3)))
  .map((rows) => rows.map(([sink, reason, ms], at) => letter(`${at}-0`, sink, reason, iso(NOON + ms))));

test('a refusal’s filter means, to the server, its own letters and no others', () => {
  fc.assert(
    fc.property(anyLetters, (letters) => {
      const groups = refusals(letters);
      expect(
        groups
          .flatMap(({ letters }) => letters)
          .map(({ id }) => id)
          .sort(),
      ).toEqual(letters.map(({ id }) => id).sort());
      for (const refusal of groups) {
        const filter = parseFilter(new URLSearchParams(queryOf(filterOf(refusal))), KNOWN);
        if (typeof filter === 'string') throw new Error(filter);
        const { sinceMs = 0, untilMs = Number.POSITIVE_INFINITY } = filter;
        const meant = letters.filter(({ sink, reason, rejected }) => {
          const ms = Date.parse(rejected);
          return sink === filter.sink && reason === filter.reason && ms >= sinceMs && ms < untilMs;
        });
        expect(refusal.letters).toEqual(meant);
      }
    }),
  );
});

test('what is asked for is understood by the server as it was meant', () => {
  expect(queryOf({})).toBe('');
  expect(queryOf({ sink: '' })).toBe('');
  const query = new URLSearchParams(queryOf({ sink: 'loki', reason: 'too_old' }, { n: '50', from: '3-7' }));
  expect(parseListQuery(query, KNOWN)).toMatchObject({
    filter: { sink: 'loki', reason: 'too_old' },
    from: { bundle: 3, line: 7 },
    limit: 50,
  });
});

test('lines are counted as the filter says', () => {
  const counts = [
    { sink: 'loki', reason: 'too_old', lines: 1 },
    { sink: 'loki', reason: 'other', lines: 10 },
    { sink: 'files', reason: 'other', lines: 100 },
  ];
  expect(linesOf(counts, {})).toBe(111);
  expect(linesOf(counts, { sink: '', reason: '' })).toBe(111);
  expect(linesOf(counts, { sink: 'loki' })).toBe(11);
  expect(linesOf(counts, { reason: 'other' })).toBe(110);
  expect(linesOf(counts, { sink: 'files', reason: 'too_old' })).toBe(0);
});

test('what became of several redrives is said in one sentence', () => {
  const results = [
    { delivered: 1200, refused: { too_old: 1 }, left: 0 },
    { delivered: 4, refused: { too_old: 1, other: 1 }, left: 3, trouble: 'There is no sink gone now.' },
  ];
  expect(outcome(together(results))).toBe(
    '1,204 lines delivered, 2 lines refused again (too_old), 1 line refused again (other), 3 lines left. There is no sink gone now.',
  );
  expect(outcome(together([]))).toBe('There was nothing to redrive.');
});

test('what the agent serves is what is read here', () => {
  // What is undefined there is not there in JSON.
  expectTypeOf<Omit<DeadLetter, 'tenant'>>().toExtend<Omit<Letter, 'tenant'>>();
  expectTypeOf<Omit<Answered, 'trouble'>>().toExtend<Omit<Redriven, 'trouble'>>();
});
