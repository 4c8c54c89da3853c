/** Every criterion fails where its figure is off, and only then; nothing sent and nothing broken is no pass. */
import { describe, expect, test } from 'vitest';
import { hasPassed } from '../selftest/criteria.js';
import { criteriaOf, figuresOf, notTheAgents } from './criteria.js';
import type { PlaceVerdict } from './oracle/verdict.js';
import { type Plan, planOf } from './plan.js';
import type { RoundResult } from './result.js';
import { Witnesses } from './witnesses.js';

const plan = planOf(1, { containers: 2, kills: 10 });

function allWitnessed(of: Plan): Witnesses {
  const witnesses = new Witnesses(of);
  for (const { fault, planned } of witnesses.list) witnesses.saw(fault, planned);
  return witnesses;
}

const exact: PlaceVerdict = {
  lines: 100,
  written: 100,
  missing: { lost: 0, rejected: 0, dropped: 0, engine: 0 },
  damage: { duplicated: 0, split: 0, reordered: 0, foreign: 0 },
  late: 0,
  findings: [],
};

const good: RoundResult = {
  plan,
  seconds: 10,
  witnessed: allWitnessed(plan).list,
  files: exact,
  receiver: exact,
  resent: { entries: 5, bound: 5 },
  kills: [],
  unaccounted: { samples: 3, nonZero: [] },
  ledger: [{ figure: 'read', told: 100, counted: 100 }],
  gaps: 0,
  troubles: [],
};

function failed(over: Partial<RoundResult>): string[] {
  const criteria = criteriaOf({ ...good, ...over });
  const ids = criteria.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id);
  expect(hasPassed(criteria)).toBe(ids.length === 0);
  return ids;
}

test('all is well', () => {
  expect(failed({})).toEqual([]);
});

describe('at either place', () => {
  test.each(['files', 'receiver'] as const)('%s', (where) => {
    for (const kind of ['duplicated', 'split', 'reordered', 'foreign'] as const)
      expect(failed({ [where]: { ...exact, damage: { ...exact.damage, [kind]: 1 } } })).toEqual([kind]);
    for (const account of ['lost', 'rejected'] as const)
      expect(failed({ [where]: { ...exact, missing: { ...exact.missing, [account]: 1 } } })).toEqual([
        account,
      ]);
    expect(failed({ [where]: { ...exact, lines: 0 } })).toEqual(['lines']);
  });
});

test('the first offending lines are told, with their place', () => {
  const receiver = {
    ...exact,
    missing: { ...exact.missing, lost: 2 },
    findings: ['lost: this', 'split: that'],
  };
  expect(criteriaOf({ ...good, receiver }).find(({ id }) => id === 'lost')?.measured).toBe(
    '2: receiver: this',
  );
});

test('what the receiver dropped and what the engine did not keep fails nobody, and is told apart', () => {
  const receiver = { ...exact, missing: { ...exact.missing, dropped: 7 } };
  const files = { ...exact, missing: { ...exact.missing, engine: 3 }, late: 4 };
  expect(failed({ receiver, files })).toEqual([]);
  expect(notTheAgents({ ...good, receiver, files, gaps: 2 })).toEqual([
    expect.stringMatching(/^4 lines .* came late/),
    expect.stringMatching(/^7 lines were dropped by the receiver/),
    expect.stringMatching(/^3 lines were not kept by the engine .*\(2 in all\)/),
  ]);
  expect(notTheAgents(good)).toEqual([]);
});

test.each<[string, Partial<RoundResult>]>([
  ['sent again', { resent: { entries: 6, bound: 5 } }],
  ['unaccounted', { unaccounted: { samples: 3, nonZero: ['1 line'] } }],
  ['unaccounted', { unaccounted: { samples: 0, nonZero: [] } }],
  ['ledger', { ledger: [] }],
  ['ledger', { ledger: [...good.ledger, { figure: 'generated', told: 1, counted: 0 }] }],
  ['ledger', { ledger: [{ figure: 'read', told: undefined, counted: 100 }] }],
  ['troubles', { troubles: ['the agent ended by itself'] }],
])('%s', (id, over) => {
  expect(failed(over)).toEqual([id]);
});

test('whatever is in a plan is to be witnessed, as often as it is planned', () => {
  const count = (list: readonly string[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const one of list) counts.set(one, (counts.get(one) ?? 0) + 1);
    return counts;
  };
  const wanted = plan.cycles.flatMap(({ weather, deed, kill }) => [
    'kill',
    ...(kill.moment === 'starting' ? [] : ['kill in the midst']),
    ...(deed ? [`deed ${deed.kind}`] : []),
    ...weather.map(({ kind }) => `weather ${kind}`),
  ]);
  const { list } = new Witnesses(plan);
  expect(new Map(list.map(({ fault, planned }) => [fault, planned]))).toEqual(count(wanted));
  expect(list.every(({ happened }) => happened === 0)).toBe(true);
});

describe('a planned fault that did not happen', () => {
  const faults = new Witnesses(plan).list.map(({ fault }) => fault);

  test.each(faults.filter((fault) => fault !== 'kill in the midst'))('%s', (missing) => {
    const witnessed = good.witnessed.map((one) =>
      one.fault === missing ? { ...one, happened: one.planned - 1 } : one,
    );
    expect(failed({ witnessed })).toEqual(['faults']);
  });

  test('one of five kills may miss its moment, not two', () => {
    const landed = (happened: number) => ({
      witnessed: good.witnessed.map((one) =>
        one.fault === 'kill in the midst' ? { ...one, planned: 10, happened } : one,
      ),
    });
    expect([failed(landed(8)), failed(landed(7))]).toEqual([[], ['kills']]);
  });

  test('where nothing was planned nothing is proven', () => {
    expect(failed({ witnessed: new Witnesses({ ...plan, cycles: [] }).list })).toEqual(['faults', 'kills']);
  });
});

test('the table counts both places', () => {
  const files = { ...exact, missing: { ...exact.missing, lost: 1 }, damage: { ...exact.damage, split: 2 } };
  const receiver = { ...exact, missing: { ...exact.missing, lost: 10, dropped: 5 } };
  expect(figuresOf({ ...good, files, receiver, unaccounted: { samples: 2, nonZero: ['a', 'b'] } })).toEqual({
    lost: 11,
    duplicated: 0,
    split: 2,
    reordered: 0,
    foreign: 0,
    unaccounted: 2,
  });
});
