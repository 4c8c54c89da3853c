/**
 * Containers as the API shows them: what their source says of them, what was read of each in this run, and how fast. Null
 * stands for what nobody knows. Sources without an engine have no containers of their own: each name they read is one.
 */

import type { SourceFigures, TellReads } from '../pipeline/contract.js';
import { shownLabels } from '../pipeline/hidden-labels.js';
import { type LineTime, timeText } from '../pipeline/line-time.js';
import type { Labels } from '../pipeline/streams.js';
import { type Activity, keyOf } from '../telemetry/activity/activity.js';
import type { ContainerView } from './shapes/container.js';

/** As a source tells of it. */
export interface KnownContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  readonly transport: string;
  readonly transportWhy: string;
  readonly why: string;
  readonly labels: Labels;
  readonly stats: ReadStats | undefined;
  readonly startedMs: number | undefined;
  readonly restarts: number | undefined;
  readonly composeProject: string | undefined;
}

interface ReadStats {
  readonly state: string;
  readonly linesRead: number;
  readonly bytesRead: number;
  readonly linesCut: number;
  readonly incomplete: number;
  readonly rotations: number;
  readonly unreadBytes: number;
}

/** A source that runs. */
export interface ContainerSource {
  readonly name: string;
  readonly type: string;
  readonly figures: () => SourceFigures | undefined;
  /** Lines and bytes by id, as Source.tellReads has it. */
  readonly tellReads: (tell: TellReads) => void;
  readonly containers?: () => readonly KnownContainer[];
}

/** Of what a source without an engine reads. */
export function containerIdOf(type: string, name: string): string {
  return `${type}/${name}`;
}

/** All of `sources`, in their order. */
export function knownContainers(sources: readonly Omit<ContainerSource, 'tellReads'>[]): KnownContainer[] {
  return sources.flatMap((source) => source.containers?.() ?? [...namesOf(source)]);
}

function* namesOf(source: Omit<ContainerSource, 'tellReads'>): Generator<KnownContainer> {
  const { type } = source;
  for (const [name, totals] of source.figures()?.active ?? []) {
    yield {
      id: containerIdOf(type, name),
      name,
      image: '',
      state: 'running',
      transport: type,
      transportWhy: `the source ${source.name} has no engine`,
      why: '',
      labels: { container: name },
      stats: { ...totals, state: 'live', linesCut: 0, incomplete: 0, unreadBytes: 0 },
      startedMs: undefined,
      restarts: undefined,
      composeProject: undefined,
    };
  }
}

export interface ContainerFacts {
  readonly activity: Activity;
  /** By name. */
  readonly gaps: ReadonlyMap<string, number>;
  /** The newest line of a container, by its id. */
  readonly newestOf: (id: string) => LineTime | undefined;
  readonly nowMs: number;
}

export function containerView(container: KnownContainer, facts: ContainerFacts): ContainerView {
  const { stats, startedMs, restarts, composeProject, ...known } = container;
  const { activity, gaps, newestOf, nowMs } = facts;
  const key = keyOf.container(container.id);
  const newest = newestOf(container.id);
  return {
    ...known,
    labels: shownLabels(known.labels),
    composeProject: composeProject ?? null,
    startedAt: startedMs === undefined ? null : new Date(startedMs).toISOString(),
    restarts: restarts ?? null,
    linesPerSecond: activity.lines.now(key),
    bytesPerSecond: activity.bytes.now(key),
    rates: activity.lines.last(key),
    lines: stats?.linesRead ?? 0,
    bytes: stats?.bytesRead ?? 0,
    lastLine: newest ? timeText(newest.seconds, newest.nanos) : null,
    lagSeconds: stats ? lagOf(stats, newest, nowMs) : null,
    rotations: stats?.rotations ?? 0,
    partial: stats?.incomplete ?? null,
    cut: stats?.linesCut ?? null,
    gaps: gaps.get(container.name) ?? 0,
  };
}

function lagOf(
  { state, unreadBytes }: ReadStats,
  newest: LineTime | undefined,
  nowMs: number,
): number | null {
  if (unreadBytes === 0 && (state === 'live' || state === 'finished')) return 0;
  if (newest === undefined || state === 'waiting' || state === 'queued') return null;
  return Math.max(0, Math.round(nowMs / 1000 - newest.seconds));
}
