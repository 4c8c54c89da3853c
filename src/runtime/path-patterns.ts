/**
 * Patterns of absolute paths: `*` any characters but `/`, `?` one, `**` any number of folders, `{a,b}` one of them. No
 * regular expression is made of them, so no pattern can be slow. As in a shell, a dot that a name begins with must be written.
 */
import { matchesGlob } from './glob.js';

const MOST_ALTERNATIVES = 256;

/** Names and patterns of names, from the root down; `**` is a segment of its own. */
export type PathPattern = readonly string[];

/** All that `pattern` stands for. Throws a SyntaxError that says what is wrong with it. */
export function parsePathPattern(pattern: string): PathPattern[] {
  if (!pattern.startsWith('/')) throw new SyntaxError('it must begin with /, such as /var/log/*.log');
  return alternatives(pattern).map((path) => {
    const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
    if (segments.length === 0) throw new SyntaxError('it names no file');
    if (segments.includes('..')) throw new SyntaxError('it must not have .. in it');
    return segments;
  });
}

export function isWildcard(segment: string): boolean {
  return segment.includes('*') || segment.includes('?');
}

export function matchesName(segment: string, name: string): boolean {
  if (name.startsWith('.') && !segment.startsWith('.')) return false;
  return isWildcard(segment) ? matchesGlob(segment, name) : segment === name;
}

/** Whether `path`, absolute, is one of those that `pattern` means. */
export function matchesPath(pattern: PathPattern, path: string): boolean {
  const names = path.split('/').filter((name) => name !== '');
  // Which segments may come next, as far as the names have gone.
  let next = closure(pattern, [0]);
  for (const name of names) {
    const after: number[] = [];
    for (const at of next) {
      if (at === pattern.length) continue;
      if (pattern[at] === '**') {
        if (!name.startsWith('.')) after.push(at);
      } else if (matchesName(pattern[at], name)) after.push(at + 1);
    }
    next = closure(pattern, after);
  }
  return next.has(pattern.length);
}

/** `**` may stand for no folder at all. */
export function closure(pattern: PathPattern, states: Iterable<number>): Set<number> {
  const all = new Set<number>();
  for (let at of states) {
    all.add(at);
    while (pattern[at] === '**') all.add(++at);
  }
  return all;
}

function alternatives(pattern: string): string[] {
  const open = pattern.indexOf('{');
  if (open < 0) {
    if (pattern.includes('}')) throw new SyntaxError('a } has no {');
    return [pattern];
  }
  const close = closingBrace(pattern, open);
  const heads = topLevelParts(pattern.slice(open + 1, close)).flatMap((part) =>
    alternatives(`${pattern.slice(0, open)}${part}`),
  );
  const all = alternatives(pattern.slice(close + 1)).flatMap((tail) => heads.map((head) => head + tail));
  if (all.length > MOST_ALTERNATIVES)
    throw new SyntaxError(`its braces stand for more than ${MOST_ALTERNATIVES} patterns`);
  return all;
}

function closingBrace(pattern: string, open: number): number {
  let depth = 0;
  for (let at = open; at < pattern.length; at++) {
    if (pattern[at] === '{') depth++;
    if (pattern[at] === '}' && --depth === 0) return at;
  }
  throw new SyntaxError('a { has no }');
}

function topLevelParts(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const char of text) {
    if (char === ',' && depth === 0) {
      parts.push('');
      continue;
    }
    if (char === '{') depth++;
    if (char === '}') depth--;
    parts[parts.length - 1] += char;
  }
  return parts;
}
