/** Makes or changes an alert, and says beforehand how often it would have fired. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { AlertView as Alert } from '../../../src/alerts/shape.js';
import { type ApiError, send } from '../lib/api.js';
import { Button } from '../parts/button.js';
import { ErrorNotice } from '../parts/notice.js';
import { type Draft, draftOf, type Faults, judge, NEW, WEBHOOK_TYPES } from './alert.js';
import { TrialView } from './trial-view.js';

interface AlertFormProps {
  /** The alert that is changed; undefined: a new one is made. */
  readonly before: Alert | undefined;
  /** Of a new one. */
  readonly query: string;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

const PLACEHOLDERS = {
  slack: 'https://hooks.slack.com/services/…',
  discord: 'https://discord.com/api/webhooks/…',
  ntfy: 'https://ntfy.sh/your-topic',
  json: 'https://example.com/hook',
} as const;

const TYPE_NAMES = {
  slack: 'Slack',
  discord: 'Discord',
  ntfy: 'ntfy',
  json: 'JSON, to any address',
} as const;

export function AlertForm({ before, query, onSaved, onClose }: AlertFormProps) {
  const draft = useSignal<Draft>(before ? draftOf(before) : { ...NEW, query });
  const faults = useSignal<Faults>({});
  const failed = useSignal<ApiError | undefined>(undefined);
  /** What the history says of the query while it is typed. */
  const tried = useSignal<ApiError | undefined>(undefined);
  const isSaving = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  const set = (change: Partial<Draft>): void => {
    draft.value = { ...draft.value, ...change };
    // What is wrong is said after the first try, and taken back as soon as it is mended.
    const result = judge(draft.value, before);
    const now = 'faults' in result ? result.faults : {};
    faults.value = Object.fromEntries(Object.entries(faults.value).filter(([field]) => field in now));
    failed.value = undefined;
  };
  const save = async (): Promise<void> => {
    const result = judge(draft.value, before);
    if ('faults' in result) {
      faults.value = result.faults;
      const [first] = Object.keys(result.faults);
      form.current?.querySelector<HTMLElement>(`[name=${first}]`)?.focus();
      return;
    }
    isSaving.value = true;
    try {
      if (before) await send('PUT', `api/v1/alerts/${encodeURIComponent(before.id)}`, result.wanted);
      else await send('POST', 'api/v1/alerts', result.wanted);
      onSaved();
    } catch (thrown) {
      failed.value = thrown as ApiError;
    }
    isSaving.value = false;
  };
  const { value } = draft;
  const refused = [failed.value, tried.value].find((error) => error?.at !== undefined);
  const text = (
    name: 'name' | 'threshold' | 'window' | 'coolDown' | 'url',
    more: { placeholder?: string; inputMode?: 'numeric' } = {},
  ) => ({
    name,
    value: value[name],
    onInput: (event: { currentTarget: HTMLInputElement }) => set({ [name]: event.currentTarget.value }),
    class: 'input',
    autocomplete: 'off',
    ...more,
  });
  return (
    <form
      ref={form}
      class="alert-form"
      aria-label={before ? `Edit ${before.name}` : 'New alert'}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <h2>{before ? `Edit ${before.name}` : 'New alert'}</h2>
      <Field label="Name" fault={faults.value.name} isWide>
        {(field) => <input {...field} {...text('name', { placeholder: 'Payments fail' })} />}
      </Field>
      <Field
        label="Query"
        fault={refused?.message}
        at={refused?.at}
        isWide
        note="As in the search: text, or Loki's language. Empty matches every line."
      >
        {(field) => (
          <input
            {...field}
            name="query"
            class="input alert-query-input"
            value={value.query}
            placeholder={'{container="payments"} |= "declined" | level="error"'}
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            onInput={(event) => set({ query: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label="Threshold" fault={faults.value.threshold} note="Lines">
        {(field) => <input {...field} {...text('threshold', { inputMode: 'numeric' })} />}
      </Field>
      <Field label="Within" fault={faults.value.window} note="30s, 5m, 1h">
        {(field) => <input {...field} {...text('window')} />}
      </Field>
      <Field label="Then not again for" fault={faults.value.coolDown} note="The cool-down">
        {(field) => <input {...field} {...text('coolDown')} />}
      </Field>
      <div class="alert-wide">
        <TrialView draft={value} refused={tried} />
      </div>
      <Field label="Webhook" fault={undefined}>
        {(field) => (
          <select
            {...field}
            name="type"
            class="select"
            value={value.type}
            onChange={(event) => set({ type: event.currentTarget.value as Draft['type'] })}
          >
            {WEBHOOK_TYPES.map((type) => (
              <option key={type} value={type}>
                {TYPE_NAMES[type]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field
        label="Address"
        fault={faults.value.url}
        isRest
        note={
          before
            ? `Left empty it stays as it is: ${before.webhook.url}`
            : 'It is kept with the agent, and never shown again.'
        }
      >
        {(field) => (
          <input
            {...field}
            {...text('url', { placeholder: PLACEHOLDERS[value.type] })}
            type="url"
            spellcheck={false}
          />
        )}
      </Field>
      <label class="alert-wide alert-switch">
        <input
          type="checkbox"
          name="sendResolved"
          checked={value.sendResolved}
          onChange={(event) => set({ sendResolved: event.currentTarget.checked })}
        />
        Tell also when it is over
      </label>
      <label class="alert-wide alert-switch">
        <input
          type="checkbox"
          name="enabled"
          checked={value.enabled}
          onChange={(event) => set({ enabled: event.currentTarget.checked })}
        />
        Switched on
      </label>
      {failed.value && failed.value.at === undefined && (
        <div class="alert-wide">
          <ErrorNotice error={failed.value} />
        </div>
      )}
      <div class="alert-wide alert-foot">
        <button type="submit" class="button button-primary" disabled={isSaving.value}>
          {before ? 'Save' : 'Create'}
        </button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly fault: string | undefined;
  /** The character that is wrong, counted from 1. */
  readonly at?: number | undefined;
  readonly note?: string;
  /** All of the form's width, or what is left of the row. */
  readonly isWide?: boolean;
  readonly isRest?: boolean;
  readonly children: (field: {
    readonly id: string;
    readonly 'aria-invalid': boolean;
    readonly 'aria-describedby': string | undefined;
  }) => ComponentChildren;
}

function Field({ label, fault, at, note, isWide, isRest, children }: FieldProps) {
  const id = useId();
  return (
    <div class={`alert-field ${isWide ? 'alert-wide' : ''} ${isRest ? 'alert-rest' : ''}`}>
      <label for={id}>{label}</label>
      {children({
        id,
        'aria-invalid': fault !== undefined,
        'aria-describedby': (fault ?? note) === undefined ? undefined : `${id}-note`,
      })}
      {at !== undefined && (
        <pre class="alert-caret" aria-hidden="true">
          {`${' '.repeat(at - 1)}^`}
        </pre>
      )}
      {(fault ?? note) !== undefined && (
        <p
          id={`${id}-note`}
          class={fault === undefined ? 'quiet' : 'bad'}
          role={fault === undefined ? undefined : 'alert'}
        >
          {fault ?? note}
        </p>
      )}
    </div>
  );
}
