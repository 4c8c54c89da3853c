/** A watch on a file or folder, which a scope owns. */
import { type WatchEventType, watch } from 'node:fs';
import type { Owned, Scope } from './scope.js';

export interface WatchEvents {
  /** `name`: of what changed in a folder, where the system tells. `event`: its content, or what bears the name. */
  readonly onChange: (name: string | null, event: WatchEventType) => void;
  /** The watch is worth nothing any more. It is the hearer's to release it. */
  readonly onError: (error: Error) => void;
}

/** Throws the system's error: ENOENT, EACCES, EMFILE and ENOSPC among others. */
export function watchPath(scope: Scope, path: string, { onChange, onError }: WatchEvents): Owned {
  const watcher = watch(path, (event, name) => onChange(name, event));
  watcher.on('error', onError);
  // Node.js counts what is closed among what is active until the event loop has come round, but for what is not referred to:
  // where watches come and go all the time, some would always be held and owned by nobody.
  return scope.own('watcher', path, () => watcher.unref().close());
}
