/** What `run` says once it runs: what it captures, what it does not and why, where it keeps it, where to look. */
import { formatDuration, roundedSize } from '../runtime/units.js';
import type { BuildInfo } from './build-info.js';

export interface BannerFacts {
  readonly build: BuildInfo;
  readonly sources: readonly SourceFacts[];
  readonly dataDir: string;
  readonly journalMaxBytes: number;
  readonly journalMaxAgeMs: number;
  readonly sinks: readonly string[];
  readonly url: string;
}

export interface SourceFacts {
  readonly name: string;
  /** What it reads from, or why it cannot: one sentence. */
  readonly what: string;
  readonly isWell: boolean;
  /** Names of the containers whose lines are read. */
  readonly captured: readonly string[];
  /** Names of the others by reason. */
  readonly left: ReadonlyMap<string, readonly string[]>;
  /** Bytes older than `start_at` and `max_history_bytes` allow. */
  readonly skippedHistoryBytes: number;
}

const MAX_NAMES = 6;

/** A few aligned lines, ending with a newline. */
export function renderBanner(facts: BannerFacts, colors: boolean): string {
  const paint = (code: number, text: string): string => (colors ? `\u001b[${code}m${text}\u001b[0m` : text);
  const rows: [label: string, text: string][] = facts.sources.flatMap((source) => sourceRows(source, paint));
  const { version, digest, dirty } = facts.build;
  rows.push([
    'history',
    `${facts.dataDir}, at most ${roundedSize(facts.journalMaxBytes)} and ${formatDuration(facts.journalMaxAgeMs)}`,
  ]);
  rows.push(['sinks', facts.sinks.length > 0 ? facts.sinks.join(', ') : 'none, the history only']);
  rows.push(['page', paint(36, facts.url)]);
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  const body = rows.map(([label, text]) => `  ${paint(2, label.padEnd(width))}${text}\n`).join('');
  return `\n${paint(1, `log-capturer ${version}`)} (sources ${digest}${dirty ? ', changed' : ''})\n\n${body}\n`;
}

type Paint = (code: number, text: string) => string;

function sourceRows(source: SourceFacts, paint: Paint): [string, string][] {
  const { name, what, isWell, captured, left, skippedHistoryBytes } = source;
  const rows: [string, string][] = [[name, isWell ? what : paint(33, what)]];
  if (captured.length > 0) rows.push(['', `${containers(captured.length)} captured: ${someNames(captured)}`]);
  for (const [why, names] of left) {
    rows.push(['', paint(33, `${containers(names.length)} not captured, ${why}: ${someNames(names)}`)]);
  }
  if (skippedHistoryBytes > 0) {
    rows.push([
      '',
      `${roundedSize(skippedHistoryBytes)} of old lines left out (start_at, max_history_bytes)`,
    ]);
  }
  return rows;
}

function containers(count: number): string {
  return count === 1 ? '1 container' : `${count} containers`;
}

function someNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown;
}
