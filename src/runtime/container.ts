/** Whether the process runs in a container. */
import { existsSync } from 'node:fs';

/** Docker's and Podman's. */
const MARKS = ['/.dockerenv', '/run/.containerenv'];

export function isInContainer(exists: (path: string) => boolean = existsSync): boolean {
  return MARKS.some(exists);
}
