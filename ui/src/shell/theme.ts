/** The theme that was chosen, on the document; `system` leaves it to the system. */
import { effect } from '@preact/signals';
import { theme } from '../lib/prefs.js';

export function followTheme(): () => void {
  return effect(() => {
    if (theme.value === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme.value;
  });
}
