/**
 * What labels and levels are called in OpenTelemetry's semantic conventions, which Elastic's schema shares. A label that has no
 * name there keeps its own; so does the second one of two that would be called the same.
 */
import { isHidden } from '../pipeline/hidden-labels.js';
import type { Labels } from '../pipeline/streams.js';
import type { Level } from '../query/level-names.js';

const NAMES: Readonly<Record<string, string>> = {
  container: 'container.name',
  container_name: 'container.name',
  host: 'host.name',
  service_name: 'service.name',
  filename: 'log.file.path',
  namespace: 'k8s.namespace.name',
  pod: 'k8s.pod.name',
};
/** Labels that say which output a line came from. */
const OUTPUTS = new Set(['stream', 'logstream', 'source']);
const OUTPUT = 'log.iostream';

/** Names with values, in the order of the labels. */
export type Attributes = readonly (readonly [name: string, value: string])[];

export function attributesOf(labels: Labels): Attributes {
  const attributes = new Map<string, string>();
  for (const [label, value] of Object.entries(labels)) {
    if (isHidden(label)) continue;
    const name = nameOf(label, value, labels);
    attributes.set(attributes.has(name) ? label : name, value);
  }
  return [...attributes];
}

/** Whether it says something of the line rather than of what wrote it. */
export function isOfLine(attribute: string): boolean {
  return attribute.startsWith('log.');
}

function nameOf(label: string, value: string, labels: Labels): string {
  if (OUTPUTS.has(label) && (value === 'stdout' || value === 'stderr')) return OUTPUT;
  if (label === 'container' && Object.hasOwn(labels, 'pod')) return 'k8s.container.name';
  return Object.hasOwn(NAMES, label) ? NAMES[label] : label;
}

/** SeverityNumber of OpenTelemetry; 0: unspecified. */
export const SEVERITY_NUMBERS: Readonly<Record<Level, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  critical: 21,
  unknown: 0,
};
