/** Which built program a self-test judges, and whether it was made from the sources in front of it. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AgentError, systemCode } from '../runtime/errors.js';
import type { BuildInfo } from '../telemetry/build-info.js';

/** From the built program this file lies beside it; from the sources it is in dist/. */
export function builtProgram(): string {
  const beside = fileURLToPath(new URL('../main.js', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
}

/**
 * The build that lies in front of us. `tell` hears where it could not be compared with sources. Throws BUILD_STALE where there
 * is none, or one of other sources.
 */
export async function checkedBuild(program: string, tell: (text: string) => void): Promise<BuildInfo> {
  const file = path.join(path.dirname(program), 'build-info.json');
  if (!existsSync(program) || !existsSync(file)) {
    throw new AgentError('BUILD_STALE', `There is no built program at ${program}.`, {
      remedy: 'Build it with `npm run build`.',
    });
  }
  const build = JSON.parse(readFileSync(file, 'utf8')) as BuildInfo;
  if (!(await isOfPresentSources(program, build.digest)))
    tell('no sources lie beside this build: its digest is stated, not compared');
  return build;
}

/**
 * Throws BUILD_STALE where the sources lie beside the build and the build, of this `digest`, is not theirs. Answers false
 * where there are no sources to compare with, as in an installed package.
 */
async function isOfPresentSources(program: string, digest: string): Promise<boolean> {
  const root = path.resolve(path.dirname(program), '../..');
  const digester = path.join(root, 'scripts/digest.mjs');
  if (!existsSync(digester) || !existsSync(path.join(root, 'src'))) return false;
  const { sourceDigest } = (await import(pathToFileURL(digester).href)) as {
    sourceDigest: (root: string) => string;
  };
  const present = readable(() => sourceDigest(root), root);
  if (present === digest) return true;
  throw new AgentError(
    'BUILD_STALE',
    `The build in ${path.dirname(program)} was made from other sources (${digest}) than lie in front of it (${present}).`,
    { remedy: 'Build it anew with `npm run build`.' },
  );
}

/** That nobody could look is no proof that they are the same. */
function readable(digest: () => string, root: string): string {
  try {
    return digest();
  } catch (cause) {
    throw new AgentError(
      'BUILD_STALE',
      `The sources in ${root} cannot be compared with the build (${systemCode(cause) ?? String(cause)}).`,
      { remedy: 'Run it as a user who can read them.', cause },
    );
  }
}
