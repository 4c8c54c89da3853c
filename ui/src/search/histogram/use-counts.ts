/** Counts of a query and a range as they come. Those of before stay until there are new ones, and say that they are not complete. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { openStream } from '../../lib/sse.js';
import type { TimeRange } from '../../time-range/range.js';
import type { Counts } from './counts.js';

export interface Counting {
  readonly counts: Counts | null;
  /** Why there are none, or no more of them. */
  readonly error: { readonly message: string } | null;
}

/** `nonce` changes where the same is asked again. */
export function useCounts(
  query: string,
  { from, to }: TimeRange,
  buckets: number,
  nonce: number,
): Signal<Counting> {
  const counting = useSignal<Counting>({ counts: null, error: null });
  useEffect(() => {
    const { counts } = counting.peek();
    counting.value = { counts: counts && { ...counts, complete: false }, error: null };
    return openStream('api/v1/histogram', {
      params: { query, from, to, buckets },
      events: (events) => {
        const told = events.findLast(({ name }) => name === 'counts' || name === 'failed');
        if (!told) return;
        const value: unknown = JSON.parse(told.data);
        counting.value =
          told.name === 'counts'
            ? { counts: value as Counts, error: null }
            : { ...counting.peek(), error: (value as { error: { message: string } }).error };
      },
      ended: (error) => {
        if (error) counting.value = { ...counting.peek(), error };
      },
    });
  }, [query, from, to, buckets, nonce]);
  return counting;
}
