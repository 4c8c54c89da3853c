/** One container as the source keeps it, and as people are shown it. */
import type { Labels } from '../../pipeline/streams.js';
import type { Trouble } from './announcer.js';
import { type ContainerFacts, factsFromNames } from './facts.js';
import type { ReaderStats } from './json-file/types.js';
import type { Transport } from './transport.js';
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
  };
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
}

export function statusOf(entry: Entry, stats: ReaderStats | undefined): ContainerStatus {
  const { id, state, labels, verdict } = entry;
  const { name, image } = entry.facts ?? entry.names;
  const why = verdict?.why ?? 'it is not known well enough yet';
  const { transport = 'none', transportWhy = '' } = verdict ?? {};
  return { id, name, image, state, transport, transportWhy, why, labels, stats };
}
