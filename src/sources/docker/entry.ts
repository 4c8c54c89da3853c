/** One container as the source keeps it, and as people are shown it. */
import type { Labels } from '../../pipeline/streams.js';
import type { Trouble } from './announcer.js';
import { type ContainerFacts, factsFromNames } from './facts.js';
import type { ReaderStats } from './json-file/types.js';
import type { Transport } from './transport.js';
import type { Verdict } from './verdict.js';

/** An event tells whole seconds. */
const SAME_START_MS = 1_500;
const COMPOSE_PROJECT = 'com.docker.compose.project';

export interface Entry {
  readonly id: string;
  /** Known whole; undefined until then. */
  facts: ContainerFacts | undefined;
  /** What an event or a list told: enough if nothing else ever does. */
  names: ContainerFacts;
  state: string;
  /** The readers hold its log. */
  isOpen: boolean;
  /** Its file, as far as its readers have told. */
  isFileReadable: boolean;
  /** The engine cannot read what its logging driver wrote. */
  isApiRefused: boolean;
  /** How often its folder was looked into in vain. */
  looks: number;
  /** How many lists did not have it although it was sighted. */
  unlisted: number;
  /** Undefined: not decided. */
  verdict: Verdict | undefined;
  /** The trouble that was last said. */
  said: Trouble['kind'] | undefined;
  labels: Labels;
  /** What events told of its runs, milliseconds since 1970: later than its facts. */
  startedMs: number | undefined;
  restarts: number;
}

export function newEntry(id: string): Entry {
  return {
    id,
    facts: undefined,
    names: factsFromNames(id),
    state: 'unknown',
    isOpen: false,
    isFileReadable: true,
    isApiRefused: false,
    looks: 0,
    unlisted: 0,
    verdict: undefined,
    said: undefined,
    labels: {},
    startedMs: undefined,
    restarts: 0,
  };
}

/** A container that runs was started at about that time, by the engine's clock; its facts may know of it already. */
export function started(entry: Entry, seconds: number): void {
  const before = startedMsOf(entry);
  if (seconds === 0) return;
  if (before !== undefined && seconds * 1000 <= before + SAME_START_MS) return;
  if (before !== undefined) entry.restarts++;
  entry.startedMs = seconds * 1000;
}

function startedMsOf({ startedMs, facts }: Entry): number | undefined {
  return startedMs ?? facts?.run?.startedMs;
}

export interface ContainerStatus {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** The engine's word: created, running, paused, restarting, removing, exited, dead; unknown before it told. */
  readonly state: string;
  readonly transport: Transport | 'none';
  /** Why this transport, as words for people; empty where it is not captured. */
  readonly transportWhy: string;
  /** Why it is not captured; empty where it is. */
  readonly why: string;
  readonly labels: Labels;
  readonly stats: ReaderStats | undefined;
  /** Milliseconds since 1970; undefined where nobody told. */
  readonly startedMs: number | undefined;
  /** As the engine had counted when it was first seen, and those seen since; undefined where nobody told. */
  readonly restarts: number | undefined;
  readonly composeProject: string | undefined;
}

export function statusOf(entry: Entry, stats: ReaderStats | undefined): ContainerStatus {
  const { id, state, labels, verdict } = entry;
  const { name, image, labels: own, run } = entry.facts ?? entry.names;
  const why = verdict?.why ?? 'it is not known well enough yet';
  const { transport = 'none', transportWhy = '' } = verdict ?? {};
  const startedMs = startedMsOf(entry);
  const restarts = startedMs === undefined ? undefined : (run?.restarts ?? 0) + entry.restarts;
  const composeProject = own[COMPOSE_PROJECT];
  return {
    id,
    name,
    image,
    state,
    transport,
    transportWhy,
    why,
    labels,
    stats,
    startedMs,
    restarts,
    composeProject,
  };
}
