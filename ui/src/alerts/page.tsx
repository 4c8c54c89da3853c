/** Alerts on lines: how each is, whether its messages arrive, and a form for new ones. */

import { useSignal } from '@preact/signals';
import type { AlertView as Alert } from '../../../src/alerts/shape.js';
import { type ApiError, send } from '../lib/api.js';
import { useShortcuts } from '../lib/keyboard.js';
import { navigate, route } from '../lib/router.js';
import { usePoll } from '../lib/use-poll.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { Empty } from '../parts/empty.js';
import { NotYet } from '../parts/not-yet.js';
import { ErrorNotice } from '../parts/notice.js';
import { AlertCard } from './alert-card.js';
import { AlertForm } from './alert-form.js';
import './page.css';

const PATH = 'api/v1/alerts';
const EVERY_MS = 5_000;

export default function Page() {
  const { state, again } = usePoll<{ readonly alerts: readonly Alert[] }>(PATH, EVERY_MS);
  const leaving = useSignal<Alert | undefined>(undefined);
  const failed = useSignal<ApiError | undefined>(undefined);
  useShortcuts([{ keys: ['n'], what: 'Make a new alert', run: () => navigate('alerts', { edit: 'new' }) }]);
  const { value, error } = state.value;
  if (!value) return <NotYet error={error} onRetry={again} />;
  const { alerts } = value;
  const edit = route.value.params.get('edit') ?? '';
  const query = route.value.params.get('query') ?? '';
  const edited = alerts.find(({ id, origin }) => id === edit && origin === 'page');
  const close = (): void => navigate('alerts');
  const remove = async ({ id }: Alert): Promise<void> => {
    leaving.value = undefined;
    try {
      await send('DELETE', `${PATH}/${encodeURIComponent(id)}`);
      failed.value = undefined;
    } catch (thrown) {
      failed.value = thrown as ApiError;
    }
    again();
  };
  const isNew = edit === 'new';
  if (alerts.length === 0 && !isNew && !error && !failed.value) return <NoAlerts />;
  return (
    <div class="page alerts">
      {error && <ErrorNotice error={error} onRetry={again} />}
      {failed.value && <ErrorNotice error={failed.value} />}
      {isNew || edited ? (
        <AlertForm
          key={edit}
          before={edited}
          query={query}
          onClose={close}
          onSaved={() => {
            close();
            again();
          }}
        />
      ) : (
        alerts.length > 0 && (
          <div class="alerts-bar">
            <p class="quiet">When a search finds enough lines within a time, a message goes to a webhook.</p>
            <Button kind="primary" icon="plus" onClick={() => navigate('alerts', { edit: 'new' })}>
              New alert
            </Button>
          </div>
        )
      )}
      {alerts.length > 0 && (
        <ul class="alerts-list" aria-label="Alerts">
          {alerts.map((alert) => (
            <AlertCard
              key={alert.id}
              alert={alert}
              onDelete={() => (leaving.value = alert)}
              onChanged={again}
            />
          ))}
        </ul>
      )}
      {leaving.value && (
        <DeleteDialog alert={leaving.value} onConfirm={remove} onClose={() => (leaving.value = undefined)} />
      )}
    </div>
  );
}

function NoAlerts() {
  return (
    <Empty icon="alerts" title="No alert is set.">
      <p>
        An alert is a search that watches the lines as they come: “more than 10 errors of payments within 5
        minutes”. Its message goes to Slack, Discord, ntfy or any address that takes JSON.
      </p>
      <p class="alerts-first">
        <Button kind="primary" icon="plus" onClick={() => navigate('alerts', { edit: 'new' })}>
          New alert
        </Button>
      </p>
    </Empty>
  );
}

interface DeleteDialogProps {
  readonly alert: Alert;
  readonly onConfirm: (alert: Alert) => Promise<void>;
  readonly onClose: () => void;
}

function DeleteDialog({ alert, onConfirm, onClose }: DeleteDialogProps) {
  return (
    <Dialog
      title="Delete alert"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" onClick={() => void onConfirm(alert)}>
            Delete
          </Button>
        </>
      }
    >
      <p>
        <strong>{alert.name}</strong> will watch no more, and its webhook's address is forgotten.
      </p>
    </Dialog>
  );
}
