/** Search in the history: the address is the question, and every change of it is a new search. */
import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useShortcuts } from '../lib/keyboard.js';
import { href, navigate, route } from '../lib/router.js';
import { LinesList } from '../lines/lines-list.js';
import { Choice } from '../parts/choice.js';
import { Empty } from '../parts/empty.js';
import { Icon, type IconName } from '../parts/icon.js';
import { ErrorNotice } from '../parts/notice.js';
import { QueryBar } from '../query/bar.js';
import { withField, withLabels, withLevels, withoutValue, withText } from '../query/edit.js';
import { QueryExamples } from '../query/examples.js';
import { QueryFilters } from '../query/filters.js';
import { historyLabels, useHistoryLabels } from '../query/labels.js';
import { TimeRangePicker } from '../time-range/picker.js';
import { spanOf, withinHistory } from '../time-range/range.js';
import { addressParams, readAddress, type SearchAddress } from './address.js';
import { Download } from './download.js';
import { partsOf } from './histogram/axis.js';
import { Histogram, HistogramLegend } from './histogram/histogram.js';
import { useCounts } from './histogram/use-counts.js';
import { Nothing } from './nothing.js';
import { SelectionOffer } from './selection-offer.js';
import { isAboutQuery, SearchSession } from './session.js';
import { Status } from './status.js';
import './search.css';

/** A bar for so many pixels, within reason. */
const BAR_PX = 9;

export default function Page() {
  const nonce = useSignal(0);
  const address = useAddress();
  const { query, range, order } = address;
  const bars = useMemo(() => Math.min(120, Math.max(24, Math.floor(innerWidth / BAR_PX))), []);
  useHistoryLabels();
  const counted = withinHistory(range, historyLabels.value?.oldest, Date.now());
  const span = spanOf(counted, Date.now());
  const buckets = span ? partsOf(span.to - span.from, bars) : bars;
  const session = useMemo(
    () => new SearchSession(address),
    [query, range.from, range.to, order, nonce.value],
  );
  useEffect(() => {
    session.start();
    return () => session.close();
  }, [session]);
  const counting = useCounts(query, counted, buckets, nonce.value).value;
  const state = session.state.value;

  const go = (change: Partial<SearchAddress>): void =>
    navigate('search', addressParams({ ...address, ...change }));
  const again = (): void => {
    nonce.value++;
  };
  const search = (query: string): void => (query === address.query ? again() : go({ query }));
  useShortcuts([{ keys: ['r'], what: 'Search again', run: again }]);

  const { failure } = state;
  const isQueryWrong = isAboutQuery(failure);
  const { counts } = counting;
  const hasNoBars =
    counts?.complete === true &&
    Object.values(counts.levels).every((lines) => lines.every((count) => count === 0));
  const isEmpty = state.phase === 'done' && state.found === 0;
  return (
    <div class="search">
      <header class="search-head">
        <div class="search-row">
          <QueryBar value={query} onSubmit={search} error={isQueryWrong ? failure : null} />
          <TimeRangePicker value={range} onChange={(range) => go({ range })} />
        </div>
        <div class="search-row">
          <QueryFilters query={query} onChange={search} />
          <div class="search-options">
            <Choice
              label="Order"
              value={order}
              options={[
                ['newest', <First>Newest</First>],
                ['oldest', <First>Oldest</First>],
              ]}
              onChange={(order) => go({ order })}
            />
            <Download query={query} range={range} />
            <IconLink icon="live" label="Watch this live" href={href('live', { query })} />
            <IconLink icon="alerts" label="Alert on this" href={href('alerts', { edit: 'new', query })} />
          </div>
        </div>
      </header>
      {isQueryWrong && (
        <Empty title="This query is not understood. Some that are:">
          <QueryExamples onTake={search} />
        </Empty>
      )}
      {!isQueryWrong && !hasNoBars && <Histogram counts={counts} onSelect={(range) => go({ range })} />}
      {failure && !isQueryWrong && <ErrorNotice error={failure} onRetry={again} />}
      {!isQueryWrong && (
        <div class="search-summary">
          <Status session={session} range={range} order={order} onGoOn={(range) => go({ range })} />
          <HistogramLegend {...counting} />
        </div>
      )}
      {isEmpty && <Nothing query={query} range={range} onChange={go} />}
      {!isEmpty && !isQueryWrong && (
        <LinesList
          store={session.store}
          query={query}
          onNearBottom={() => session.loadMore()}
          actions={{
            onOnly: (container) => go({ query: withLabels(query, 'container', [container]) }),
            onExclude: (container) => go({ query: withoutValue(query, 'container', container) }),
            onValue: (text) => go({ query: withText(query, text) }),
            onField: (name, value) => go({ query: withField(query, name, value) }),
            onLevel: (level) => go({ query: withLevels(query, [level]) }),
          }}
        />
      )}
      <SelectionOffer onSearch={(text) => go({ query: withText(query, text) })} />
    </div>
  );
}

interface IconLinkProps {
  readonly icon: IconName;
  readonly label: string;
  readonly href: string;
}

function IconLink({ icon, label, href }: IconLinkProps) {
  return (
    <a class="icon-button" href={href} aria-label={label} title={label}>
      <Icon name={icon} />
    </a>
  );
}

/** On a narrow page the second word is left to the reader. */
function First({ children }: { readonly children: string }) {
  return (
    <span>
      {children}
      <span class="search-wide"> first</span>
    </span>
  );
}

/** Of this page: while another one is loading, the address is that one's already. */
function useAddress(): SearchAddress {
  const { page, params } = route.value;
  const last = useRef(readAddress(new URLSearchParams()));
  if (page === 'search') last.current = readAddress(params);
  return last.current;
}
