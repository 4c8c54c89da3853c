import type { ComponentChildren } from 'preact';
import { Icon } from './icon.js';

interface ChipProps {
  readonly tone?: 'plain' | 'accent' | 'good' | 'warn' | 'bad';
  /** Gives it a cross; `name` says of what. */
  readonly onRemove?: () => void;
  readonly name?: string;
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** A short fact, or a filter that can be taken away. */
export function Chip({ tone = 'plain', onRemove, name, title, children }: ChipProps) {
  return (
    <span class={`chip chip-${tone}`} title={title}>
      <span>{children}</span>
      {onRemove && (
        <button type="button" aria-label={`Remove ${name ?? ''}`.trim()} onClick={onRemove}>
          <Icon name="close" />
        </button>
      )}
    </span>
  );
}
