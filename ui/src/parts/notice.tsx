import type { ComponentChildren } from 'preact';
import { ApiError } from '../lib/api.js';
import { Icon } from './icon.js';

/** Something went wrong, or should be known: with what can be done about it. */
export function Notice({
  tone = 'bad',
  children,
}: {
  readonly tone?: 'bad' | 'warn' | 'good' | 'info';
  readonly children: ComponentChildren;
}) {
  return (
    <div class={`notice notice-${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={tone === 'good' ? 'check' : 'alert'} />
      <div>{children}</div>
    </div>
  );
}

/** An error of the API in its own words. */
export function ErrorNotice({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const { message } = error as Error;
  const remedy = error instanceof ApiError ? error.remedy : undefined;
  return (
    <Notice>
      <strong>{message}</strong> {remedy}{' '}
      {onRetry && (
        <button type="button" class="text-button" onClick={onRetry}>
          Try again
        </button>
      )}
    </Notice>
  );
}
