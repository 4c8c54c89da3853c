import { describe, expect, test } from 'vitest';
import type { FlowJournal } from '../../../src/server/shapes/flow.js';
import { conditionOfJournal, conditionOfSink, conditionOfSource } from './flow.js';

const JOURNAL: FlowJournal = {
  bytes: 10,
  capacity: 100,
  maxBytes: 100,
  segments: 1,
  oldest: null,
  lines: 1,
  linesPerSecond: 0,
  uncommitted: 0,
  damagedBlocks: 0,
  lastError: null,
  neededBy: [],
};

describe('how a part is, in a tone and in words', () => {
  test.each([
    ['idle', 'closed', '', 'good', 'up to date'],
    ['delivering', 'closed', '', 'good', 'delivering'],
    ['delivering', 'closed', 'Lines were lost.', 'warn', 'delivering'],
    ['limited', 'closed', '', 'warn', 'held back by the server'],
    ['retrying', 'closed', 'No answer.', 'warn', 'failing, tried again'],
    ['retrying', 'open', 'No answer.', 'bad', 'failing, circuit open'],
    ['idle', 'half-open', '', 'bad', 'failing, one try under way'],
    ['opening', 'closed', 'x', 'none', 'opening'],
    ['constructor', 'closed', '', 'none', 'constructor'],
  ])('a sink that is %s with circuit %s and %j is %s', (state, circuit, reason, tone, words) => {
    expect(conditionOfSink({ state, circuit, reason })).toEqual({ tone, words });
  });

  test.each([
    ['healthy', '', 5, 'good', 'reading'],
    ['healthy', '', 0, 'good', 'quiet'],
    ['degraded', 'x', 5, 'warn', 'in trouble'],
    ['unhealthy', 'x', 0, 'bad', 'not working'],
  ])('a source that is %s with %j at %i lines/s is %s', (state, reason, linesPerSecond, tone, words) => {
    expect(conditionOfSource({ state, reason, linesPerSecond })).toEqual({ tone, words });
  });

  test.each<[given: Partial<FlowJournal>, tone: string, words: string]>([
    [{}, 'good', 'writing'],
    [{ bytes: 99 }, 'good', 'full, oldest go'],
    [{ bytes: 99, neededBy: [{ sink: 'a', bytes: 81 }] }, 'warn', 'nearly full of unread lines'],
    [{ neededBy: [{ sink: 'a', bytes: 80 }] }, 'good', 'writing'],
    [{ damagedBlocks: 1 }, 'warn', 'damaged blocks'],
    [{ lastError: 'ENOSPC', damagedBlocks: 1 }, 'bad', 'cannot write'],
  ])('a journal with %j is %s', (given, tone, words) => {
    expect(conditionOfJournal({ ...JOURNAL, ...given })).toEqual({ tone, words });
  });
});
