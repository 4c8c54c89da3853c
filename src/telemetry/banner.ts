/** What `run` says once it runs: what it captures, what it does not and why, where it keeps it, where to look. */
import { formatDuration, roundedSize } from '../runtime/units.js';
import type { BuildInfo } from './build-info.js';

export interface BannerFacts {
  readonly build: BuildInfo;
  readonly sources: readonly SourceFacts[];
  readonly history: HistoryFacts;
  /** Nothing is delivered and nothing kept. */
  readonly isDryRun: boolean;
  /** Each with its name and where it writes to, without secrets. */
  readonly sinks: readonly string[];
  /** With the token where one was made for the login. */
  readonly url: string;
  readonly metricsUrl: string;
}

export interface HistoryFacts {
  readonly dataDir: string;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** It lies in the container that the agent runs in. */
  readonly isLostWithContainer: boolean;
}

export interface SourceFacts {
  readonly name: string;
  /** What it reads from, or why it cannot: one sentence. */
  readonly what: string;
  readonly isWell: boolean;
  /** Names of the containers whose lines are read, by transport. */
  readonly captured: ReadonlyMap<string, readonly string[]>;
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
  if (facts.isDryRun) {
    rows.push(['dry run', 'lines are shown on standard output; nothing is delivered and nothing kept']);
  } else {
    rows.push(...historyRows(facts.history, paint));
    rows.push(['sinks', facts.sinks.length > 0 ? facts.sinks.join(', ') : 'none, the history only']);
    rows.push(['metrics', facts.metricsUrl]);
    rows.push(['page', paint(36, facts.url)]);
  }
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  const body = rows.map(([label, text]) => `  ${paint(2, label.padEnd(width))}${text}\n`).join('');
  return `\n${paint(1, `log-capturer ${version}`)} (sources ${digest}${dirty ? ', changed' : ''})\n\n${body}\n`;
}

type Paint = (code: number, text: string) => string;

const TRANSPORTS: Readonly<Record<string, string>> = {
  file: 'from their log files',
  api: "through the engine's API",
};

function historyRows(
  { dataDir, maxBytes, maxAgeMs, isLostWithContainer }: HistoryFacts,
  paint: Paint,
): [string, string][] {
  const limits = `${dataDir}, at most ${roundedSize(maxBytes)} and ${formatDuration(maxAgeMs)}`;
  const warning = `history and positions are lost with this container: mount a volume at ${dataDir}`;
  return [
    ['history', limits],
    ...(isLostWithContainer ? ([['', paint(33, warning)]] as [string, string][]) : []),
  ];
}

function sourceRows(source: SourceFacts, paint: Paint): [string, string][] {
  const { name, what, isWell, captured, left, skippedHistoryBytes } = source;
  const rows: [string, string][] = [[name, isWell ? what : paint(33, what)]];
  for (const [transport, names] of captured) {
    if (names.length === 0) continue;
    const how = TRANSPORTS[transport] ?? `by ${transport}`;
    rows.push(['', `${containers(names.length)} captured ${how}: ${someNames(names)}`]);
  }
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
