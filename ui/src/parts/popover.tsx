import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Icon } from './icon.js';

interface PopoverProps {
  /** What is on the button. */
  readonly label: ComponentChildren;
  /** What the button and what it opens are called, with the words that are on it; else those alone. */
  readonly name?: string;
  readonly class?: string;
  /** On which side of the button it begins. */
  readonly align?: 'start' | 'end';
  /** May close it by what it is given. */
  readonly children: ComponentChildren | ((close: () => void) => ComponentChildren);
}

/** A button that opens something below it: until a press elsewhere, or Escape. */
export function Popover({ label, name, class: className = '', align = 'start', children }: PopoverProps) {
  const id = useId();
  const isOpen = useSignal(false);
  const root = useRef<HTMLDivElement>(null);
  const close = (): void => {
    isOpen.value = false;
  };
  useEffect(() => {
    if (!isOpen.value) return undefined;
    const onPress = (event: PointerEvent): void => {
      if (!root.current?.contains(event.target as Node)) close();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      close();
      root.current?.querySelector('button')?.focus();
    };
    document.addEventListener('pointerdown', onPress, true);
    document.addEventListener('keydown', onKey, true);
    return () => {
      document.removeEventListener('pointerdown', onPress, true);
      document.removeEventListener('keydown', onKey, true);
    };
  }, [isOpen.value]);
  return (
    <div class={`popover ${className}`} ref={root}>
      <button
        type="button"
        id={id}
        class="popover-button"
        aria-expanded={isOpen.value}
        aria-haspopup="dialog"
        aria-label={name}
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        {label}
        <Icon name="down" />
      </button>
      {isOpen.value && (
        <div class={`popover-body popover-${align}`} role="dialog" aria-labelledby={id}>
          {typeof children === 'function' ? children(close) : children}
        </div>
      )}
    </div>
  );
}
