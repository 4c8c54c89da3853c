import { shortcuts } from '../lib/keyboard.js';
import { Dialog } from '../parts/dialog.js';

const NAMES: Readonly<Record<string, string>> = { ' ': 'Space', Escape: 'Esc', ArrowDown: '↓', ArrowUp: '↑' };

/** The shortcuts that hold now, those of the page first. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl class="help">
        {shortcuts.value.map(({ keys, what }) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{NAMES[key] ?? key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
