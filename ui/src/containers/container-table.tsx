/** One row for each container, by compose project; on a phone each row is a card. */
import type { ContainerView as Container } from '../../../src/server/shapes/container.js';
import { ago, count, counted, digits, duration, rate, short } from '../lib/format.js';
import { hueOf } from '../lib/hue.js';
import { zone } from '../lib/prefs.js';
import { href } from '../lib/router.js';
import { millisOf, wholeText } from '../lib/time.js';
import { Chip } from '../parts/chip.js';
import { Icon } from '../parts/icon.js';
import { Sparkline } from '../parts/sparkline.js';
import { StateDot } from '../parts/state-dot.js';
import { Tooltip } from '../parts/tooltip.js';
import { withLabels } from '../query/edit.js';
import { isRunning } from './container.js';
import type { Group, Order, SortKey } from './order.js';

interface ContainerTableProps {
  readonly groups: readonly Group[];
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
}

/** So many rates are five minutes; fewer of them are a shorter line. */
const FULL_COURSE = 60;

interface Head {
  readonly title: string;
  readonly key?: SortKey;
  readonly isNumber?: boolean;
  readonly help?: string;
}

const HEADS: readonly Head[] = [
  { title: 'Container', key: 'name' },
  { title: 'Read by' },
  { title: 'Lines/s, last 5 min', key: 'rate', isNumber: true },
  {
    title: 'Lag',
    key: 'lag',
    isNumber: true,
    help: 'How far the agent is behind what the container writes.',
  },
  { title: 'Last line', key: 'lastLine', isNumber: true },
  {
    title: 'Rotations',
    key: 'rotations',
    isNumber: true,
    help: 'Of its log file, or of its stream from the engine.',
  },
  { title: 'Restarts', key: 'restarts', isNumber: true },
  {
    title: 'Gaps',
    key: 'gaps',
    isNumber: true,
    help: 'Places where lines are missing, among the last thousand.',
  },
  {
    title: 'Partial or cut',
    key: 'partial',
    isNumber: true,
    help: 'Lines that came in pieces and were put together; lines that were too long.',
  },
];

export function ContainerTable({ groups, order, onOrder }: ContainerTableProps) {
  const hasProjects = groups.some(({ project }) => project !== '');
  return (
    <table class="table containers-table" aria-label="Containers">
      <thead>
        <tr>
          {HEADS.map((head) => (
            <HeadCell key={head.title} head={head} order={order} onOrder={onOrder} />
          ))}
          <th scope="col">
            <span class="unseen">Its lines</span>
          </th>
        </tr>
      </thead>
      {groups.map((group) => (
        <tbody key={group.project}>
          {hasProjects && (
            <tr class="containers-group">
              <th scope="rowgroup" colSpan={HEADS.length + 1}>
                {group.project === '' ? 'No project' : group.project}{' '}
                <span class="quiet">
                  {group.running} of {group.containers.length} running, {rate(group.linesPerSecond, 'lines')}
                </span>
              </th>
            </tr>
          )}
          {group.containers.map((container) => (
            <Row key={container.id} container={container} />
          ))}
        </tbody>
      ))}
    </table>
  );
}

function HeadCell({
  head: { title, key, isNumber, help },
  order,
  onOrder,
}: { readonly head: Head } & Omit<ContainerTableProps, 'groups'>) {
  const isSorted = key !== undefined && order.key === key;
  const direction = order.isDescending ? 'descending' : 'ascending';
  return (
    <th
      scope="col"
      class={isNumber ? 'number' : ''}
      aria-sort={isSorted ? direction : undefined}
      title={help}
    >
      {key === undefined ? (
        title
      ) : (
        <button
          type="button"
          onClick={() => onOrder({ key, isDescending: isSorted ? !order.isDescending : isNumber === true })}
        >
          {title}
          {isSorted && (
            <span class="containers-arrow" aria-hidden="true">
              {order.isDescending ? '↓' : '↑'}
            </span>
          )}
        </button>
      )}
    </th>
  );
}

