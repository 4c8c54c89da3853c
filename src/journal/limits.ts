/** Sizes that follow from the options, or from a test's wish to see small ones. */
const MIB = 1024 * 1024;

export interface JournalLimits {
  /** A segment is closed before the group that would make it larger. */
  readonly segmentBytes: number;
  /** This much waiting to be written is committed without waiting for the interval. */
  readonly groupBytes: number;
  /** With more than this uncommitted, whoever appends is asked to wait. */
  readonly heldBytes: number;
}

export function limitsFor(maxBytes: number): JournalLimits {
  return {
    segmentBytes: Math.min(64 * MIB, Math.max(MIB, Math.floor(maxBytes / 64))),
    groupBytes: 4 * MIB,
    heldBytes: 16 * MIB,
  };
}
