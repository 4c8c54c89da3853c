/** What `GET /api/v1/containers` and `GET /api/v1/gaps` answer. Times are RFC 3339; null is what nobody knows. */

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** As the engine says it: running, exited… */
  readonly state: string;
  readonly composeProject: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** `file`, `api`, or `none` where its lines are not read. */
  readonly transport: string;
  readonly transportWhy: string;
  /** Why they are not read: one sentence. */
  readonly why: string;
  readonly linesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Lines per second, one figure for 5 s each, the oldest first. */
  readonly rates: readonly number[];
  readonly lines: number;
  readonly bytes: number;
  readonly lastLine: string | null;
  readonly lagSeconds: number | null;
  readonly rotations: number;
  readonly restarts: number | null;
  /** How many of the last thousand gaps are of containers of this name. */
  readonly gaps: number;
  readonly partial: number | null;
  readonly cut: number | null;
  readonly startedAt: string | null;
}

export interface Gap {
  readonly number: number;
  readonly told: string;
  readonly container: string;
  /** Null: nobody will have the lines; else that sink will not. */
  readonly sink: string | null;
  readonly why: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly lines: number | null;
  /** One sentence without its full stop. */
  readonly text: string;
}

export function isRunning({ state }: Container): boolean {
  return state === 'running' || state === 'restarting';
}
