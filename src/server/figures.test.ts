/** Containers and the flow as the API shows them. */
import { describe, expect, test } from 'vitest';
import type { ReadTotals, SourceFigures } from '../pipeline/contract.js';
import { noReads } from '../pipeline/read-totals.js';
import { keyOf } from '../telemetry/activity/activity.js';
import { Rates } from '../telemetry/activity/rates.js';
import { Health } from '../telemetry/health.js';
import type { LedgerReport } from '../telemetry/ledger/report.js';
import {
  type ContainerFacts,
  containerView,
  type KnownContainer,
  knownContainers,
} from './container-view.js';
import { type FlowParts, flowView, readBy } from './flow-view.js';

const STATS = {
  state: 'live',
  linesRead: 10,
  bytesRead: 1000,
  linesCut: 1,
  incomplete: 2,
  rotations: 3,
  unreadBytes: 0,
};
const WEB: KnownContainer = {
  id: 'abc',
  name: 'web',
  image: 'nginx',
  state: 'running',
  transport: 'file',
  transportWhy: 'it can be read',
  why: '',
  labels: { container: 'web' },
  stats: STATS,
  startedMs: 1_700_000_000_000,
  restarts: 4,
  composeProject: 'shop',
};
const NEWEST = { seconds: 1_700_000_100, nanos: 5 };

function rates(...rows: readonly (readonly [key: string, perSecond: number])[]): Rates {
  const made = new Rates();
  made.sample(0, (add) => {
    for (const [key] of rows) add(key, 0);
  });
  made.sample(1_000, (add) => {
    for (const [key, perSecond] of rows) add(key, perSecond);
  });
  return made;
}

function facts(given: Partial<ContainerFacts> = {}): ContainerFacts {
  const key = keyOf.container('abc');
  return {
    activity: { lines: rates([key, 7]), bytes: rates([key, 700]) },
    gaps: new Map([['web', 2]]),
    newestOf: (id) => (id === 'abc' ? NEWEST : undefined),
    nowMs: 1_700_000_130_000,
    ...given,
  };
}

describe('a container', () => {
  test('with all that is known of it', () => {
    const { stats: _, startedMs: __, ...known } = WEB;
    expect(containerView(WEB, facts())).toEqual({
      ...known,
      startedAt: '2023-11-14T22:13:20.000Z',
      linesPerSecond: 7,
      bytesPerSecond: 700,
      rates: [7],
      lines: 10,
      bytes: 1000,
      lastLine: '2023-11-14T22:15:00.000000005Z',
      lagSeconds: 0,
      rotations: 3,
      partial: 2,
      cut: 1,
      gaps: 2,
    });
  });

  test('with nothing known: null is what nobody knows', () => {
    const bare = {
      ...WEB,
      id: 'other',
      name: 'other',
      stats: undefined,
      startedMs: undefined,
      restarts: undefined,
      composeProject: undefined,
    };
    expect(containerView(bare, facts())).toMatchObject({
      composeProject: null,
      startedAt: null,
      restarts: null,
      lastLine: null,
      lagSeconds: null,
      partial: null,
      cut: null,
      lines: 0,
      rates: [],
      gaps: 0,
    });
  });

  test.each<[string, Partial<typeof STATS>, typeof NEWEST | undefined, number | null]>([
    ['all is read', {}, NEWEST, 0],
    ['there is more to read', { unreadBytes: 5 }, NEWEST, 30],
    ['it is catching up', { state: 'catching-up' }, NEWEST, 30],
    ['it waits for its turn', { state: 'queued' }, NEWEST, null],
    ['nothing has come yet', { unreadBytes: 5 }, undefined, null],
    ['its clock is ahead', { unreadBytes: 5 }, { seconds: 1_700_000_999, nanos: 0 }, 0],
  ])('lag: %s', (_, given, newest, lag) => {
    const container = { ...WEB, stats: { ...STATS, ...given } };
    expect(containerView(container, facts({ newestOf: () => newest })).lagSeconds).toBe(lag);
  });

  test('a source without an engine has one for each name that it reads', () => {
    const figures = { active: new Map([['a', reads(5)]]) } as unknown as SourceFigures;
    const [known, made] = knownContainers([
      { name: 'docker', type: 'docker', figures: () => figures, containers: () => [WEB] },
      { name: 'made-up', type: 'demo', figures: () => figures },
    ]);
    expect(known).toBe(WEB);
    expect(made).toMatchObject({
      id: 'demo/a',
      name: 'a',
      transport: 'demo',
      state: 'running',
      stats: { linesRead: 5 },
    });
    expect(knownContainers([{ name: 'x', type: 'stdin', figures: () => undefined }])).toEqual([]);
  });
});

function reads(linesRead: number): ReadTotals {
  return { ...noReads(), linesRead, bytesRead: linesRead * 10 };
}

