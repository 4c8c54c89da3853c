/** What `GET /api/v1/containers` answers. Types alone: the window reads them too. Times are RFC 3339; null is what nobody knows. */

export interface ContainerView {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** As the engine says it: running, exited… */
  readonly state: string;
  /** How its lines are read: `file`, `api`, or `none` where they are not; elsewhere the type of the source. */
  readonly transport: string;
  /** Why so, in words for people; empty where they are not. */
  readonly transportWhy: string;
  /** Where they are not: one sentence. */
  readonly why: string;
  /** Of its streams, without the one that says stdout or stderr. */
  readonly labels: Readonly<Record<string, string>>;
  readonly composeProject: string | null;
  readonly startedAt: string | null;
  readonly restarts: number | null;
  /** Between the last two looks, which are five seconds apart. */
  readonly linesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Lines a second, one figure for each of the last looks, at most 60; the oldest first. */
  readonly rates: readonly number[];
  /** In this run. */
  readonly lines: number;
  readonly bytes: number;
  /** Of the newest line that was read in this run. */
  readonly lastLine: string | null;
  /** How old the newest line is while there are later ones to read; 0 where all is read. */
  readonly lagSeconds: number | null;
  readonly rotations: number;
  /** Lines whose end never came, and those that were cut, in this run. */
  readonly partial: number | null;
  readonly cut: number | null;
  /** How many of the last thousand gaps are of containers of this name. */
  readonly gaps: number;
}
