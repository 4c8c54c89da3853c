/** What is measured: an agent that runs, the containers that write for it, and a browser. */
import type { Browser } from 'playwright-core';
import { cpuSeconds, residentBytes } from '../../src/selftest/process-figures.js';
import type { LiveBed } from '../live-bed.js';
import { until } from '../live-bed.js';

export interface Subject {
  readonly url: string;
  readonly pid: number;
  readonly browser: Browser;
  readonly bed: LiveBed;
}

/** Lines that its journal took since it began. */
export async function journaled({ url }: Subject): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const values = [...text.matchAll(/^log_capturer_lines_journaled_total(?:\{[^}]*\})? (\S+)$/gm)];
  if (values.length === 0) throw new Error('The agent does not say how many lines its journal took.');
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

export async function untilJournaled(subject: Subject, lines: number): Promise<void> {
  await until(`${lines} lines are in the journal`, async () => (await journaled(subject)) >= lines);
}

export function agentCpuSeconds({ pid }: Subject): number {
  return cpuSeconds(pid) ?? Number.NaN;
}

export function agentRssMb({ pid }: Subject): number {
  return round((residentBytes(pid) ?? Number.NaN) / 1e6, 1);
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
