/**
 * What a trace by strace (-f -y) of writes and syncs says of a journal's files: a sync of the file lies between two writes to it,
 * and after the last one.
 *
 *   1234 pwritev(23</d/journal/0.journal>, …, 4096) = 700
 *   1234 fdatasync(23</d/journal/0.journal> <unfinished ...>
 *   1234 <... fdatasync resumed>) = 0
 */

export interface SyncTrace {
  readonly writes: number;
  readonly syncs: number;
  /** Lines of the trace, each a write before which an earlier one was not synced, and the last ones that never were. */
  readonly unsynced: readonly string[];
}

const CALL = /^(\d+) +(\w+)\(\d+<([^>]*)>/;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>.*= (-?\d+)/;
const SYNCS = new Set(['fdatasync', 'fsync']);

export function readSyncTrace(trace: string, isJournal: (file: string) => boolean): SyncTrace {
  /** The last write to a file that no sync followed. */
  const open = new Map<string, string>();
  /** By thread: the file that it is syncing. */
  const syncing = new Map<string, string>();
  const unsynced: string[] = [];
  let [writes, syncs] = [0, 0];
  const synced = (file: string, result: string | undefined): void => {
    if (result !== '0') return;
    syncs++;
    open.delete(file);
  };
  for (const line of trace.split('\n')) {
    const resumed = RESUMED.exec(line);
    if (resumed) {
      const [, thread, call, result] = resumed;
      const file = syncing.get(thread);
      if (file === undefined || !SYNCS.has(call)) continue;
      syncing.delete(thread);
      synced(file, result);
      continue;
    }
    const [, thread, call, file] = CALL.exec(line) ?? [];
    if (file === undefined || !isJournal(file)) continue;
    if (!SYNCS.has(call)) {
      writes++;
      const before = open.get(file);
      if (before !== undefined) unsynced.push(before);
      open.set(file, line);
    } else if (line.includes('<unfinished')) syncing.set(thread, file);
    else synced(file, /= (-?\d+)/.exec(line)?.[1]);
  }
  return { writes, syncs, unsynced: [...unsynced, ...open.values()] };
}
