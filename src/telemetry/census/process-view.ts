/**
 * What the process really holds, whoever opened it. Nothing here asks our own books.
 *
 *   file     open files and folders
 *   socket   sockets, listening and connected ones, of every family
 *   watcher  what fs.watch watches: handles of this thread, or the kernel's watches where those are more
 *   timer    timers that keep the event loop alive; others the system does not tell of
 *   worker   event loops: one of the main thread, those of Node.js itself, one for each worker
 *   pipe     pipes, but the pair that each event loop has
 *   other    devices and descriptors of other kinds, but what each event loop has: one eventfd, one inotify at most
 *
 * Invariant: a leaked worker is one worker, not also the descriptors of its event loop.
 */
import { AgentError } from '../../runtime/errors.js';
import type { HeldKind } from '../../runtime/scope.js';
import {
  type Descriptor,
  type DescriptorFolder,
  type DescriptorSort,
  listDescriptors,
  ownDescriptors,
} from './descriptors.js';

/** Scopes own the first five; what is a pipe or other is nobody's, and counted all the same. */
export type RealKind = HeldKind | 'pipe' | 'other';

export const REAL_KINDS: readonly RealKind[] = [
  'file',
  'socket',
  'watcher',
  'timer',
  'worker',
  'pipe',
  'other',
];

/** What the system says in one moment. */
export interface Look {
  /** Undefined where the system does not tell. */
  readonly descriptors: readonly Descriptor[] | undefined;
  /** What keeps the event loop alive, by Node.js' names. */
  readonly active: ReadonlyMap<string, number>;
}

export interface System {
  readonly descriptors: DescriptorFolder;
  active(): readonly string[];
}

export const thisProcess: System = {
  descriptors: ownDescriptors,
  active: () => process.getActiveResourcesInfo(),
};

/** Pipes that an event loop has for its signals. */
const PIPES_PER_LOOP = 2;

/** Synchronous, so that it is of one moment. */
export function look(system: System): Look {
  const active = new Map<string, number>();
  for (const type of system.active()) active.set(type, (active.get(type) ?? 0) + 1);
  return { descriptors: listDescriptors(system.descriptors), active };
}

/** Throws INTERNAL where a look shows nothing though it should: every process of Node.js has an event loop. */
export function mustSee({ descriptors }: Look): void {
  if (!descriptors || descriptors.some(({ sort }) => sort === 'eventpoll')) return;
  throw new AgentError(
    'INTERNAL',
    'The census does not see what it must see: by /proc/self/fd this process has no event loop.',
    { remedy: 'Do not trust its figures; check what hides /proc from the agent.' },
  );
}

/** Kinds that only descriptors tell of are 0 where there are none to see. */
export function countKinds({ descriptors = [], active }: Look): Record<RealKind, number> {
  const sorts = new Map<DescriptorSort, number>();
  let watches = 0;
  for (const descriptor of descriptors) {
    sorts.set(descriptor.sort, (sorts.get(descriptor.sort) ?? 0) + 1);
    watches += descriptor.watches;
  }
  const count = (sort: DescriptorSort): number => sorts.get(sort) ?? 0;
  const loops = count('eventpoll');
  const beyondLoops = (sort: DescriptorSort): number => Math.max(0, count(sort) - loops);
  return {
    file: count('file'),
    socket: count('socket'),
    watcher: Math.max(watches, active.get('FSEventWrap') ?? 0),
    timer: active.get('Timeout') ?? 0,
    worker: loops,
    pipe: count('pipe') - PIPES_PER_LOOP * loops,
    other: count('device') + count('other') + beyondLoops('eventfd') + beyondLoops('inotify'),
  };
}
