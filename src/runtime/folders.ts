import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { systemCode } from './errors.js';

/** Makes `folder` and those above it that are missing, with `mode` less the umask. Throws what mkdir(2) or stat(2) say. */
// Not mkdir's `recursive`: below /proc, which answers ENOENT, Node 20 never comes back from it.
export function makeFolders(folder: string, mode: number): void {
  try {
    makeFolder(folder, mode);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || path.dirname(folder) === folder) throw error;
    makeFolders(path.dirname(folder), mode);
    makeFolder(folder, mode);
  }
}

function makeFolder(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    const isThere = systemCode(error) === 'EEXIST' && statSync(folder).isDirectory();
    if (!isThere) throw error;
  }
}
