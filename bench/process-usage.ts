/** What Linux says of a process (proc(5)). */
import { readFileSync } from 'node:fs';

export interface Usage {
  /** Of all threads, those that ended included, since the process began. */
  readonly userSeconds: number;
  readonly kernelSeconds: number;
  readonly cpuSeconds: number;
  /** Of the first thread alone. */
  readonly mainThreadSeconds: number;
  /** Pages that the kernel had to give without reading from a disk. */
  readonly pageFaults: number;
  readonly residentMb: number;
  readonly peakRssMb: number;
}

/** Linux counts CPU time in hundredths of a second for its users. */
const CLOCK_TICKS = 100;

export function usageOf(pid: number): Usage {
  const { faults, user, kernel } = stat(`/proc/${pid}/stat`);
  const first = stat(`/proc/${pid}/task/${pid}/stat`);
  return {
    userSeconds: user,
    kernelSeconds: kernel,
    cpuSeconds: user + kernel,
    mainThreadSeconds: first.user + first.kernel,
    pageFaults: faults,
    residentMb: statusMb(pid, 'VmRSS'),
    peakRssMb: statusMb(pid, 'VmHWM'),
  };
}

/** User and kernel time of a process, or of a thread by its place under /proc. */
export function cpuSecondsOf(pid: number, thread?: string): number {
  const { user, kernel } = stat(
    thread === undefined ? `/proc/${pid}/stat` : `/proc/${pid}/task/${thread}/stat`,
  );
  return user + kernel;
}

function stat(file: string): { faults: number; user: number; kernel: number } {
  // The name before the bracket may hold anything.
  const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ').map(Number) ?? [];
  return { faults: fields[7], user: fields[11] / CLOCK_TICKS, kernel: fields[12] / CLOCK_TICKS };
}

function statusMb(pid: number, field: string): number {
  const kb = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb) / 1024;
}
