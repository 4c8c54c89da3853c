/** One container as the source keeps it, and as people are shown it. */
import type { Labels } from '../../pipeline/streams.js';
import { type ContainerFacts, factsFromNames } from './facts.js';
import type { ReaderStats } from './json-file/types.js';
import type { Verdict } from './verdict.js';

export interface Entry {
  readonly id: string;
  /** Known whole; undefined until then. */
  facts: ContainerFacts | undefined;
  /** What an event or a list told: enough if nothing else ever does. */
  names: ContainerFacts;
  state: string;
  /** The readers hold its log. */
  isOpen: boolean;
  /** As far as the readers have told. */
  isReadable: boolean;
  /** How often its folder was looked into in vain. */
  looks: number;
  /** How many lists did not have it although it was sighted. */
  unlisted: number;
  /** Undefined: not decided. */
  verdict: Verdict | undefined;
  labels: Labels;
}

export function newEntry(id: string): Entry {
  return {
    id,
    facts: undefined,
    names: factsFromNames(id),
    state: 'unknown',
    isOpen: false,
    isReadable: true,
    looks: 0,
    unlisted: 0,
    verdict: undefined,
    labels: {},
  };
}

export interface ContainerStatus {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** The engine's word: created, running, paused, restarting, removing, exited, dead; unknown before it told. */
  readonly state: string;
  readonly transport: 'file' | 'none';
  /** Why it is not captured; empty where it is. */
  readonly why: string;
  readonly labels: Labels;
  readonly stats: ReaderStats | undefined;
}

export function statusOf(entry: Entry, stats: ReaderStats | undefined): ContainerStatus {
  const { id, state, labels, verdict } = entry;
  const { name, image } = entry.facts ?? entry.names;
  const why = verdict?.why ?? 'it is not known well enough yet';
  return { id, name, image, state, transport: verdict?.transport ?? 'none', why, labels, stats };
}
