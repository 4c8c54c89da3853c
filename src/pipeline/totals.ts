/**
 * Names of the totals that the journal keeps durable, beside the lines and places that they count: `<owner> <figure>`. Owners
 * are the keys of sources (`docker/<container id>`), what takes over from those that are gone (`docker/_retired`), and
 * sinks (`sink/<name>`). A figure has no space.
 */
import type { SourceKey } from './contract.js';

/** Of a source's key: lines that the journal has encoded. */
export const JOURNALED = 'journaled';

/** Lines that were journaled before there were totals. */
export const BEFORE_TOTALS = 'journal before';

export const RETIRED = '_retired';

export function totalName(owner: string, figure: string): string {
  return `${owner} ${figure}`;
}

/** Inverse of `totalName`. */
export function splitTotal(name: string): [owner: string, figure: string] {
  const at = name.lastIndexOf(' ');
  return [name.slice(0, at), name.slice(at + 1)];
}

/** Of `docker/<container id>` that is `docker`. */
export function sourceOf(key: SourceKey): string {
  return key.slice(0, key.indexOf('/'));
}

/** Whoever takes over the totals of `key`, once it is gone. */
export function retiredOf(key: SourceKey): SourceKey {
  return `${sourceOf(key)}/${RETIRED}`;
}
