/** Where lines are missing: which, why, and what to do so that it does not come again. */

import { useEffect, useRef } from 'preact/hooks';
import type { GapView as Gap } from '../../../src/server/shapes/gap.js';
import type { ApiError } from '../lib/api.js';
import { ago, count, counted } from '../lib/format.js';
import { zone } from '../lib/prefs.js';
import { href } from '../lib/router.js';
import { millisOf, momentText, wholeText } from '../lib/time.js';
import { Chip } from '../parts/chip.js';
import { ErrorNotice } from '../parts/notice.js';
import { withLabels } from '../query/edit.js';
import { remedyOf } from './gap-reasons.js';

interface GapListProps {
  /** The newest first; undefined until they are known. */
  readonly gaps: readonly Gap[] | undefined;
  readonly error: ApiError | undefined;
  /** Only those of this one; null: of all. */
  readonly container: string | null;
}

const MOST = 100;
/** Around a gap, so that the lines beside it are seen. */
const MARGIN_MS = 60_000;

export function GapList({ gaps, error, container }: GapListProps) {
  const section = useRef<HTMLElement>(null);
  const isThere = gaps !== undefined;
  useEffect(() => {
    if (container !== null && isThere) section.current?.scrollIntoView({ block: 'start' });
  }, [container, isThere]);
  if (!gaps) return error ? <ErrorNotice error={error} /> : null;
  const meant = container === null ? gaps : gaps.filter((gap) => gap.container === container);
  return (
    <section ref={section} class="gaps" aria-label="Gaps">
      <header>
        <h2>Gaps</h2>
        {container !== null && (
          <>
            <Chip tone="accent">{container}</Chip>
            <a href={href('containers')}>Show all</a>
          </>
        )}
      </header>
      {meant.length === 0 ? (
        <p class="quiet">
          {container === null ? 'No line is missing.' : `No line of ${container} is missing.`}
        </p>
      ) : (
        <ul>
          {meant.slice(0, MOST).map((gap) => (
            <Item key={gap.number} gap={gap} />
          ))}
        </ul>
      )}
      {meant.length > MOST && (
        <p class="quiet">
          The newest {MOST} of {counted(meant.length, 'gap')}. <code>log-capturer gaps</code> lists them all.
        </p>
      )}
    </section>
  );
}

function Item({ gap }: { readonly gap: Gap }) {
  const { told, container, sink, why, lines } = gap;
  const search = searchAround(gap);
  return (
    <li>
      <div class="gaps-facts">
        <strong>{container}</strong>
        <Chip tone="bad">{why}</Chip>
        {sink !== null && <Chip>only for {sink}</Chip>}
        <time class="quiet" title={wholeText(told, zone.value)}>
          told {ago(millisOf(told))}
        </time>
      </div>
      <p>
        {lines === null ? 'Lines' : `${count(lines)} lines`} {span(gap)}: {reason(gap)}.
      </p>
      <p class="quiet">
        {remedyOf(why)} {search && <a href={search}>The lines beside it</a>}
      </p>
    </li>
  );
}

function span({ from, to }: Gap): string {
  const shown = (time: string): string => momentText(millisOf(time), zone.value);
  if (from !== null && to !== null) return `from ${shown(from)} to ${shown(to)}`;
  if (from !== null) return `from ${shown(from)} on`;
  return to === null ? 'at a time that nobody knows' : `up to ${shown(to)}`;
}

/** The agent's sentence says when, in UTC, and then why. */
function reason({ text }: Gap): string {
  const at = text.indexOf(' missing: ');
  return at === -1 ? text : text.slice(at + ' missing: '.length);
}

function searchAround({ container, from, to }: Gap): string | undefined {
  const start = from ?? to;
  if (start === null || container.startsWith('_')) return undefined;
  return href('search', {
    query: withLabels('', 'container', [container]),
    from: new Date(millisOf(start) - MARGIN_MS).toISOString(),
    to: new Date(millisOf(to ?? start) + MARGIN_MS).toISOString(),
  });
}
