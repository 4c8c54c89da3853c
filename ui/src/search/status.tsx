/** What the search came to, how far it is, and how to go on or stop. */
import { zone } from '../lib/prefs.js';
import { Button } from '../parts/button.js';
import type { TimeRange } from '../time-range/range.js';
import type { Order } from './address.js';
import type { SearchSession } from './session.js';
import { progressOf, statusWords } from './words.js';

interface StatusProps {
  readonly session: SearchSession;
  readonly range: TimeRange;
  readonly order: Order;
  /** A new search, of what is behind the lines that a page can hold. */
  readonly onGoOn: (range: TimeRange) => void;
}

export function Status({ session, range, order, onGoOn }: StatusProps) {
  const state = session.state.value;
  const progress = progressOf(state);
  const isWorking = state.phase === 'working';
  const { continueAt } = state;
  const more = order === 'newest' ? 'older' : 'newer';
  return (
    <div class="search-status">
      <span role="status" data-phase={state.phase}>
        {statusWords(state, range, order, zone.value, Date.now())}
      </span>
      {isWorking && <Button onClick={() => session.cancel()}>Cancel</Button>}
      {session.canLoadMore && <Button onClick={() => session.loadMore()}>Load {more}</Button>}
      {continueAt !== null && state.isFull && (
        <Button
          onClick={() =>
            onGoOn(
              order === 'newest'
                ? { from: state.from ?? range.from, to: continueAt }
                : { from: continueAt, to: state.to ?? range.to },
            )
          }
        >
          Go on with {more} ones
        </Button>
      )}
      <div
        class="search-progress"
        role="progressbar"
        aria-label="Searched so far"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={progress === null ? undefined : Math.round(progress * 100)}
        hidden={!isWorking}
      >
        <div style={{ width: `${(progress ?? 0) * 100}%` }} />
      </div>
    </div>
  );
}
