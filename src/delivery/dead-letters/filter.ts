/** Which dead letters are meant: what every question about them can say. */
import type { BundleFacts } from './bundles.js';

export interface LetterFilter {
  readonly sink?: string | undefined;
  readonly reason?: string | undefined;
  /** Rejected at this time or later, in milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
  /** Rejected before this time. */
  readonly untilMs?: number | undefined;
}

export function isMeant(
  { sink, reason, rejectedMs }: BundleFacts,
  { sink: wantedSink, reason: wantedReason, sinceMs = 0, untilMs = Number.POSITIVE_INFINITY }: LetterFilter,
): boolean {
  if (wantedSink !== undefined && sink !== wantedSink) return false;
  if (wantedReason !== undefined && reason !== wantedReason) return false;
  return rejectedMs >= sinceMs && rejectedMs < untilMs;
}
