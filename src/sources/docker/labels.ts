/**
 * The labels of a container's streams, without those that the reader adds (stdout or stderr, `catch_up`, `gap`). Docker
 * labels come from anybody: values are cut, and names beyond Loki's limit of 15 a stream are left out, the least telling first.
 *
 *   preset          the container      stdout, stderr   beside them
 *   default         container          stream           service_name host compose_project compose_service swarm_stack swarm_service
 *   promtail        container          logstream        service project job host, as its documented docker_sd_configs are mostly set up
 *   docker-driver   container_name     source           host compose_project compose_service swarm_stack swarm_service
 *
 * Of the docker driver's labels `filename` is left out: it holds the container's id, a new stream for each container.
 */
import type { LabelPreset } from '../../config/types.js';
import { isHidden, shownLabels } from '../../pipeline/hidden-labels.js';
import { CATCH_UP_LABEL, GAP_LABEL, type Labels, OUTPUT_LABELS } from '../../pipeline/streams.js';
import type { Logger } from '../../runtime/log.js';
import type { ContainerFacts } from './facts.js';
import { COMPOSE_PROJECT } from './select.js';

/** Loki's 15, less the two that are added at most: a stream with `gap` does not say stdout or stderr. */
export const MAX_LABELS = 13;
/** At most 3 bytes each in UTF-8, so below Loki's 2,048 bytes. */
const MAX_VALUE_CHARACTERS = 512;
const COMPOSE_SERVICE = 'com.docker.compose.service';
const SWARM_STACK = 'com.docker.stack.namespace';
const SWARM_SERVICE = 'com.docker.swarm.service.name';
/** The Docker label that Promtail's examples take the job from. */
const PROMTAIL_JOB = 'logging_jobname';

interface Preset {
  /** Of the label that says stdout or stderr. */
  readonly output: string;
  /** The most telling first. */
  readonly labels: (facts: ContainerFacts, host: string) => Readonly<Record<string, string | undefined>>;
}

const PRESETS: Readonly<Record<LabelPreset, Preset>> = {
  default: {
    output: 'stream',
    labels: (facts, host) => ({
      container: facts.name,
      service_name: facts.labels[COMPOSE_SERVICE] || facts.labels[SWARM_SERVICE] || facts.name,
      host,
      ...orchestration(facts),
    }),
  },
  promtail: {
    output: 'logstream',
    labels: ({ name, labels }, host) => ({
      container: name,
      service: labels[COMPOSE_SERVICE] || labels[SWARM_SERVICE],
      project: labels[COMPOSE_PROJECT],
      job: labels[PROMTAIL_JOB],
      host,
    }),
  },
  'docker-driver': {
    output: 'source',
    labels: (facts, host) => ({ container_name: facts.name, host, ...orchestration(facts) }),
  },
};

function orchestration({ labels }: ContainerFacts): Record<string, string | undefined> {
  return {
    compose_project: labels[COMPOSE_PROJECT],
    compose_service: labels[COMPOSE_SERVICE],
    swarm_stack: labels[SWARM_STACK],
    swarm_service: labels[SWARM_SERVICE],
  };
}

/** The label whose value is `stdout` or `stderr`. */
export function outputLabelOf(preset: LabelPreset): string {
  return PRESETS[preset].output;
}

export interface LabelRules {
  readonly preset: LabelPreset;
  /** On every stream. */
  readonly extra: Labels;
  /** Docker label → stream label. */
  readonly containerLabels: Readonly<Record<string, string>>;
  readonly log: Logger;
}

export class Labeler {
  /** The label whose value is `stdout` or `stderr`. */
  readonly outputLabel: string;
  readonly #rules: LabelRules;
  readonly #reserved: ReadonlySet<string>;
  readonly #leftOut = new Set<string>();

  constructor(rules: LabelRules) {
    this.#rules = rules;
    this.outputLabel = outputLabelOf(rules.preset);
    // Whoever reads a stream takes the first of these that is there: none of them may come before ours.
    this.#reserved = new Set([
      ...OUTPUT_LABELS.slice(0, OUTPUT_LABELS.indexOf(this.outputLabel) + 1),
      CATCH_UP_LABEL,
      GAP_LABEL,
    ]);
  }

  /** In rising order of precedence: the preset's, labels for every stream, labels taken from the container, `own` ones. */
  labelsOf(facts: ContainerFacts, host: string, own: Labels = {}): Labels {
    const { preset, extra, containerLabels } = this.#rules;
    const labels: Record<string, string> = {};
    const set = (name: string, value: string | undefined): void => {
      if (!value) return;
      if (this.#reserved.has(name)) this.#leaveOut(name, 'the agent sets it itself');
      else if (isHidden(name)) labels[name] = value;
      else if (!(name in labels) && Object.keys(shownLabels(labels)).length >= MAX_LABELS)
        this.#leaveOut(name, 'Loki takes no more than 15 labels on a stream');
      else labels[name] = value.slice(0, MAX_VALUE_CHARACTERS).toWellFormed();
    };
    for (const [name, value] of Object.entries(PRESETS[preset].labels(facts, host))) set(name, value);
    for (const [name, value] of Object.entries(extra)) set(name, value);
    for (const [from, to] of Object.entries(containerLabels)) set(to, facts.labels[from]);
    for (const [name, value] of Object.entries(own)) set(name, value);
    return labels;
  }

  /** Said once per name: names come from the configuration, so they are few. */
  #leaveOut(name: string, why: string): void {
    if (this.#leftOut.has(name)) return;
    this.#leftOut.add(name);
    this.#rules.log.warn({ label: name }, `The label ${name} is left out of some streams: ${why}.`);
  }
}
