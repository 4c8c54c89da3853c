/** One line with what its container wrote around it: what a link to a line opens. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { counted } from '../lib/format.js';
import { zone } from '../lib/prefs.js';
import { href, route } from '../lib/router.js';
import { millisOf, wholeText } from '../lib/time.js';
import { LinesList } from '../lines/lines-list.js';
import { Button } from '../parts/button.js';
import { CopyButton } from '../parts/copy-button.js';
import { Empty } from '../parts/empty.js';
import { Icon } from '../parts/icon.js';
import { ErrorNotice, Notice } from '../parts/notice.js';
import { Skeleton } from '../parts/skeleton.js';
import { withLabels, withText } from '../query/edit.js';
import { historyLabels, useHistoryLabels } from '../query/labels.js';
import { searchHref } from '../search/address.js';
import { SelectionOffer } from '../search/selection-offer.js';
import { rangeAround } from '../time-range/range.js';
import { Around, type LineAddress } from './around.js';
import { goneWords } from './words.js';
import './line.css';

const AROUND_MS = 5 * 60_000;

export default function Page() {
  const address = useAddress();
  if (address.container === '' || Number.isNaN(millisOf(address.time)))
    return (
      <Empty icon="link" title="This link names no line.">
        <a href={href('search')}>Search the history</a>
      </Empty>
    );
  return <LinePage key={JSON.stringify(address)} address={address} />;
}

function LinePage({ address }: { readonly address: LineAddress }) {
  useHistoryLabels();
  const around = useMemo(() => new Around(address), []);
  useEffect(() => {
    void around.load();
    return () => around.close();
  }, [around]);
  const { phase, line, error, isAtOldest, isAtNewest, lines } = around.state.value;
  const { container, time } = address;
  const own = withLabels('', 'container', [container]);
  const range = rangeAround(millisOf(time), AROUND_MS);
  const isGone = phase === 'ready' && !line;
  return (
    <div class="around">
      <header class="around-head">
        <h2>{container}</h2>
        <span class="around-time">{wholeText(time, zone.value)}</span>
        <nav class="around-links" aria-label="From here">
          <a class="button button-quiet" href={searchHref(own, range)}>
            <Icon name="search" />
            <span>Search around this time</span>
          </a>
          <a class="button button-quiet" href={searchHref('', range)}>
            <Icon name="containers" />
            <span>All containers then</span>
          </a>
          <a class="button button-quiet" href={href('live', { query: own })}>
            <Icon name="live" />
            <span>Live</span>
          </a>
          <CopyButton text={() => location.href}>Copy the link</CopyButton>
        </nav>
      </header>
      {error && <ErrorNotice error={error} onRetry={() => void around.load()} />}
      {isGone && <Notice tone="warn">{goneWords(time, historyLabels.value?.oldest, zone.value)}</Notice>}
      {phase === 'loading' && <Skeleton rows={12} />}
      {phase === 'ready' && lines > 0 && (
        <>
          <div class="around-status">
            <span role="status">
              {line ? `${counted(lines - 1, 'line')} around it` : counted(lines, 'line')}
            </span>
            <Button disabled={isAtOldest} onClick={() => void around.loadEarlier()}>
              {isAtOldest ? 'Nothing earlier' : 'Earlier lines'}
            </Button>
            <Button onClick={() => void around.loadLater()}>
              {isAtNewest ? 'Nothing later yet' : 'Later lines'}
            </Button>
          </div>
          <LinesList
            store={around.store}
            query=""
            {...(line && { marked: line.time })}
            onNearTop={() => void (isAtOldest || around.loadEarlier())}
            onNearBottom={() => void (isAtNewest || around.loadLater())}
          />
          <SelectionOffer onSearch={(text) => (location.hash = searchHref(withText(own, text)))} />
        </>
      )}
    </div>
  );
}

/** Of this page: while another one is loading, the address is that one's already. */
function useAddress(): LineAddress {
  const { page, params } = route.value;
  const last = useRef<LineAddress>({ container: '', time: '', stream: '' });
  if (page === 'line') {
    const [container, time, stream] = ['container', 'time', 'stream'].map((name) => params.get(name) ?? '');
    last.current = { container, time, stream };
  }
  return last.current;
}
