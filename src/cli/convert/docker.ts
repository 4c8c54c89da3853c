/** `docker_sd_configs`: a source of type docker for each engine. */
import { componentName, type Draft, given, type Tree } from './draft.js';
import { globsOf } from './patterns.js';
import type { Origin, Relabelled } from './relabel.js';
import type { Place, Section } from './section.js';

/** Promtail writes `_` for every sign in a label's name that is no letter or digit. These are what they were. */
const KNOWN_LABELS = [
  'com.docker.compose.config-hash',
  'com.docker.compose.container-number',
  'com.docker.compose.oneoff',
  'com.docker.compose.project',
  'com.docker.compose.project.config_files',
  'com.docker.compose.project.working_dir',
  'com.docker.compose.service',
  'com.docker.stack.namespace',
  'com.docker.swarm.node.id',
  'com.docker.swarm.service.id',
  'com.docker.swarm.service.name',
  'com.docker.swarm.task.id',
  'com.docker.swarm.task.name',
  'org.opencontainers.image.source',
  'org.opencontainers.image.title',
  'org.opencontainers.image.version',
  'logging_jobname',
];
const LABEL = '__meta_docker_container_label_';
/** Labels of containers that the label preset `promtail` takes itself. */
const PRESET: Readonly<Record<string, string | undefined>> = {
  service: 'com.docker.compose.service',
  project: 'com.docker.compose.project',
  job: 'logging_jobname',
};
/** Of that preset. */
const OWN_LABELS: Readonly<Record<string, string>> = {
  __meta_docker_container_name: 'container',
  __meta_docker_container_log_stream: 'logstream',
};

export class DockerTargets implements Relabelled {
  readonly #draft: Draft;
  readonly #source: Tree;

  constructor(config: Section, name: string, draft: Draft) {
    this.#draft = draft;
    const host = config.text('host') || undefined;
    if (config.has('refresh_interval')) {
      config.pass('refresh_interval');
      draft.different(
        config.place('refresh_interval'),
        'not needed: containers are seen as they come, by the events of the engine.',
      );
    }
    config.pass('port', 'host_networking_host');
    this.#source = given({ type: 'docker', endpoint: host, label_preset: 'promtail' });
    this.#addFilters(config.sections('filters'));
    draft.sources[componentName(name, draft.sources)] = this.#source;
  }

  origin(name: string): Origin | undefined {
    if (Object.hasOwn(OWN_LABELS, name)) return { label: OWN_LABELS[name] };
    if (name.startsWith(LABEL))
      return { take: (target, rule) => this.#takeLabel(name.slice(LABEL.length), target, rule) };
    if (name === '__meta_docker_container_id')
      return { missing: 'an id would make streams without end, and is not taken.' };
    return undefined;
  }

  choose(name: string, pattern: string, action: 'keep' | 'drop', rule: Place): boolean {
    const globs = globsOf(pattern);
    const section = action === 'keep' ? 'include' : 'exclude';
    if (!globs) return false;
    if (name === '__meta_docker_container_name') {
      this.#choose(section, { names: globs }, rule);
      return true;
    }
    if (!name.startsWith(LABEL) || globs.length > 1) return false;
    this.#choose(section, { labels: { [this.#labelOf(name.slice(LABEL.length), rule)]: globs[0] } }, rule);
    return true;
  }

  /** For several scrapes: what each chose would leave out what others did. */
  share(): void {
    delete this.#source['include'];
    delete this.#source['exclude'];
  }

  #addFilters(filters: readonly Section[]): void {
    for (const filter of filters) {
      const name = filter.text('name');
      const values = filter.texts('values');
      if (name === 'name')
        this.#choose('include', { names: values.map((value) => `*${value.replace(/^\//, '')}*`) }, filter);
      else if (name === 'label')
        for (const value of values) {
          const [label, wanted = '*'] = value.split(/=(.*)/s);
          this.#choose('include', { labels: { [label]: wanted } }, filter);
        }
      else
        this.#draft.missing(
          filter,
          `there is no filter by "${name}"; choose by name, label, image or compose project.`,
        );
    }
  }

  #choose(section: 'include' | 'exclude', { names = [], labels = {} }: Choice, at: Place): void {
    const before = (this.#source[section] ?? {}) as Choice;
    if (section === 'include' && names.length > 0 && before.names)
      this.#draft.missing(
        at,
        'two choices by name must both hold there, and one of them is enough here; make one of them.',
      );
    this.#source[section] = given({
      names: [...(before.names ?? []), ...names],
      labels: { ...before.labels, ...labels },
    });
  }

  #takeLabel(sanitized: string, target: string, rule: Place): void {
    const label = this.#labelOf(sanitized, rule);
    // Of the preset, too.
    if (PRESET[target] === label) return;
    this.#source['container_labels'] = {
      ...(this.#source['container_labels'] as Tree | undefined),
      [label]: target,
    };
  }

  #labelOf(sanitized: string, at: Place): string {
    const known = KNOWN_LABELS.find((label) => label.replace(/[^a-zA-Z0-9_]/g, '_') === sanitized);
    if (known === undefined && sanitized.includes('_'))
      this.#draft.different(
        at,
        `which signs the _ in the container's label "${sanitized}" stand for is not known; look whether it has dots or dashes.`,
      );
    return known ?? sanitized;
  }
}

interface Choice {
  readonly names?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}
