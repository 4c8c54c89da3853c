/** Shortcuts of one key. Pages register theirs while they are shown; the help overlay lists what is registered. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export interface Shortcut {
  /** As KeyboardEvent.key says them; all do the same. */
  readonly keys: readonly string[];
  /** What it does, for the help: begins with a verb. */
  readonly what: string;
  run(event: KeyboardEvent): void;
}

/** The ones registered last come first. */
export const shortcuts = signal<readonly Shortcut[]>([]);

/** For as long as the component is there. `list` should be the same between renderings, or be cheap. */
export function useShortcuts(list: readonly Shortcut[], inputs: readonly unknown[] = []): void {
  useEffect(() => addShortcuts(list), inputs);
}

/** Returns what takes them away. */
export function addShortcuts(list: readonly Shortcut[]): () => void {
  shortcuts.value = [...list, ...shortcuts.value];
  return () => {
    shortcuts.value = shortcuts.value.filter((one) => !list.includes(one));
  };
}

/** Follows the keyboard. Called once, by the shell. */
export function followKeyboard(): () => void {
  const follow = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTakenBy(event.target, event.key)) return;
    const shortcut = shortcuts.value.find(({ keys }) => keys.includes(event.key));
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run(event);
  };
  addEventListener('keydown', follow);
  return () => removeEventListener('keydown', follow);
}

/** Whoever types, chooses or presses a button means that, and no shortcut; so does an open dialog. */
function isTakenBy(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  if (document.querySelector('dialog[open]') !== null) return true;
  if (target.closest('input, textarea, select, [contenteditable], [role=option]')) return true;
  return (key === ' ' || key === 'Enter') && target.closest('button, a, summary, [role=button]') !== null;
}
