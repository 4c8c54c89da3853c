/**
 * Hears when the configuration's file has become another one and has come to rest: written in place, replaced by an editor,
 * or swapped below a symbolic link, as Kubernetes does. Folders are watched for promptness; where nothing tells (a file that
 * is mounted alone, a network's filesystem, no watches left) a look every few seconds does.
 */
import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Owned, Scope } from '../runtime/scope.js';
import { watchPath } from '../runtime/watch.js';

export interface Pace {
  /** A file that did not change for so long is whole. */
  readonly restMs: number;
  readonly lookMs: number;
}

const PACE: Pace = { restMs: 300, lookMs: 5_000 };

/** Until `scope` closes. `file` is absolute. */
export function watchConfigFile(scope: Scope, file: string, onChange: () => void, pace: Pace = PACE): void {
  let known = signatureOf(file);
  let resting: Owned | undefined;
  const rest = (seen: string): void => {
    void resting?.release();
    resting = scope.timeout('rest of the configuration file', pace.restMs, () => {
      resting = undefined;
      const now = signatureOf(file);
      if (now !== seen) return rest(now);
      if (now === known) return;
      known = now;
      onChange();
    });
  };
  const look = (): void => {
    const now = signatureOf(file);
    if (now !== known && !resting) rest(now);
  };
  for (const folder of foldersOf(file)) watchFolder(scope, folder, look);
  scope.interval('look at the configuration file', pace.lookMs, look);
}

function watchFolder(scope: Scope, folder: string, onChange: () => void): void {
  try {
    const watch = watchPath(scope, folder, { onChange, onError: () => void watch.release() });
  } catch {
    // It is looked at from time to time.
  }
}

/** Where the name is, and where the file is that it stands for. */
function foldersOf(file: string): Set<string> {
  const folders = new Set([path.dirname(file)]);
  try {
    folders.add(path.dirname(realpathSync(file)));
  } catch {
    // It is not there, which was told when it was read.
  }
  return folders;
}

/** Another one for each file and each writing; empty where there is none. */
function signatureOf(file: string): string {
  try {
    const { dev, ino, size, mtimeMs } = statSync(file);
    return `${dev}:${ino}:${size}:${mtimeMs}`;
  } catch {
    return '';
  }
}
