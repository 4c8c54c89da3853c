/** What a processor did with lines, summed up. */
import type { FlowProcessor } from '../../../src/server/shapes/flow.js';

type Counts = Readonly<Record<string, number>>;

/** Lines that it took out: for good, or into others. */
export function goneBy({ filtered, merged }: Pick<FlowProcessor, 'filtered' | 'merged'>): number {
  return total(filtered) + merged;
}

/** Lines that it could not handle, and that passed unchanged. */
export function failedBy({ failed }: Pick<FlowProcessor, 'failed'>): number {
  return total(failed);
}

/** The most frequent first. */
export function ranked(counts: Counts): [what: string, count: number][] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
}

function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
