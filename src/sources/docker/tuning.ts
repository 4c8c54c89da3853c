/**
 * What a container's own labels ask for its lines:
 *
 *   log-capturer.multiline, .parse, .redact   a processor for the container alone; config/tuning.ts says what is accepted
 *   log-capturer.labels.<name>=<value>        a label of its streams
 *   log-capturer.sink=<name>[,<name>…]        only these sinks get them
 *   log-capturer.tenant=<name>                whose they are
 *
 * Labels come from anybody: what is wrong is said once, and ignored. (`log-capturer.enabled` and `.transport`: select.ts, transport.ts.)
 */
import { SINKS_LABEL, TENANT_LABEL } from '../../pipeline/hidden-labels.js';
import type { Labels, Tuning } from '../../pipeline/streams.js';
import type { Logger } from '../../runtime/log.js';
import type { ContainerFacts } from './facts.js';

const PREFIX = 'log-capturer.';
const LABEL = `${PREFIX}labels.`;
const PROCESSORS = ['multiline', 'parse', 'redact'] as const;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
/** What Loki takes as the name of a tenant. */
const TENANT = /^(?!\.\.?$)[\w!.*'()-]{1,150}$/;
/** A label's value may be anything: this much of it is shown. */
const MAX_SHOWN = 80;
const MAX_SAID = 10_000;

/** What is right, as the rest of the program knows it. */
export interface TuningRules {
  /** What is wrong with the value, in words; undefined where nothing is. */
  readonly problem: (processor: (typeof PROCESSORS)[number], value: string) => string | undefined;
  readonly sinkNames: () => readonly string[];
}

export interface Tuned {
  /** Of the container's streams, beside the usual ones; some of them are hidden. */
  readonly labels: Labels;
  readonly tuning: Tuning | undefined;
}

export class Tuner {
  readonly #rules: TuningRules;
  readonly #log: Logger;
  readonly #said = new Set<string>();

  constructor(rules: TuningRules, log: Logger) {
    this.#rules = rules;
    this.#log = log;
  }

  of({ name: container, labels: own }: Pick<ContainerFacts, 'name' | 'labels'>): Tuned {
    const labels: Record<string, string> = {};
    const tuning: Record<string, string> = {};
    const ignore = (key: string, remedy: string): void => this.#ignore(container, key, own[key], remedy);
    for (const [key, value] of Object.entries(own)) {
      if (!key.startsWith(LABEL)) continue;
      const name = key.slice(LABEL.length);
      if (LABEL_NAME.test(name)) labels[name] = value;
      else ignore(key, 'the name of a label is of letters, digits and _, and does not begin with __');
    }
    for (const type of PROCESSORS) {
      const key = PREFIX + type;
      if (!Object.hasOwn(own, key)) continue;
      const problem = this.#rules.problem(type, own[key]);
      if (problem === undefined) tuning[type] = own[key].trim();
      else ignore(key, problem);
    }
    const sinks = this.#sinksOf(own[`${PREFIX}sink`], (remedy) => ignore(`${PREFIX}sink`, remedy));
    if (sinks.length > 0) labels[SINKS_LABEL] = sinks.join(',');
    const tenant = own[`${PREFIX}tenant`]?.trim();
    if (tenant !== undefined && TENANT.test(tenant)) labels[TENANT_LABEL] = tenant;
    else if (tenant !== undefined)
      ignore(`${PREFIX}tenant`, "a tenant's name has 1 to 150 letters, digits and ! - _ . * ' ( )");
    return { labels, tuning: Object.keys(tuning).length > 0 ? tuning : undefined };
  }

  /** Those that there are, sorted. */
  #sinksOf(value: string | undefined, ignore: (remedy: string) => void): string[] {
    if (value === undefined) return [];
    const names = this.#rules.sinkNames();
    const asked = value.split(',').map((name) => name.trim());
    const unknown = asked.filter((name) => !names.includes(name));
    if (unknown.length > 0) {
      const known = names.length > 0 ? `there are: ${names.join(', ')}` : 'none is configured';
      ignore(`it must be names of sinks; ${known}`);
    }
    return [...new Set(asked.filter((name) => names.includes(name)))].sort();
  }

  #ignore(container: string, label: string, value: string, remedy: string): void {
    const shown = value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
    const key = JSON.stringify([container, label, shown]);
    if (this.#said.has(key)) return;
    if (this.#said.size === MAX_SAID) this.#said.clear();
    this.#said.add(key);
    this.#log.warn(
      { container, label },
      `The label ${label}=${JSON.stringify(shown)} of the container ${container} is ignored, or what is wrong of it: ${remedy}.`,
    );
  }
}
