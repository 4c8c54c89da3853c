/**
 * Labels that decide where lines go, and that nobody is sent or shown: a block is judged by its directory, so what decides must be
 * among its streams' labels.
 *
 *   __sinks__="loki,local"   only these sinks get the stream
 *   __tenant__="blue"        whose it is, for sinks that know tenants
 */
import type { Matcher } from './match.js';
import { type Labels, labelText, parseLabelText } from './streams.js';

export const SINKS_LABEL = '__sinks__';
export const TENANT_LABEL = '__tenant__';
const PREFIX = '__';
const HIDDEN = [SINKS_LABEL, TENANT_LABEL];

export function isHidden(name: string): boolean {
  return HIDDEN.includes(name);
}

/** What people and sinks are told of them. */
export function shownLabels(labels: Labels): Labels {
  if (!HIDDEN.some((name) => Object.hasOwn(labels, name))) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !isHidden(name)));
}

/** Of label text: the same one where nothing is hidden. */
export function shownText(text: string): string {
  return text.includes(PREFIX) ? labelText(shownLabels(parseLabelText(text))) : text;
}

/** Whether the sink of this name wants a stream: as its `match` says, and where the stream names sinks it is among them. */
export function wantedBy(sink: string, match: Matcher | undefined): Matcher {
  return (labels) =>
    (match === undefined || match(labels)) &&
    (!Object.hasOwn(labels, SINKS_LABEL) || labels[SINKS_LABEL].split(',').includes(sink));
}

/** The tenant that the stream itself names, else the value of `label`; undefined where there is neither. */
export function tenantIn(labels: Labels, label: string | undefined): string | undefined {
  for (const name of [TENANT_LABEL, label])
    if (name !== undefined && Object.hasOwn(labels, name)) return labels[name];
  return undefined;
}
