import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.js';

interface ButtonProps {
  readonly onClick: (event: MouseEvent) => void;
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly icon?: IconName;
  readonly disabled?: boolean;
  /** Of a button that stays down. */
  readonly pressed?: boolean;
  readonly title?: string;
  readonly children: ComponentChildren;
}

export function Button({ onClick, kind = 'plain', icon, disabled, pressed, title, children }: ButtonProps) {
  return (
    <button
      type="button"
      class={`button button-${kind}`}
      disabled={disabled}
      aria-pressed={pressed}
      title={title}
      onClick={onClick}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

interface IconButtonProps {
  readonly icon: IconName;
  /** What it does; shown on hover. */
  readonly label: string;
  readonly onClick: (event: MouseEvent) => void;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
}

export function IconButton({ icon, label, onClick, pressed, disabled }: IconButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      aria-pressed={pressed}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
