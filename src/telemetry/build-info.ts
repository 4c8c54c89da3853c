/** Which build this is, baked in by scripts/build.mjs. */
import { readFileSync } from 'node:fs';

export interface BuildInfo {
  readonly version: string;
  /** Git revision, 12 hex digits, or `unknown`. */
  readonly revision: string;
  /** Digest of the sources that this build was made from (scripts/digest.mjs). */
  readonly digest: string;
  /** True where the sources differed from the revision. */
  readonly dirty: boolean;
}

const FILE = new URL('../build-info.json', import.meta.url);
const UNBUILT: BuildInfo = { version: '0.0.0', revision: 'unknown', digest: 'unbuilt', dirty: true };

/** Reads build-info.json beside the built program; sources run without a build say `unbuilt`. */
export function readBuildInfo(): BuildInfo {
  return buildOnDisk() ?? UNBUILT;
}

/** Whether the program on the disk is another one: whoever put it there has still to restart the one that runs. */
export function isStale({ digest }: BuildInfo): boolean {
  return digest !== (buildOnDisk()?.digest ?? digest);
}

/** Of the program that lies on the disk now, where it was built; what runs may be an older one. */
export function buildOnDisk(): BuildInfo | undefined {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as BuildInfo;
  } catch {
    return undefined;
  }
}
