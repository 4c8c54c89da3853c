/** What was measured: medians over rounds, beside goals, beside each other, beside the baseline. */
import { existsSync, readFileSync } from 'node:fs';
import type { FigureKind, Figures, Row } from './row.js';
import { median } from './statistics.js';

export interface Round {
  /** CPU-seconds of the floor for a million lines, just before. */
  readonly floor: number;
  readonly figures: Figures;
}

/** One row by one subject. */
export interface Measurement {
  readonly row: string;
  readonly subject: string;
  readonly floor: number;
  readonly medians: Figures;
  readonly rounds: readonly Round[];
}

export function summarize(row: string, subject: string, rounds: readonly Round[]): Measurement {
  const names = Object.keys(rounds[0].figures);
  const medianOf = (name: string): number => median(rounds.map(({ figures }) => figures[name]));
  return {
    row,
    subject,
    floor: median(rounds.map(({ floor }) => floor)),
    medians: Object.fromEntries(names.map((name) => [name, medianOf(name)])),
    rounds,
  };
}

/** Medians of an earlier run by the names of its rows; none where there is no such file. */
export function readBaseline(file: string): ReadonlyMap<string, Measurement> {
  if (!existsSync(file)) return new Map();
  const { rows } = JSON.parse(readFileSync(file, 'utf8')) as { rows: Measurement[] };
  return new Map(rows.map((measurement) => [measurement.row, measurement]));
}

/** As it would be on a machine whose floor is 1. */
function onEqualMachine(value: number, floor: number, { onSlowMachine }: FigureKind): number {
  if (onSlowMachine === undefined) return value;
  return onSlowMachine === 'more' ? value / floor : value * floor;
}

/** One row as lines of text; `measurements` are those of its subjects, of which the first is what the others are compared with. */
export function describe(
  row: Row,
  measurements: readonly Measurement[],
  baseline: Measurement | undefined,
): string {
  const [first, ...others] = measurements;
  const lines = [`${first.row}: ${row.title} (floor ${number(first.floor)} CPU-s per million lines)`];
  for (const [name, kind] of Object.entries(row.kinds)) {
    const value = first.medians[name];
    if (value === undefined) continue;
    const parts = [`${number(value).padStart(10)} ${kind.unit}`, ...goal(value, kind)];
    const before = baseline?.medians[name];
    if (baseline && before !== undefined) {
      const ratio = onEqualMachine(value, first.floor, kind) / onEqualMachine(before, baseline.floor, kind);
      parts.push(`${number(ratio)} × the baseline`);
    }
    for (const other of others.filter(({ medians }) => medians[name] !== undefined))
      parts.push(
        `${other.subject}: ${number(other.medians[name])}, ${number(ratioOf(first, other, name))} × ${first.subject}`,
      );
    lines.push(`  ${parts.join('; ')}`);
  }
  return lines.join('\n');
}

/** The median of the ratios within rounds. */
function ratioOf(first: Measurement, other: Measurement, name: string): number {
  return median(other.rounds.map(({ figures }, i) => figures[name] / first.rounds[i].figures[name]));
}

function goal(value: number, { atMost, atLeast }: FigureKind): string[] {
  if (atMost !== undefined) return [`goal ≤ ${number(atMost)}${value <= atMost ? ': reached' : ''}`];
  if (atLeast !== undefined) return [`goal ≥ ${number(atLeast)}${value >= atLeast ? ': reached' : ''}`];
  return [];
}

/** With three digits that count. */
export function number(value: number): string {
  if (Math.abs(value) >= 100 || value === 0) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
