/** Whether what is written to a folder is lost with the container that the process runs in. */
import { existsSync, statfsSync, statSync } from 'node:fs';
import { isInContainer } from '../runtime/container.js';

const TMPFS = 0x01021994;

/** What it asks of the system. */
export interface Places {
  exists(path: string): boolean;
  /** Number of the filesystem's device. */
  device(path: string): number;
  /** The kernel's number for the kind of filesystem. */
  kind(path: string): number;
}

const REAL: Places = {
  exists: existsSync,
  device: (path) => statSync(path).dev,
  kind: (path) => statfsSync(path).type,
};

/** False outside of containers, and where nothing tells. */
export function isLostWithContainer(folder: string, places: Places = REAL): boolean {
  if (!isInContainer((mark) => places.exists(mark))) return false;
  try {
    return places.device(folder) === places.device('/') || places.kind(folder) === TMPFS;
  } catch {
    return false;
  }
}
