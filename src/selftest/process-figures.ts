/**
 * What Linux tells of a process from outside; undefined where it does not, as on other systems.
 *
 *   /proc/<pid>/stat    "<pid> (<name>) <state> …": fields 14 and 15 are CPU time in ticks of 10 ms, 22 when it started
 *   /proc/net/unix      "<address> … <inode> <path>" for every unix socket, those that listen with their path
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Endpoint } from '../sources/docker/endpoint.js';

const TICKS_PER_SECOND = 100;
const ENGINES = new Set(['dockerd', 'podman']);

/** In ticks since the machine was started: with the number of the process it names it for good. */
export function processStart(pid: number): string | undefined {
  return statFields(pid)?.[19];
}

/** One letter, as `T` for one that was stopped by a signal. */
export function processState(pid: number): string | undefined {
  return statFields(pid)?.[0];
}

/** User and system, without children. */
export function cpuSeconds(pid: number): number | undefined {
  const fields = statFields(pid);
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export function residentBytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

export function openDescriptors(pid: number): number | undefined {
  return list(`/proc/${pid}/fd`)?.length;
}

/** The engine's process, where it listens on a unix socket of this machine: whoever holds that socket, else the only one there is. */
export function enginePid({ target }: Endpoint): number | undefined {
  if (!('socketPath' in target)) return undefined;
  const engines = (list('/proc') ?? [])
    .filter((name) => /^\d+$/.test(name) && ENGINES.has(read(`/proc/${name}/comm`)?.trim() ?? ''))
    .map(Number);
  const inodes = listeningInodes(target.socketPath);
  return engines.find((pid) => holds(pid, inodes)) ?? (engines.length === 1 ? engines[0] : undefined);
}

function listeningInodes(path: string): Set<string> {
  const lines = (read('/proc/net/unix') ?? '').split('\n').map((line) => line.trim().split(/\s+/));
  return new Set(lines.filter((fields) => fields[7] === path).map((fields) => `socket:[${fields[6]}]`));
}

function holds(pid: number, inodes: ReadonlySet<string>): boolean {
  return (list(`/proc/${pid}/fd`) ?? []).some((fd) => {
    try {
      return inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false;
    }
  });
}

/** Those from the state on: the name before it may hold anything. */
function statFields(pid: number): string[] | undefined {
  return read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function list(path: string): string[] | undefined {
  try {
    return readdirSync(path);
  } catch {
    return undefined;
  }
}
