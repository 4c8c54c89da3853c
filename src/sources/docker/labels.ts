/**
 * The labels of a container's streams, without those that the reader adds (`stream`, and `catch_up`). Docker labels
 * come from anybody: values are cut, and names beyond Loki's limit of 15 a stream are left out, the least telling first.
 */
import { CATCH_UP_LABEL, type Labels } from '../../pipeline/streams.js';
import type { ContainerFacts } from './facts.js';
import { COMPOSE_PROJECT } from './select.js';

/** Loki's 15, less the two that the reader adds. */
export const MAX_LABELS = 13;
const RESERVED = new Set(['stream', CATCH_UP_LABEL]);
/** At most 3 bytes each in UTF-8, so below Loki's 2,048 bytes. */
const MAX_VALUE_CHARACTERS = 512;

export interface LabelRules {
  /** The engine's name; empty where it is not known. */
  readonly host: string;
  /** On every stream. */
  readonly extra: Labels;
  /** Docker label → stream label. */
  readonly containerLabels: Readonly<Record<string, string>>;
}

/** In rising order of precedence: defaults, labels for every stream, labels taken from the container. */
export function streamLabels(facts: ContainerFacts, rules: LabelRules): Labels {
  const docker = facts.labels;
  const composeService = docker['com.docker.compose.service'];
  const swarmService = docker['com.docker.swarm.service.name'];
  const labels: Record<string, string> = {};
  const set = (name: string, value: string | undefined): void => {
    if (!value || RESERVED.has(name)) return;
    if (name in labels || Object.keys(labels).length < MAX_LABELS)
      labels[name] = value.slice(0, MAX_VALUE_CHARACTERS).toWellFormed();
  };
  set('container', facts.name);
  set('service_name', composeService || swarmService || facts.name);
  set('host', rules.host);
  set('compose_project', docker[COMPOSE_PROJECT]);
  set('compose_service', composeService);
  set('swarm_stack', docker['com.docker.stack.namespace']);
  set('swarm_service', swarmService);
  for (const [name, value] of Object.entries(rules.extra)) set(name, value);
  for (const [from, to] of Object.entries(rules.containerLabels)) set(to, docker[from]);
  return labels;
}
