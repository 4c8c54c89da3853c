/** The descriptors of this process, as Linux tells of them in /proc/self/fd. */
import { fstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Each event loop has one `eventpoll`, one `eventfd`, and one `inotify` from the first watch on. */
export type DescriptorSort =
  | 'file'
  | 'device'
  | 'socket'
  | 'pipe'
  | 'inotify'
  | 'eventpoll'
  | 'eventfd'
  | 'other';

export interface Descriptor {
  /** Number and what it is open on: another one under the same number is another descriptor. */
  readonly id: string;
  readonly sort: DescriptorSort;
  /** How many files and folders an inotify descriptor watches; 0 for all others. */
  readonly watches: number;
}

const FOLDER = '/proc/self/fd';

/** Where descriptors are looked up; another one in tests. */
export interface DescriptorFolder {
  /** Undefined where there is no such folder, as elsewhere than on Linux. */
  list(): string[] | undefined;
  /** Undefined where the descriptor is gone by now. */
  target(fd: string): string | undefined;
  /** Device and inode number; empty where the descriptor is gone by now. */
  inode(fd: string): string;
  /** The text of /proc/self/fdinfo; empty where the descriptor is gone by now. */
  info(fd: string): string;
}

export const ownDescriptors: DescriptorFolder = {
  list: () => orUndefined(() => readdirSync(FOLDER)),
  target: (fd) => orUndefined(() => readlinkSync(`${FOLDER}/${fd}`)),
  inode: (fd) => orUndefined(() => inodeOf(Number(fd))) ?? '',
  info: (fd) => orUndefined(() => readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? '',
};

/** As of now, without the one that looking takes; undefined where the system does not tell. */
export function listDescriptors(folder: DescriptorFolder): Descriptor[] | undefined {
  return folder.list()?.flatMap((fd) => {
    const target = folder.target(fd);
    if (target === undefined || isIgnored(target)) return [];
    const sort = sortOf(target);
    const watches = sort === 'inotify' ? countWatches(folder.info(fd)) : 0;
    // Files are renamed and removed while they are open, such as the one that takes standard output.
    const identity = sort === 'file' ? folder.inode(fd) : target;
    return [{ id: `${fd} ${identity}`, sort, watches }];
  });
}

/** Node.js opens terminals anew for its standard streams; an io_uring is the event loop's. */
function isIgnored(target: string): boolean {
  return /^\/dev\/(?:pts\/|tty|console)/.test(target) || target === 'anon_inode:[io_uring]';
}

function sortOf(target: string): DescriptorSort {
  if (target.startsWith('socket:')) return 'socket';
  if (target.startsWith('pipe:')) return 'pipe';
  if (target.startsWith('/dev/')) return 'device';
  if (target.startsWith('/')) return 'file';
  if (target === 'anon_inode:inotify') return 'inotify';
  if (target === 'anon_inode:[eventpoll]') return 'eventpoll';
  if (target === 'anon_inode:[eventfd]') return 'eventfd';
  return 'other';
}

function inodeOf(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}

function countWatches(info: string): number {
  let count = 0;
  for (let at = info.indexOf('inotify wd:'); at >= 0; at = info.indexOf('inotify wd:', at + 1)) count++;
  return count;
}

function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
