/** Every container that sources know, how its lines are read, and what of them is missing. */

import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ContainerView as Container } from '../../../src/server/shapes/container.js';
import type { GapView as Gap } from '../../../src/server/shapes/gap.js';
import { count, counted, rate } from '../lib/format.js';
import { useShortcuts } from '../lib/keyboard.js';
import { href, navigate, route } from '../lib/router.js';
import { usePoll } from '../lib/use-poll.js';
import { Button } from '../parts/button.js';
import { Empty } from '../parts/empty.js';
import { NotYet } from '../parts/not-yet.js';
import { ErrorNotice } from '../parts/notice.js';
import { isRunning } from './container.js';
import { ContainerTable } from './container-table.js';
import { GapList } from './gap-list.js';
import { chosen, grouped, type Order, SORT_KEYS, sorted } from './order.js';
import './page.css';

/** A figure of the course of rates stands for so long. */
const EVERY_MS = 5_000;
/** Drawing thousands of rows at every answer would be felt: so many at a time. */
const PAGE_ROWS = 200;
const FIRST: Order = { key: 'name', isDescending: false };

export default function Page() {
  const { state, again } = usePoll<{ readonly containers: readonly Container[] }>(
    'api/v1/containers',
    EVERY_MS,
  );
  const gaps = usePoll<{ readonly gaps: readonly Gap[] }>('api/v1/gaps', EVERY_MS);
  const order = useSignal<Order>(FIRST);
  const first = useSignal(0);
  const field = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: ['/'], what: 'Filter the containers', run: () => field.current?.focus() }]);

  const { params } = route.value;
  const text = params.get('q') ?? '';
  const isRunningOnly = params.get('running') === '1';
  const gapsOf = params.get('gaps');
  const go = (change: { readonly q?: string; readonly running?: string }): void => {
    const now = { q: text, running: isRunningOnly ? '1' : '', gaps: gapsOf ?? '' };
    navigate('containers', { ...now, ...change }, { replace: true });
  };

  const { value, error } = state.value;
  if (!value) return <NotYet error={error} onRetry={again} />;
  const { containers } = value;
  const meant = sorted(chosen(containers, text, isRunningOnly), order.value);
  // Fewer may be meant than when the page was turned.
  const from = first.value < meant.length ? first.value : 0;
  const rows = meant.slice(from, from + PAGE_ROWS);
  return (
    <div class="page">
      {error && <ErrorNotice error={error} onRetry={again} />}
      <div class="containers-bar">
        <input
          ref={field}
          class="input"
          type="search"
          aria-label="Filter containers"
          placeholder="Name, image, project…"
          value={text}
          onInput={(event) => go({ q: event.currentTarget.value })}
        />
        <Button pressed={isRunningOnly} onClick={() => go({ running: isRunningOnly ? '' : '1' })}>
          Running only
        </Button>
        <p class="quiet containers-sum">{summary(containers, meant)}</p>
      </div>
      <SortChoice order={order.value} onChange={(next) => (order.value = next)} />
      {meant.length > 0 ? (
        <ContainerTable groups={grouped(rows)} order={order.value} onOrder={(next) => (order.value = next)} />
      ) : (
        <Nothing isFiltered={containers.length > 0} onClear={() => go({ q: '', running: '' })} />
      )}
      {rows.length < meant.length && (
        <nav class="containers-pages" aria-label="Pages of containers">
          <Button disabled={from === 0} onClick={() => (first.value = from - PAGE_ROWS)}>
            Earlier
          </Button>
          <span role="status">
            {count(from + 1)} to {count(from + rows.length)} of {counted(meant.length, 'container')}
          </span>
          <Button
            disabled={from + PAGE_ROWS >= meant.length}
            onClick={() => (first.value = from + PAGE_ROWS)}
          >
            Later
          </Button>
        </nav>
      )}
      <GapList gaps={gaps.state.value.value?.gaps} error={gaps.state.value.error} container={gapsOf} />
    </div>
  );
}

function summary(all: readonly Container[], meant: readonly Container[]): string {
  const lines = rate(
    meant.reduce((sum, { linesPerSecond }) => sum + linesPerSecond, 0),
    'lines',
  );
  const running = `${meant.filter(isRunning).length} running`;
  const of =
    meant.length === all.length
      ? counted(all.length, 'container')
      : `${meant.length} of ${counted(all.length, 'container')}`;
  return `${of}, ${running}, ${lines}`;
}

function Nothing({ isFiltered, onClear }: { readonly isFiltered: boolean; readonly onClear: () => void }) {
  if (isFiltered)
    return (
      <Empty icon="containers" title="No container is like that.">
        <Button onClick={onClear}>Show all</Button>
      </Empty>
    );
  return (
    <Empty icon="containers" title="No container is known yet.">
      Start one, and it appears here within a second. If some are running: does the agent reach the engine,
      and do include and exclude of its source let them in? See <a href={href('flow')}>Flow</a> and{' '}
      <a href={href('settings')}>Settings</a>.
    </Empty>
  );
}

const WORDS: Readonly<Record<Order['key'], string>> = {
  name: 'Name',
  rate: 'Lines/s',
  lag: 'Lag',
  lastLine: 'Last line',
  rotations: 'Rotations',
  restarts: 'Restarts',
  gaps: 'Gaps',
  partial: 'Cut lines',
};

/** On a phone, where the table has no head. */
function SortChoice({
  order,
  onChange,
}: {
  readonly order: Order;
  readonly onChange: (order: Order) => void;
}) {
  return (
    <label class="containers-sort">
      Sort by{' '}
      <select
        class="select"
        value={order.key}
        onChange={({ currentTarget: { value } }) =>
          onChange({ key: value as Order['key'], isDescending: value !== 'name' })
        }
      >
        {SORT_KEYS.map((key) => (
          <option key={key} value={key}>
            {WORDS[key]}
          </option>
        ))}
      </select>
    </label>
  );
}
