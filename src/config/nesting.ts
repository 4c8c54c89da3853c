import { type CST, Parser } from 'yaml';

/**
 * Whether collections stand more than `depth` deep in a YAML text. Looks at its tokens, without recursion: to compose
 * them takes stack by depth, and where that ends in the middle of a pattern's compilation the process ends with it.
 */
export function isDeeper(text: string, depth: number): boolean {
  const open: [CST.Token | null | undefined, number][] = [];
  for (const token of new Parser().parse(text)) open.push([token, 0]);
  for (let next = open.pop(); next; next = open.pop()) {
    const [token, at] = next;
    if (!token) continue;
    if (at > depth) return true;
    if (token.type === 'document') open.push([token.value, at + 1]);
    else if ('items' in token)
      for (const { key, value } of token.items) open.push([key, at + 1], [value, at + 1]);
  }
  return false;
}
