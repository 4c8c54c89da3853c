/**
 * Which way a container's log is read, and why. `auto` takes the json-file where it is on this machine and readable: it
 * costs the engine nothing. Else the engine's API, which reads any driver that can be read, from anywhere.
 *
 * A log stays with the way it was begun, as long as that is possible: each knows exactly where it stopped, and of the
 * other only when.
 */
import type { DockerSourceConfig } from '../../config/types.js';
import type { Position } from '../../pipeline/contract.js';
import type { Trouble } from './announcer.js';
import type { ContainerFacts } from './facts.js';
import { timeOfApiPosition } from './json-file/position.js';

export type Transport = 'file' | 'api';

/** What can be seen of a container's json-file: it may be read (or written first), it may not, it is not on this machine. */
export type LogState = 'readable' | 'denied' | 'missing';

/** What is known of the ways to a container's log. */
export interface Ways {
  readonly log: LogState;
  /** The engine said that it cannot read what the driver wrote. */
  readonly isApiRefused: boolean;
  /** By the saved position. */
  readonly begunBy: Transport | undefined;
}

export interface Choice {
  /** Undefined: there is no way. */
  readonly transport: Transport | undefined;
  /** Why this one, as words for people; empty where there is none. */
  readonly why: string;
  /** What people should know of; where there is no way, what is in it. */
  readonly trouble?: Trouble;
}

const TRANSPORT_LABEL = 'log-capturer.transport';

export function chooseTransport(
  facts: ContainerFacts,
  configured: DockerSourceConfig['transport'],
  ways: Ways,
): Choice {
  const label = wishOf(facts);
  const wish = label ?? configured;
  const asWished = label ? `its label ${TRANSPORT_LABEL} says so` : 'the configuration says so';
  // What keeps nothing cannot be read by anybody.
  if (facts.driver === 'none') return noWay({ kind: 'driver', driver: 'none' });
  if (wish === 'api') return throughApi(facts, ways, asWished);
  if (wish === 'file') return fromFile(facts, ways, asWished);
  if (!isJsonFile(facts)) return throughApi(facts, ways, `its logging driver is ${facts.driver}`);
  if (ways.begunBy === 'api' && !ways.isApiRefused)
    return throughApi(facts, ways, 'it was begun this way, and only so goes on exactly');
  switch (ways.log) {
    case 'readable':
      return { transport: 'file', why: 'its log file can be read' };
    case 'denied': {
      const choice = throughApi(facts, ways, 'its log file may be read by root only');
      return choice.transport ? { ...choice, trouble: { kind: 'costly' } } : choice;
    }
    default:
      return throughApi(facts, ways, 'its log file is not on this machine');
  }
}

/** How the log of this position was read. */
export function begunBy(position: Position | undefined): Transport | undefined {
  if (position === undefined) return undefined;
  return timeOfApiPosition(position) ? 'api' : 'file';
}

/** The container's own wish; what is none of the words says nothing. */
function wishOf(facts: ContainerFacts): DockerSourceConfig['transport'] | undefined {
  const wish = facts.labels[TRANSPORT_LABEL]?.trim().toLowerCase();
  return wish === 'file' || wish === 'api' || wish === 'auto' ? wish : undefined;
}

function isJsonFile({ driver }: ContainerFacts): boolean {
  return driver === undefined || driver === 'json-file';
}

function throughApi(facts: ContainerFacts, ways: Ways, why: string): Choice {
  if (ways.isApiRefused) return noWay({ kind: 'driver', driver: facts.driver ?? 'unknown' });
  return { transport: 'api', why };
}

function fromFile(facts: ContainerFacts, ways: Ways, why: string): Choice {
  if (!isJsonFile(facts)) return noWay({ kind: 'not-a-file', driver: facts.driver ?? '' });
  if (ways.log === 'readable') return { transport: 'file', why };
  return noWay({ kind: ways.log === 'denied' ? 'unreadable' : 'elsewhere' });
}

function noWay(trouble: Trouble): Choice {
  return { transport: undefined, why: '', trouble };
}