function Row({ container }: { readonly container: Container }) {
  const { name, image, state, linesPerSecond, rates, lagSeconds, lastLine, rotations, restarts } = container;
  const isQuiet = !isRunning(container);
  return (
    <tr class={isQuiet ? 'containers-stopped' : ''}>
      <th scope="row">
        <div class="containers-who">
          <StateDot state={state} />
          <div>
            <a class={`containers-name hue-${hueOf(name)}`} href={href('live', { query: onlyOf(name) })}>
              {name}
            </a>
            <div class="quiet containers-image" title={image}>
              {state !== 'running' && <span class="containers-state">{state}, </span>}
              {image}
            </div>
          </div>
        </div>
      </th>
      <td data-title="Read by" class="containers-transport">
        <Transport container={container} />
      </td>
      <td data-title="Lines/s" class="number containers-course">
        <span class="containers-rate">
          <Sparkline
            values={rates}
            width={Math.ceil((96 * rates.length) / FULL_COURSE)}
            label={`Lines per second over the last five minutes, now ${digits(linesPerSecond)}`}
          />
          <span>{short(linesPerSecond)}</span>
        </span>
      </td>
      <td data-title="Lag" class="number">
        {lagSeconds === null ? (
          <Unknown />
        ) : lagSeconds < 1 ? (
          '< 1 s'
        ) : (
          <span class={lagSeconds > 60 ? 'warn' : ''}>{duration(lagSeconds)}</span>
        )}
      </td>
      <td data-title="Last line" class="number">
        {lastLine === null ? (
          <Unknown what="none yet" />
        ) : (
          <time title={wholeText(lastLine, zone.value)}>{ago(millisOf(lastLine))}</time>
        )}
      </td>
      <td data-title="Rotations" class="number">
        <Figure value={rotations} />
      </td>
      <td data-title="Restarts" class="number">
        <Figure value={restarts} tone="warn" />
      </td>
      <td data-title="Gaps" class="number">
        <Gaps container={container} />
      </td>
      <td data-title="Partial or cut" class="number">
        <Pieces container={container} />
      </td>
      <td class="containers-links">
        <a class="icon-button" href={href('live', { query: onlyOf(name) })} title={`Live lines of ${name}`}>
          <Icon name="live" />
          <span class="unseen">Live lines of {name}</span>
        </a>
        <a
          class="icon-button"
          href={href('search', { query: onlyOf(name) })}
          title={`Search the lines of ${name}`}
        >
          <Icon name="search" />
          <span class="unseen">Search the lines of {name}</span>
        </a>
      </td>
    </tr>
  );
}

function onlyOf(name: string): string {
  return withLabels('', 'container', [name]);
}

function Transport({ container: { transport, transportWhy, why } }: { readonly container: Container }) {
  if (transport === 'none')
    return (
      <Tooltip text={why || 'Its lines are not read.'}>
        <Chip tone="warn">not read</Chip>
      </Tooltip>
    );
  const words = transport === 'file' ? 'file' : transport === 'api' ? 'API' : transport;
  return transportWhy === '' ? (
    <Chip>{words}</Chip>
  ) : (
    <Tooltip text={transportWhy}>
      <Chip>{words}</Chip>
    </Tooltip>
  );
}

function Gaps({ container: { name, gaps } }: { readonly container: Container }) {
  if (gaps === 0) return <Figure value={0} />;
  return (
    <a
      class="bad"
      href={href('containers', { gaps: name })}
      aria-label={`${counted(gaps, 'gap')} of ${name}`}
    >
      {count(gaps)}
    </a>
  );
}

function Pieces({ container: { partial, cut } }: { readonly container: Container }) {
  if (partial === null && cut === null) return <Unknown />;
  if (!partial && !cut) return <Figure value={0} />;
  return (
    <>
      {!!partial && `${count(partial)} partial`}
      {!!partial && !!cut && ', '}
      {!!cut && <span class="warn">{count(cut)} cut</span>}
    </>
  );
}

/** Zeros are there, and do not ask for attention. */
function Figure({ value, tone = '' }: { readonly value: number | null; readonly tone?: string }) {
  if (value === null) return <Unknown />;
  return <span class={value === 0 ? 'quiet' : tone}>{count(value)}</span>;
}

function Unknown({ what = 'not known' }: { readonly what?: string }) {
  return (
    <span class="quiet" title={what}>
      –<span class="unseen"> {what}</span>
    </span>
  );
}
