// The digest of the sources: what a build says of itself, so that nobody judges a running agent by other code.
// It covers every file that changes what the program does: src/, ui/, the lockfile and the build settings.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const FOLDERS = ['src', 'ui'];
const SINGLE_FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/** Paths, relative to the project, of all files that the digest covers, sorted. */
export function sourceFiles(root = ROOT) {
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true }),
  )
    .filter((entry) => entry.isFile() && !/\.test\.ts$|\.md$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
  return [...below, ...SINGLE_FILES].sort();
}

/** SHA-256 over names and contents, first 16 hex digits. */
export function sourceDigest(root = ROOT) {
  const hash = createHash('sha256');
  for (const file of sourceFiles(root)) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(root, file)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
