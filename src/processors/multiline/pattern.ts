/** Events as patterns of the user's own say: which line begins one, which line goes on with one. */
import { Budget, compileSearch, type Search } from '../../regex/index.js';
import { ANY_BYTE, END, FAILED, type Grammar, INSTEAD } from './grammar.js';
import type { Line } from './line.js';

const OPEN = 1;

/**
 * With `start` alone everything up to the next start belongs to an event; with `continues` alone what matches it belongs to
 * the line before, whatever that is; with both an event goes on as long as lines match `continues`.
 */
export function patternGrammar(start: string | undefined, continues: string | undefined): Grammar {
  const budget = new Budget();
  const starts = start === undefined ? undefined : compileSearch(start, budget);
  const goesOn = continues === undefined ? undefined : compileSearch(continues, budget);

  const test = (search: Search, { data, start, end }: Line): number => {
    const matches = search.test(data, start, end);
    return matches === undefined ? FAILED : matches ? OPEN : END;
  };

  return {
    name: 'pattern',
    firstBytes: ANY_BYTE,
    beginsWithName: false,
    beginsWithError: false,

    begin(line) {
      budget.renew();
      return starts ? test(starts, line) : OPEN;
    },

    follow(_, line) {
      budget.renew();
      const begins = starts ? test(starts, line) : END;
      if (begins === FAILED) return FAILED;
      if (begins === OPEN) return INSTEAD | OPEN;
      const follows = goesOn ? test(goesOn, line) : OPEN;
      return follows === END ? INSTEAD | (starts ? END : OPEN) : follows;
    },
  };
}
