/** Sizes that follow from the options, or from a test's wish to see small ones. */
const MIB = 1024 * 1024;

export interface JournalLimits {
  /** A segment is closed before the group that would make it larger. */
  readonly segmentBytes: number;
  /** This much waiting to be written is committed without waiting for the interval. */
  readonly groupBytes: number;
  /** With more than this uncommitted, whoever appends is asked to wait. */
  readonly heldBytes: number;
  /** Lsn at which a journal begins that has nothing yet. Default 0. */
  readonly firstLsn?: number;
  /** How long a disk that answers EIO is asked again, in milliseconds. Default 30 s. */
  readonly patienceMs?: number;
}

// A new journal begins beyond every lsn of an earlier one in the same place, unless that one grew by more than this for
// all its life: a sink that kept its own cursor, while the journal was deleted, finds itself behind, and a gap is told.
const LSN_PER_SECOND = 2 ** 20;

export function limitsFor(maxBytes: number): JournalLimits {
  return {
    segmentBytes: Math.min(64 * MIB, Math.max(MIB, Math.floor(maxBytes / 64))),
    groupBytes: 4 * MIB,
    heldBytes: 16 * MIB,
    firstLsn: Math.floor(Date.now() / 1000) * LSN_PER_SECOND,
  };
}
