/** One alert: how it is now, what it watches for, and what became of its messages. */
import { useSignal } from '@preact/signals';
import type { AlertView as Alert, Delivery } from '../../../src/alerts/shape.js';
import { type ApiError, send } from '../lib/api.js';
import { ago, count, counted, duration } from '../lib/format.js';
import { zone } from '../lib/prefs.js';
import { href, navigate } from '../lib/router.js';
import { millisOf, wholeText } from '../lib/time.js';
import { Button } from '../parts/button.js';
import { Chip } from '../parts/chip.js';
import { Icon } from '../parts/icon.js';
import { ErrorNotice, Notice } from '../parts/notice.js';

interface AlertCardProps {
  readonly alert: Alert;
  readonly onDelete: () => void;
  readonly onChanged: () => void;
}

const STATES = {
  ok: { tone: 'good', words: 'quiet' },
  firing: { tone: 'bad', words: 'firing' },
  cooling: { tone: 'warn', words: 'cooling down' },
} as const;

const SHOWN_DELIVERIES = 3;

export function AlertCard({ alert, onDelete, onChanged }: AlertCardProps) {
  const { id, name, query, origin, enabled, webhook, lastFired, lastResolved, deliveries } = alert;
  const tested = useSignal<Delivery | undefined>(undefined);
  const failed = useSignal<ApiError | undefined>(undefined);
  const isTesting = useSignal(false);
  const state = enabled ? STATES[alert.state] : ({ tone: 'plain', words: 'switched off' } as const);
  const test = async (): Promise<void> => {
    tested.value = undefined;
    failed.value = undefined;
    isTesting.value = true;
    try {
      tested.value = await send<Delivery>('POST', `api/v1/alerts/${encodeURIComponent(id)}/test`);
    } catch (thrown) {
      failed.value = thrown as ApiError;
    }
    isTesting.value = false;
    onChanged();
  };
  return (
    <li class="alert-card" aria-label={name}>
      <div class="alert-head">
        <h2>{name}</h2>
        <Chip tone={state.tone}>{state.words}</Chip>
        {origin === 'config' && (
          <Chip title="It is in the configuration file, and changed there.">from the file</Chip>
        )}
        <span class="alert-deeds">
          <Button kind="quiet" disabled={isTesting.value} onClick={() => void test()}>
            {isTesting.value ? 'Sending…' : 'Test'}
          </Button>
          {origin === 'page' && (
            <>
              <Button kind="quiet" icon="edit" onClick={() => navigate('alerts', { edit: id })}>
                Edit
              </Button>
              <Button kind="quiet" icon="trash" onClick={onDelete}>
                Delete
              </Button>
            </>
          )}
        </span>
      </div>
      <p class="alert-query">
        <a href={href('search', { query })} title="Search for it">
          <code>{query === '' ? 'every line' : query}</code>
        </a>
      </p>
      {alert.trouble !== null && <Notice tone="warn">{alert.trouble}</Notice>}
      <Meter alert={alert} />
      <p class="quiet">
        to {webhook.type} <code>{webhook.url}</code>, at most once in {duration(alert.coolDownSeconds)}
        {lastFired === null ? ', never fired' : <Fired time={lastFired} over={lastResolved} />}
      </p>
      <div aria-live="polite" class="alert-told">
        {failed.value && <ErrorNotice error={failed.value} />}
        {tested.value && <TestResult delivery={tested.value} />}
      </div>
      {deliveries.length > 0 && <Deliveries deliveries={deliveries} />}
    </li>
  );
}

function Fired({ time, over }: { readonly time: string; readonly over: string | null }) {
  return (
    <>
      , fired <Moment time={time} />
      {over !== null && (
        <>
          , over since <Moment time={over} />
        </>
      )}
    </>
  );
}

function Moment({ time }: { readonly time: string }) {
  return <time title={wholeText(time, zone.value)}>{ago(millisOf(time))}</time>;
}

/** How near the window's count is to the threshold. */
function Meter({ alert: { matches, threshold, windowSeconds, enabled } }: { readonly alert: Alert }) {
  const part = Math.min(1, matches / threshold);
  return (
    <div class="alert-meter">
      <span class={part >= 1 ? 'alert-bar alert-full' : 'alert-bar'} aria-hidden="true">
        <span style={{ width: `${100 * part}%` }} />
      </span>
      <span class={enabled ? '' : 'quiet'}>
        <strong>{counted(matches, 'line')}</strong> in the last {duration(windowSeconds)}, fires at{' '}
        {count(threshold)}
      </span>
    </div>
  );
}

function TestResult({ delivery }: { readonly delivery: Delivery }) {
  if (delivery.ok)
    return (
      <Notice tone="good">
        The test message was taken{delivery.status !== null && ` (${delivery.status})`}.
      </Notice>
    );
  return (
    <Notice>The test message was not taken: {delivery.error ?? `the answer was ${delivery.status}`}</Notice>
  );
}

function Deliveries({ deliveries }: { readonly deliveries: readonly Delivery[] }) {
  const showsAll = useSignal(false);
  const newest = deliveries.toSorted((a, b) => (a.time < b.time ? 1 : -1));
  return (
    <>
      <ul class="alert-deliveries" aria-label="Messages">
        {newest.slice(0, showsAll.value ? newest.length : SHOWN_DELIVERIES).map((delivery) => (
          <li key={delivery.time}>
            <span class={delivery.ok ? 'good' : 'bad'}>
              <Icon name={delivery.ok ? 'check' : 'alert'} />
            </span>
            <time class="quiet" title={wholeText(delivery.time, zone.value)}>
              {ago(millisOf(delivery.time))}
            </time>
            <span>
              {delivery.ok ? 'taken' : `not taken: ${delivery.error ?? `answered ${delivery.status}`}`}
              {delivery.attempts > 1 && (
                <span class="quiet"> after {counted(delivery.attempts, 'attempt')}</span>
              )}
            </span>
          </li>
        ))}
      </ul>
      {newest.length > SHOWN_DELIVERIES && (
        <button
          type="button"
          class="text-button"
          aria-expanded={showsAll.value}
          onClick={() => (showsAll.value = !showsAll.value)}
        >
          {showsAll.value ? 'Show fewer' : `Show the last ${newest.length}`}
        </button>
      )}
    </>
  );
}
