/** What is made of regular expressions where globs or names are wanted. */
import { Budget, compileSearch, PatternError } from '../../regex/index.js';

/** Undefined where our own engine takes the pattern; else why not. */
export function whyNotPattern(pattern: string): string | undefined {
  try {
    compileSearch(pattern, new Budget());
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.what;
    throw error;
  }
}

/** Whether it also matches where there is nothing. It must be one that our engine takes. */
export function isEmptyMatch(pattern: string): boolean {
  return compileSearch(pattern, new Budget()).test(new Uint8Array(0), 0, 0) === true;
}

/** Globs that mean what an anchored pattern means: `/web-.*|api` is `web-*` and `api`. Undefined where there are none. */
export function globsOf(pattern: string): string[] | undefined {
  const globs = alternatives(pattern).map(globOf);
  return globs.every((glob) => glob !== undefined) ? globs : undefined;
}

/** The texts of a pattern that is nothing but alternatives of plain texts. */
export function textsOf(pattern: string): string[] | undefined {
  const globs = globsOf(pattern);
  return globs?.some((glob) => /[*?]/.test(glob)) ? undefined : globs;
}

function alternatives(pattern: string): string[] {
  const inner = pattern
    .replace(/^\^/, '')
    .replace(/(?<!\\)\$$/, '')
    .replace(/^\/\??(?=.)/, '');
  const [, group] = /^\((?:\?:)?([^()]*)\)$/.exec(inner) ?? [];
  return (group ?? inner).split('|').map((part) => part.replace(/^\//, ''));
}

function globOf(part: string): string | undefined {
  let glob = '';
  for (const [piece, escaped] of part.matchAll(/\\([^a-zA-Z0-9])|\.[*+]|[\s\S]/gu)) {
    if (piece === '.*' || piece === '.+') glob += '*';
    else if (escaped !== undefined && !/[*?]/.test(escaped)) glob += escaped;
    else if (piece === '.') glob += '?';
    else if (/[\\^$()[\]{}*+?|]/.test(piece)) return undefined;
    else glob += piece;
  }
  return glob === '' ? undefined : glob;
}
