/** Dead letters as they are asked for: a page of them, and more when they are wanted. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { type ApiError, getJson } from '../lib/api.js';
import { DEAD_LETTERS, type Letter, type LetterFilter, type LetterPage, queryOf } from './letters.js';

const PAGE_LETTERS = 200;

export interface LetterList {
  /** Undefined until the first answer. */
  readonly letters: Signal<readonly Letter[] | undefined>;
  /** Where the next page begins; undefined at the end. */
  readonly next: Signal<string | undefined>;
  readonly error: Signal<ApiError | undefined>;
  readonly reload: () => void;
  readonly more: () => void;
}

export function useLetters(filter: LetterFilter): LetterList {
  const letters = useSignal<readonly Letter[] | undefined>(undefined);
  const next = useSignal<string | undefined>(undefined);
  const error = useSignal<ApiError | undefined>(undefined);
  const turn = useSignal(0);
  const query = queryOf(filter);
  const load = async (from: string | undefined, signal: AbortSignal): Promise<void> => {
    try {
      const path = DEAD_LETTERS + queryOf(filter, { n: String(PAGE_LETTERS), from: from ?? '' });
      const page = await getJson<LetterPage>(path, { signal });
      letters.value = from === undefined ? page.letters : [...(letters.peek() ?? []), ...page.letters];
      next.value = page.next;
      error.value = undefined;
    } catch (thrown) {
      if (!signal.aborted) error.value = thrown as ApiError;
    }
  };
  // Ends what is still asked for another filter.
  const over = useRef(new AbortController());
  useEffect(() => {
    over.current = new AbortController();
    const { current } = over;
    void load(undefined, current.signal);
    return () => current.abort();
  }, [query, turn.value]);
  return {
    letters,
    next,
    error,
    reload: () => (turn.value += 1),
    more: () => void load(next.value, over.current.signal),
  };
}
