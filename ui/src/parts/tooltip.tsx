import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** More words on something, on hover and on focus. */
export function Tooltip({ text, children }: { readonly text: string; readonly children: ComponentChildren }) {
  const id = useId();
  return (
    <span class="tooltip" tabIndex={0} aria-describedby={id}>
      {children}
      <span class="tooltip-text" role="tooltip" id={id}>
        {text}
      </span>
    </span>
  );
}
