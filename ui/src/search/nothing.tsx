/** Stands where nothing was found: how far the history reaches, and what one click can do. */
import { useEffect } from 'preact/hooks';
import { zone } from '../lib/prefs.js';
import { href } from '../lib/router.js';
import { Button } from '../parts/button.js';
import { Empty } from '../parts/empty.js';
import { historyLabels, refreshLabels } from '../query/labels.js';
import { EVERYTHING, type TimeRange } from '../time-range/range.js';
import type { SearchAddress } from './address.js';
import { nothingFound } from './words.js';

interface NothingProps {
  readonly query: string;
  readonly range: TimeRange;
  readonly onChange: (change: Partial<SearchAddress>) => void;
}

export function Nothing({ query, range, onChange }: NothingProps) {
  useEffect(() => void refreshLabels(), []);
  const { title, reach, offers } = nothingFound(
    query,
    range,
    historyLabels.value?.oldest,
    zone.value,
    Date.now(),
  );
  return (
    <Empty icon="search" title={title}>
      <p>{reach}</p>
      <p class="search-offers">
        {offers === 'everything' && (
          <Button onClick={() => onChange({ range: EVERYTHING })}>Search all of it</Button>
        )}
        {offers !== 'containers' && query !== '' && (
          <Button onClick={() => onChange({ query: '' })}>Show all lines</Button>
        )}
        {offers === 'containers' && <a href={href('containers')}>See what is captured</a>}
      </p>
    </Empty>
  );
}
