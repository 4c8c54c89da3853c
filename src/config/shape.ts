/** What the API answers of configurations (check.ts, changes.ts and a reload make it). Types alone: the window reads them too. */

/**
 * `rebuilt`: ends and begins anew, from where it was. `changed`: in place, nothing is interrupted. `restart`: not possible
 * while the agent runs.
 */
export type ChangeKind = 'added' | 'removed' | 'rebuilt' | 'changed' | 'unchanged' | 'restart';

export interface ComponentChange {
  /** `sinks.loki`, `processors.redact-2`, `journal`. */
  readonly component: string;
  readonly change: ChangeKind;
  /** A few words where the change does not say it all, else empty. */
  readonly why: string;
}

export interface ConfigProblem {
  readonly severity: 'error' | 'warning';
  /** Counted from 1; null where it is of no place in the text. */
  readonly line: number | null;
  readonly column: number | null;
  /** `sinks.loki.url`; empty where it is of no key. */
  readonly key: string;
  readonly message: string;
  readonly remedy: string | null;
}

export interface ConfigDifference {
  readonly key: string;
  /** Null where the key is not there. A secret that is another one does not show. */
  readonly now: unknown;
  readonly then: unknown;
}

export interface ConfigCheck {
  readonly ok: boolean;
  readonly problems: readonly ConfigProblem[];
  /** What it would come to, as YAML; null where it is wrong. */
  readonly effective: string | null;
  readonly differs: readonly ConfigDifference[];
  /** What a reload would do, component by component; empty where it is wrong. */
  readonly changes: readonly ComponentChange[];
}

export interface ReloadResult {
  /** `failed`: half-way, and part of it may be in force. */
  readonly result: 'applied' | 'unchanged' | 'refused' | 'failed';
  /** Of every component; empty where it was refused or failed. */
  readonly changes: readonly ComponentChange[];
  /** Why it was refused or failed; what looks like a mistake else. */
  readonly problems: readonly ConfigProblem[];
}
