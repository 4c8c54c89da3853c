/** What rows of `npm run bench` are made of. */
import type { Way } from './agent-run.js';
import type { Workload } from './generate.js';

/** What a run of a row gives, by name. */
export type Figures = Readonly<Record<string, number>>;

export interface FigureKind {
  readonly unit: string;
  /** What issue and design ask for. */
  readonly atMost?: number;
  readonly atLeast?: number;
  /** What a machine that is twice as slow makes of it: twice as much, or half. Without it: nothing. */
  readonly onSlowMachine?: 'more' | 'less';
}

export interface RowContext {
  readonly way: Way;
  /** The json-files of `--files` and `--lines`, made when they are first asked for. */
  readonly work: () => Workload;
  /** A folder of the round's own. */
  readonly scratch: string;
}

export interface Row {
  readonly title: string;
  /** Those that count, in the order in which they are shown. */
  readonly kinds: Readonly<Record<string, FigureKind>>;
  /** Why it cannot be measured on this machine. */
  readonly missing?: () => string | undefined;
  /** Throws where what came out is not exactly what went in. */
  readonly run: (context: RowContext) => Promise<Figures>;
}
