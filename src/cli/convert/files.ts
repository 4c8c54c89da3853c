/** `static_configs` with a `__path__`, and `kubernetes_sd_configs`: sources of type file. */
import { parsePathPattern } from '../../runtime/path-patterns.js';
import { componentName, type Draft, given, type Tree } from './draft.js';
import { globsOf } from './patterns.js';
import type { Origin, Relabelled } from './relabel.js';
import type { Section } from './section.js';

/** How the lines of a scrape's files are wrapped, by its first stage. */
export type FileFormat = 'plain' | 'cri' | 'docker';

export interface FileOptions {
  readonly name: string;
  readonly format: FileFormat;
  /** Of a scrape. */
  readonly more: Tree;
}

/** Files of one group of targets. */
export class FileTargets implements Relabelled {
  /** Value of the label `job`. */
  readonly job: string;

  constructor(target: Section, { name, format, more }: FileOptions, draft: Draft) {
    const labels = Object.fromEntries(target.entries('labels').map((label) => [label.name, label]));
    const own = Object.entries(labels).filter(([label]) => !label.startsWith('__'));
    const include = labels['__path__']?.value ?? '';
    const exclude = labels['__path_exclude__']?.value;
    target.pass('targets');
    const source = componentName(name, draft.sources);
    this.job = labels['job']?.value || source;
    if (!isPattern(include)) {
      draft.missing(
        labels['__path__'] ?? target,
        'a __path__ must be an absolute path with * ? ** or {a,b} at most; write down what it means under include.',
      );
      return;
    }
    draft.sources[source] = given({
      type: 'file',
      include: [include],
      exclude: exclude !== undefined && isPattern(exclude) ? [exclude] : [],
      format: format === 'plain' ? undefined : format,
      start_at: 'beginning',
      ...more,
      labels: Object.fromEntries(own.map(([label, { value }]) => [label, value])),
    });
    if (exclude !== undefined && !isPattern(exclude))
      draft.missing(labels['__path_exclude__'], 'it must be an absolute path with * ? ** or {a,b} at most.');
  }

  origin(name: string): Origin | undefined {
    return name === '__path__' || name === 'filename' ? { label: 'filename' } : undefined;
  }
}

/** What the files of a node's pods are, by their paths. */
export class PodTargets implements Relabelled {
  readonly job: string;
  readonly #source: Tree;
  /** Patterns of which all must hold. */
  readonly #kept: Record<string, string> = {};

  constructor(config: Section, { name, format, more }: FileOptions, draft: Draft) {
    if ((config.text('role') || 'pod') !== 'pod')
      draft.missing(config.place('role'), 'only pods have log files; the others are left out.');
    this.job = componentName(name, draft.sources);
    this.#source = {
      type: 'file',
      include: [podsOf({})],
      format: format === 'plain' ? 'cri' : format,
      start_at: 'beginning',
      ...more,
    };
    draft.sources[this.job] = this.#source;
  }

  origin(name: string): Origin | undefined {
    const label = POD_LABELS[name];
    if (label !== undefined) return { label };
    return {
      missing:
        'the agent asks no Kubernetes; namespace, pod and container come from the paths, and a label of your choice under labels.',
    };
  }

  choose(name: string, pattern: string, action: 'keep' | 'drop'): boolean {
    const label = POD_LABELS[name];
    const globs = globsOf(pattern);
    if (label === undefined || !globs) return false;
    const wanted = globs.length === 1 ? globs[0] : `{${globs.join(',')}}`;
    if (action === 'keep') {
      if (Object.hasOwn(this.#kept, label)) return false;
      this.#kept[label] = wanted;
      this.#source['include'] = [podsOf(this.#kept)];
    } else {
      const before = (this.#source['exclude'] ?? []) as readonly string[];
      this.#source['exclude'] = [...before, podsOf({ [label]: wanted })];
    }
    return true;
  }
}

/** `/var/log/pods/<namespace>_<pod>_<uid>/<container>/<count>.log` */
function podsOf({ namespace, pod, container = '*' }: Readonly<Record<string, string>>): string {
  const folder = namespace === undefined && pod === undefined ? '*' : `${namespace ?? '*'}_${pod ?? '*'}_*`;
  return `/var/log/pods/${folder}/${container}/*.log`;
}

const POD_LABELS: Readonly<Record<string, string | undefined>> = {
  __meta_kubernetes_namespace: 'namespace',
  __meta_kubernetes_pod_name: 'pod',
  __meta_kubernetes_pod_container_name: 'container',
};

function isPattern(text: string): boolean {
  try {
    return !/[[\]\\,]/.test(text.replace(/\{[^{}]*\}/g, '')) && parsePathPattern(text).length > 0;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
