/** The resident memory of a process, sampled while a test runs. */
import { readFileSync } from 'node:fs';

const EVERY_MS = 1_000;

/** `stop` answers the samples so far in megabytes, one a second; it may be called again. */
export function watchMemory(pid: number): { stop: () => number[] } {
  const samples: number[] = [];
  const sample = (): void => {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(statusOf(pid))?.[1];
    if (kilobytes !== undefined) samples.push(Math.round(Number(kilobytes) / 1024));
  };
  sample();
  const timer = setInterval(sample, EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return samples;
    },
  };
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
