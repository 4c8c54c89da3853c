/** The state of the search page as its address has it. */
import { href, type Params } from '../lib/router.js';
import { DEFAULT_RANGE, rangeOf, type TimeRange } from '../time-range/range.js';

/** Which lines come first. */
export type Order = 'newest' | 'oldest';

export interface SearchAddress {
  readonly query: string;
  readonly range: TimeRange;
  readonly order: Order;
}

export function readAddress(params: URLSearchParams): SearchAddress {
  return {
    query: params.get('query') ?? '',
    range: rangeOf(params.get('from'), params.get('to')),
    order: params.get('order') === 'oldest' ? 'oldest' : 'newest',
  };
}

/** What is the default is left out. */
export function addressParams({ query, range, order }: SearchAddress): Params {
  return {
    query,
    from: range.from === DEFAULT_RANGE.from && range.to === DEFAULT_RANGE.to ? undefined : range.from,
    to: range.to === DEFAULT_RANGE.to ? undefined : range.to,
    order: order === 'newest' ? undefined : order,
  };
}

/** The address of the search page, for links. */
export function searchHref(query: string, range: TimeRange = DEFAULT_RANGE): string {
  return href('search', addressParams({ query, range, order: 'newest' }));
}