test('what a source has read is of what is there and what has ended', () => {
  const figures = {
    active: new Map([
      ['a', reads(5)],
      ['b', reads(6)],
    ]),
    retired: reads(7),
  } as unknown as SourceFigures;
  expect(readBy(figures)).toEqual({ lines: 18, bytes: 180 });
  expect(readBy(undefined)).toEqual({ lines: 0, bytes: 0 });
});

test('the flow, from sources to sinks', () => {
  const health = new Health();
  health.set('containers', 'degraded', 'No engine.');
  health.set('sink/loki', 'degraded', 'It refuses.');
  const figures = {
    active: new Map([['a', reads(5)]]),
    retired: reads(7),
    containers: { file: 1, none: 2 },
    streams: [{}, {}],
    streamCapacity: 50,
    waiting: 3,
  } as unknown as SourceFigures;
  const lines = rates(
    [keyOf.processor('filter-2'), 7],
    [keyOf.source('containers'), 4],
    [keyOf.journal, 5],
    [keyOf.sink('loki'), 6],
  );
  const stats = {
    bytes: 1,
    capacity: 2,
    segments: 3,
    damagedBlocks: 4,
    lastError: undefined,
    linesJournaled: 5,
    linesUncommitted: 6,
  };
  const sink = {
    state: 'retrying',
    circuit: 'open',
    linesDelivered: 11,
    linesRejected: { too_old: 1 },
    linesLost: { cap: 2, damaged: 3 },
    linesPending: 12,
    bytesPending: 13,
    lagSeconds: 14,
    lastError: 'refused',
  };
  const ledger = { since: 'x' } as unknown as LedgerReport;
  const parts: FlowParts = {
    health,
    activity: { lines, bytes: rates([keyOf.source('containers'), 40]) },
    sources: [
      { name: 'containers', type: 'docker', figures: () => figures },
      { name: 'new', type: 'stdin', figures: () => undefined },
    ],
    processors: [
      {
        name: 'filter-2',
        type: 'filter',
        match: '{container="web"}',
        figures: { lines: 9, failed: new Map([['slow', 1]]), done: new Map([['kept', 4]]) },
        counts: { in: 12, out: 7, generated: 1, merged: 2, held: 3, filtered: new Map([['filter-2', 1]]) },
      },
    ],
    journal: {
      stats,
      history: () => [
        { span: [1_700_000_500, 1_700_000_600] },
        { span: undefined },
        { span: [1, 0] },
        { span: [1_700_000_000, 1_700_000_001] },
      ],
    },
    maxBytes: 99,
    sinks: [
      { name: 'small', type: 'file', stats: { ...sink, bytesPending: 1 } },
      { name: 'loki', type: 'loki', stats: sink },
      { name: 'idle', type: 'stdout', stats: { ...sink, bytesPending: 0, lastError: undefined } },
    ],
    ledger,
  };
  const flow = flowView(parts);
  expect(flow.sources).toEqual([
    {
      name: 'containers',
      type: 'docker',
      state: 'degraded',
      reason: 'No engine.',
      containers: { file: 1, api: 0, none: 2 },
      streams: 2,
      streamCapacity: 50,
      waiting: 3,
      lines: 12,
      linesPerSecond: 4,
      bytesPerSecond: 40,
    },
    expect.objectContaining({ name: 'new', state: 'healthy', reason: '', lines: 0, streams: 0 }),
  ]);
  expect(flow.journal).toEqual({
    bytes: 1,
    capacity: 2,
    maxBytes: 99,
    segments: 3,
    oldest: '2023-11-14T22:13:20.000Z',
    lines: 5,
    linesPerSecond: 5,
    uncommitted: 6,
    damagedBlocks: 4,
    lastError: null,
    neededBy: [
      { sink: 'loki', bytes: 13 },
      { sink: 'small', bytes: 1 },
    ],
  });
  expect(flow.sinks[1]).toEqual({
    name: 'loki',
    type: 'loki',
    state: 'retrying',
    reason: 'It refuses.',
    linesPerSecond: 6,
    lines: 11,
    pending: 12,
    pendingBytes: 13,
    lagSeconds: 14,
    circuit: 'open',
    lastError: 'refused',
    rejected: { too_old: 1 },
    dropped: 5,
  });
  expect([flow.sinks[2].lastError, flow.ledger]).toEqual([null, ledger]);
  expect(flow.processors).toEqual([
    {
      name: 'filter-2',
      type: 'filter',
      match: '{container="web"}',
      in: 12,
      out: 7,
      lines: 9,
      linesPerSecond: 7,
      filtered: { 'filter-2': 1 },
      merged: 2,
      generated: 1,
      held: 3,
      failed: { slow: 1 },
      done: { kept: 4 },
    },
  ]);
  expect(flowView({ ...parts, journal: { stats, history: () => [] } }).journal.oldest).toBeNull();
});
