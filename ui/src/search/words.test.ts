import { describe, expect, it } from 'vitest';
import { EVERYTHING } from '../time-range/range.js';
import { SearchRun, type SearchState } from './run.js';
import { countsWords, nothingFound, progressOf, statusWords } from './words.js';

const HOUR = { from: '1h', to: 'now' };
const begun = new SearchRun().state;
const said = (over: Partial<SearchState>, order: 'newest' | 'oldest' = 'newest', range = HOUR) =>
  statusWords({ ...begun, ...over }, range, order, 'utc', Date.parse('2026-11-22T14:00:00Z'));

describe('how far a search is', () => {
  it.each<[Partial<SearchState>, string]>([
    [{}, '0 lines found'],
    [
      {
        found: 1204,
        scannedBytes: 1024 ** 3,
        totalBytes: 4 * 1024 ** 3,
        reachedTime: '2026-11-22T13:04:05.123456789Z',
      },
      '1,204 lines found · 1 GiB of 4 GiB scanned · back to 13:04:05',
    ],
    [
      { phase: 'cancelled', found: 3, reachedTime: '2026-11-22T13:04:05Z' },
      'Cancelled: 3 lines found · back to 13:04:05',
    ],
    [{ phase: 'failed', found: 1 }, '1 line found before it failed'],
    [
      { phase: 'done', found: 0, scannedBytes: 2048, elapsedMs: 7 },
      '0 lines in the last hour · 2 KiB scanned in 7 ms',
    ],
    [
      {
        phase: 'done',
        found: 1000,
        scannedBytes: 2048,
        elapsedMs: 1500,
        continueAt: 'x',
        damagedBlocks: 1,
        removedSegments: 2,
        unjudgedLines: 3,
      },
      'The newest 1,000 lines in the last hour · 2 KiB scanned in 1.5 s · 1 damaged block could not be read · the oldest of it was removed meanwhile (2 segments) · 3 lines left out: the query takes too long for them',
    ],
    [
      { phase: 'done', found: 40000, continueAt: 'x', isFull: true },
      'The newest 40,000 lines in the last hour, as many as a page holds',
    ],
  ])('%j', (state, words) => {
    expect(said(state)).toBe(words);
  });

  it('with the day where it is not today', () => {
    expect(said({ reachedTime: '2026-11-20T13:04:05.999Z' })).toBe('0 lines found · back to 20 Nov 13:04:05');
  });

  it('in the other direction', () => {
    expect(said({ reachedTime: '2026-11-22T13:04:05Z' }, 'oldest')).toBe('0 lines found · up to 13:04:05');
    expect(
      said(
        { phase: 'done', found: 10, continueAt: 'x', scannedBytes: 1, elapsedMs: 1 },
        'oldest',
        EVERYTHING,
      ),
    ).toBe('The oldest 10 lines in all of the history · 1 B scanned in 1 ms');
  });

  it('as a figure', () => {
    expect(progressOf(begun)).toBeNull();
    expect(progressOf({ ...begun, scannedBytes: 1, totalBytes: 4 })).toBe(0.25);
  });
});

describe('nothing found', () => {
  const now = Date.parse('2026-11-22T13:00:00Z');
  const found = (query: string, range: typeof HOUR, oldest: string | null | undefined) =>
    nothingFound(query, range, oldest, 'utc', now);

  it('says where, how far the history reaches, and what to do', () => {
    const reach = 'The history reaches back to 2026-11-20 11:00:00.';
    expect(found('x', HOUR, '2026-11-20T11:00:00Z')).toEqual({
      title: 'No line matches in the last hour.',
      reach,
      offers: 'everything',
    });
    expect(found('', HOUR, '2026-11-20T11:00:00Z').title).toBe('No lines in the last hour.');
    expect(found('x', EVERYTHING, '2026-11-20T11:00:00Z')).toEqual({
      title: 'No line matches in all of the history.',
      reach,
      offers: 'no-query',
    });
    expect(
      found(
        'x',
        { from: '2026-11-01T00:00:00.000Z', to: '2026-11-02T00:00:00.000Z' },
        '2026-11-20T11:00:00Z',
      ),
    ).toEqual({
      title: 'This time is before the history begins.',
      reach,
      offers: 'everything',
    });
    expect(found('x', HOUR, undefined)).toEqual({
      title: 'No line matches in the last hour.',
      reach: '',
      offers: 'everything',
    });
    expect(found('x', HOUR, null)).toEqual({
      title: 'The history is empty.',
      reach: 'Lines appear as soon as a container writes one.',
      offers: 'containers',
    });
  });
});

it('the histogram in a sentence', () => {
  const totals = [
    { level: 'error', count: 12 },
    { level: 'info', count: 3000 },
  ];
  expect(countsWords(totals, true)).toBe('3,012 lines: 12 error, 3,000 info');
  expect(countsWords(totals, false)).toBe('3,012 lines counted so far: 12 error, 3,000 info');
  expect(countsWords([], true)).toBe('0 lines');
});
