import './live.css';
import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { counted, short } from '../lib/format.js';
import { useShortcuts } from '../lib/keyboard.js';
import { density, wrap, zone } from '../lib/prefs.js';
import { href, navigate, route } from '../lib/router.js';
import { LineStore } from '../lines/line-store.js';
import { LinesList } from '../lines/lines-list.js';
import type { LinesView } from '../lines/lines-view.js';
import { Button } from '../parts/button.js';
import { Choice } from '../parts/choice.js';
import { Icon } from '../parts/icon.js';
import { Popover } from '../parts/popover.js';
import { StateDot } from '../parts/state-dot.js';
import { QueryBar } from '../query/bar.js';
import { withField, withLabels, withLevels, withoutValue, withText } from '../query/edit.js';
import { QueryFilters } from '../query/filters.js';
import { SelectionOffer } from '../search/selection-offer.js';
import { EmptyLive } from './empty-live.js';
import { OlderLines, type OlderState } from './older.js';
import { Tail, type TailRates, type TailState } from './tail.js';

function setQuery(query: string): void {
  navigate('live', { query });
}

export default function LivePage() {
  const query = route.value.params.get('query') ?? '';
  // Each query begins anew; the field for it stays as it is.
  const store = useMemo(() => new LineStore('oldest'), [query]);
  const older = useMemo(() => new OlderLines(query, store), [query]);
  const view = useRef<LinesView | null>(null);
  const tail = useSignal<Tail | undefined>(undefined);
  const isFollowing = useSignal(true);
  const behind = useSignal(0);
  useEffect(() => {
    const opened = new Tail(query, store, () => view.current?.isFollowing ?? true);
    tail.value = opened;
    return () => {
      opened.close();
      older.close();
    };
  }, [query]);
  const follow = (isOn: boolean): void => {
    if (isOn) view.current?.scrollTo('bottom');
    else view.current?.follow(false);
    isFollowing.value = isOn;
  };
  const toggleWrap = (): void => {
    wrap.value = wrap.value === 'on' ? 'off' : 'on';
  };
  useShortcuts([
    { keys: [' '], what: 'Pause or go on', run: () => follow(!isFollowing.peek()) },
    { keys: ['w'], what: 'Wrap long lines or not', run: toggleWrap },
  ]);

  const state = tail.value?.state.value ?? { is: 'connecting' };
  const refusal = state.is === 'refused' ? state.error : undefined;
  return (
    <div class="live">
      <div class="live-bar">
        <QueryBar value={query} onSubmit={setQuery} error={refusal} />
        <div class="live-tools">
          <QueryFilters query={query} onChange={setQuery} />
          <span class="live-space" />
          <TailNote state={state} rates={tail.value?.rates.value} isFollowing={isFollowing.value} />
          <Button
            icon={isFollowing.value ? 'pause' : 'play'}
            pressed={!isFollowing.value}
            title="Space"
            onClick={() => follow(!isFollowing.value)}
          >
            {isFollowing.value ? 'Pause' : 'Resume'}
          </Button>
          <ViewChoices query={query} onClear={() => store.clear()} />
        </div>
      </div>
      <LinesList
        store={store}
        query={query}
        follows
        view={view}
        actions={{
          onOnly: (container) => setQuery(withLabels(query, 'container', [container])),
          onExclude: (container) => setQuery(withoutValue(query, 'container', container)),
          onValue: (text) => setQuery(withText(query, text)),
          onField: (name, value) => setQuery(withField(query, name, value)),
          onLevel: (level) => setQuery(withLevels(query, [level])),
        }}
        onNearTop={() => older.load()}
        onState={(now) => {
          isFollowing.value = now.isFollowing;
          behind.value = now.behind;
        }}
      >
        <EmptyLive query={query} state={state} />
      </LinesList>
      <SelectionOffer onSearch={(text) => setQuery(withText(query, text))} />
      <OlderNote state={older.state.value} query={query} />
      {!isFollowing.value && (
        <button type="button" class="live-pill" onClick={() => follow(true)}>
          <Icon name="newest" />
          {behind.value === 0 ? 'No new lines yet' : counted(behind.value, 'new line')}
        </button>
      )}
    </div>
  );
}

interface TailNoteProps {
  readonly state: TailState;
  readonly rates: TailRates | undefined;
  readonly isFollowing: boolean;
}

/** Whether it is live, how much comes, and how much of it is shown. */
function TailNote({ state, rates, isFollowing }: TailNoteProps) {
  const words = {
    connecting: 'Connecting',
    live: isFollowing ? 'Live' : 'Paused',
    asleep: 'Asleep',
    lost: 'Trying again',
    refused: 'Refused',
  }[state.is];
  const total = rates ? rates.shown + rates.skipped : 0;
  return (
    <span class="live-note" role="status" aria-live="off">
      <StateDot
        state={
          state.is === 'live' && isFollowing
            ? 'live'
            : state.is === 'refused' || state.is === 'lost'
              ? 'lost'
              : 'waiting'
        }
      />
      {words}
      {state.is === 'live' && rates && (
        <span class="quiet number">
          {rates.skipped > 0
            ? `${short(rates.shown)} of ${short(total)} lines/s shown`
            : `${short(total)} lines/s`}
        </span>
      )}
    </span>
  );
}

function ViewChoices({ query, onClear }: { readonly query: string; readonly onClear: () => void }) {
  return (
    <Popover label="View" align="end">
      {(close) => (
        <div class="live-view">
          <span>Long lines</span>
          <Choice
            label="Long lines"
            value={wrap.value}
            options={[
              ['on', 'Wrap'],
              ['off', 'Scroll'],
            ]}
            onChange={(value) => (wrap.value = value)}
          />
          <span>Times</span>
          <Choice
            label="Times"
            value={zone.value}
            options={[
              ['local', 'Local'],
              ['utc', 'UTC'],
            ]}
            onChange={(value) => (zone.value = value)}
          />
          <span>Rows</span>
          <Choice
            label="Rows"
            value={density.value}
            options={[
              ['compact', 'Dense'],
              ['roomy', 'Roomy'],
            ]}
            onChange={(value) => (density.value = value)}
          />
          <Button
            onClick={() => {
              onClear();
              close();
            }}
          >
            Clear what is shown
          </Button>
          <a class="button" href={href('search', { query })}>
            Search the history
          </a>
        </div>
      )}
    </Popover>
  );
}

function OlderNote({ state, query }: { readonly state: OlderState; readonly query: string }) {
  if (state.is === 'idle') return null;
  return (
    <div class="live-older" role="status">
      {state.is === 'loading' && 'Looking for older lines…'}
      {state.is === 'failed' && state.error.message}
      {state.is === 'none' && (
        <>
          No older lines in the day before.{' '}
          <a href={href('search', { query, from: '7d', to: state.before })}>Search further back</a>
        </>
      )}
    </div>
  );
}
