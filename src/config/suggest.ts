/** The word that was probably meant: at most a third of its letters away, or the only one that it begins. */
export function suggest(given: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.floor(given.length / 3) + 1;
  for (const word of known) {
    const distance = editDistance(given.toLowerCase(), word.toLowerCase());
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  const begun = known.filter((word) => given.length >= 3 && word.startsWith(given));
  return best ?? (begun.length === 1 ? begun[0] : undefined);
}

/** `, did you mean port?` or nothing. */
export function didYouMean(given: string, known: readonly string[]): string {
  const word = suggest(given, known);
  return word === undefined ? '' : `, did you mean ${word}?`;
}

// Levenshtein with swaps of neighbours, over words of at most 64 letters: keys are short, garbage is not.
function editDistance(from: string, to: string): number {
  if (from.length > 64 || to.length > 64) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length];
}
