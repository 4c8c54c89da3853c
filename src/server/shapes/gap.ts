/**
 * What `GET /api/v1/gaps` answers. Types alone: the window reads them too. Times are RFC 3339 with nanoseconds; null stands
 * for what nobody knows.
 */

export interface GapView {
  /** Rises by one with each gap, over restarts. */
  readonly number: number;
  /** When it was told, or last grew. */
  readonly told: string;
  readonly container: string;
  /** Null: nobody will have the lines; else that sink will not. */
  readonly sink: string | null;
  readonly why: string;
  /** What is missing was written between these. */
  readonly from: string | null;
  readonly to: string | null;
  readonly lines: number | null;
  /** All of it, for people. */
  readonly text: string;
}

export interface GapsView {
  /** The last thousand, the newest first. */
  readonly gaps: readonly GapView[];
  /** Of this run, by reason. */
  readonly counts: Readonly<Record<string, number>>;
}
