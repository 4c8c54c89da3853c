/** What a reload would do, or has done, component by component. */
import type { ChangeKind, ComponentChange } from '../../../src/config/shape.js';
import { counted } from '../lib/format.js';

const WORDS: Readonly<Record<ChangeKind, string>> = {
  added: 'begins',
  removed: 'ends',
  rebuilt: 'ends and begins anew, from where it was',
  changed: 'changes in place',
  unchanged: 'goes on as it is',
  restart: 'needs a restart of the agent',
};

export function Changes({
  changes,
  title,
}: {
  readonly changes: readonly ComponentChange[];
  readonly title: string;
}) {
  const rows = changes.filter(({ change }) => change !== 'unchanged');
  if (rows.length === 0) return null;
  const others = changes.length - rows.length;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <table class="table" aria-label={title}>
        <thead>
          <tr>
            <th scope="col">Component</th>
            <th scope="col">What happens</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ component, change, why }) => (
            <tr key={component}>
              <td data-title="Component">
                <code>{component}</code>
              </td>
              <td data-title="What happens" class={change === 'restart' ? 'settings-restart' : ''}>
                {WORDS[change]}
                {why !== '' && <span class="quiet"> ({why})</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {others > 0 && <p class="quiet">{counted(others, 'other component')} would not notice.</p>}
    </section>
  );
}
