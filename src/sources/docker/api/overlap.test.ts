import { describe, expect, it } from 'vitest';
import { type Found, OverlapSearch } from './overlap.js';

/** Records by one letter, which is their time and their hash. */
const numbers = (letters: string): number[] => Array.from(letters, (letter) => letter.charCodeAt(0));

function search(known: string, tail: number | undefined, served: string): Found[] {
  const records = numbers(known).flatMap((n) => [n, 0, n]);
  const overlap = new OverlapSearch(Uint32Array.from(records), tail);
  const found: Found[] = [];
  for (const n of numbers(served)) {
    found.push(overlap.next(n, 0, n));
    if (found.at(-1) !== 'seek') break;
  }
  return found;
}

describe('OverlapSearch', () => {
  it.each([
    // Served from before what is known, from within it, and its last record only.
    ['abc', 16, 'ZYabcd', ['seek', 'seek', 'seek', 'seek', 'known']],
    ['abc', 16, 'bcd', ['seek', 'known']],
    ['abc', 16, 'cd', ['known']],
    // Newer than everything known: too little was asked for, or it is gone.
    ['abc', 16, 'def', ['short']],
    ['abc', undefined, 'def', ['lost']],
    // As much as was asked for, and nothing known in it.
    ['abc', 3, 'XYZ', ['seek', 'seek', 'short']],
    // Equal records: how many are known can only be told with what is before them.
    ['abb', 16, 'abbb', ['seek', 'seek', 'known']],
    ['abb', 16, 'bb', ['short']],
    ['abb', undefined, 'bbc', ['seek', 'known']],
    ['abb', undefined, 'bc', ['seek', 'new']],
    // The engine skipped q in a stream: what is known is not in the log as it was served.
    ['abc', 4, 'bqcd', ['seek', 'seek', 'seek', 'short']],
    ['abc', undefined, 'bqcd', ['seek', 'seek', 'seek', 'new']],
    // Times that go back.
    ['cba', 16, 'dcbaX', ['short']],
    ['cba', 16, 'bcbaX', ['seek', 'seek', 'seek', 'known']],
  ] as const)('%s known, %s asked for, %s served', (known, tail, served, found) => {
    expect(search(known, tail, served)).toEqual(found);
  });
});
