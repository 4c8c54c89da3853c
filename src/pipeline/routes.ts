/**
 * Route classes: which sinks want a stream, and for which tenants. A block holds streams of one class only, so that a
 * sink takes blocks whole or not at all.
 *
 * Numbers are dense, and mean nothing in another process. There are at most MAX_ROUTES: streams of further classes share
 * the last one, whose blocks deliveries then have to divide (partition.ts).
 */
import { tenantIn } from './hidden-labels.js';
import type { Matcher } from './match.js';
import type { Labels } from './streams.js';

export const MAX_ROUTES = 32;

/** What of a sink decides over routes. */
export interface RouteTarget {
  /** Undefined: every stream. */
  readonly match?: Matcher | undefined;
  /** The label whose value is the tenant, of streams that do not name one themselves. */
  readonly tenantLabel?: string | undefined;
}

/** Answers the route class of a stream with these labels: 0 … MAX_ROUTES - 1. */
export function createRouter(sinks: readonly RouteTarget[]): (labels: Labels) => number {
  const numbers = new Map<string, number>();
  return (labels) => {
    const key = JSON.stringify(sinks.map((sink) => shareOf(sink, labels)));
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const number = numbers.size;
    if (number === MAX_ROUTES - 1) return number;
    numbers.set(key, number);
    return number;
  };
}

/** False where the sink does not want the stream, else the tenant, as far as a label says it. */
function shareOf({ match, tenantLabel }: RouteTarget, labels: Labels): false | string {
  if (match && !match(labels)) return false;
  return tenantIn(labels, tenantLabel) ?? '';
}
