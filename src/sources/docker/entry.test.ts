import { describe, expect, test } from 'vitest';
import { newEntry, started, statusOf } from './entry.js';
import { factsFromInspect, factsFromNames } from './facts.js';

const ID = 'a'.repeat(64);
const START = Date.parse('2026-11-22T03:00:00.500Z');

function inspected(state: object, restarts = 0) {
  const entry = newEntry(ID);
  entry.facts = factsFromInspect(ID, {
    Name: '/web',
    Config: { Labels: { 'com.docker.compose.project': 'shop' } },
    State: state,
    RestartCount: restarts,
  });
  return entry;
}

const runs = (entry: ReturnType<typeof newEntry>) => {
  const { startedMs, restarts } = statusOf(entry, undefined);
  return [startedMs, restarts];
};

describe('when a container started, and how often', () => {
  test('as the engine told it when it was first seen', () => {
    const entry = inspected({ StartedAt: '2026-11-22T03:00:00.500Z' }, 3);
    expect(runs(entry)).toEqual([START, 3]);
    expect(statusOf(entry, undefined).composeProject).toBe('shop');
  });

  test('the event of the same start counts nothing, later ones do', () => {
    const entry = inspected({ StartedAt: '2026-11-22T03:00:00.500Z' }, 3);
    started(entry, Math.floor(START / 1000));
    started(entry, Math.floor(START / 1000) + 1);
    expect(runs(entry)).toEqual([START, 3]);
    started(entry, START / 1000 + 60);
    started(entry, START / 1000 + 120);
    expect(runs(entry)).toEqual([START + 120_000, 5]);
  });

  test('one that was created only is started for the first time', () => {
    const entry = inspected({ StartedAt: '0001-01-01T00:00:00Z' });
    expect(runs(entry)).toEqual([undefined, undefined]);
    started(entry, 1_800_000_000);
    expect(runs(entry)).toEqual([1_800_000_000_000, 0]);
  });

  test('where nobody told, nobody knows', () => {
    const entry = newEntry(ID);
    entry.names = factsFromNames(ID, { name: 'web' });
    started(entry, 0);
    expect(runs(entry)).toEqual([undefined, undefined]);
    expect(statusOf(entry, undefined).composeProject).toBeUndefined();
  });
});
