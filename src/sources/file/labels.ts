/** Labels of a file's streams. */
import { hostname } from 'node:os';
import type { Labels } from '../../pipeline/streams.js';

/** `/var/log/pods/<namespace>_<pod>_<uid>/<container>/<n>.log` */
const POD_FILE = /\/([a-z0-9.-]+)_([a-z0-9.-]+)_([A-Za-z0-9.-]+)\/([a-z0-9.-]+)\/\d+\.log$/;

export interface LabelRules {
  readonly format: 'plain' | 'cri' | 'docker';
  /** The name of the source. */
  readonly source: string;
  /** On every stream of the agent. */
  readonly common: Labels;
  /** On every stream of the source. */
  readonly own: Labels;
}

/** `path` is the name that it was found by, `real` the one behind links. */
export function labelsOf(path: string, real: string, { format, source, common, own }: LabelRules): Labels {
  const pod = format === 'plain' ? undefined : (podOf(path) ?? podOf(real));
  return { host: hostname(), job: source, ...(pod ?? { filename: path }), ...common, ...own };
}

/** What the kubelet says by the names of folders; undefined where it does not. */
export function podOf(path: string): { namespace: string; pod: string; container: string } | undefined {
  const [, namespace, pod, , container] = POD_FILE.exec(path) ?? [];
  return container === undefined ? undefined : { namespace, pod, container };
}
