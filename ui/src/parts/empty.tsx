import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.js';

interface EmptyProps {
  readonly icon?: IconName;
  /** What there is not, or what happened: one sentence. */
  readonly title: string;
  /** What to do next. */
  readonly children?: ComponentChildren;
}

/** Stands where there is nothing to show. */
export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div class="empty">
      {icon && <Icon name={icon} />}
      <p class="empty-title">{title}</p>
      {children && <div class="empty-more">{children}</div>}
    </div>
  );
}
