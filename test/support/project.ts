/** Finds the project's root from its sources as well as from its build. */
import { existsSync } from 'node:fs';
import path from 'node:path';

export function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'package-lock.json'))) folder = path.dirname(folder);
  return folder;
}
