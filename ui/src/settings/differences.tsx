/** What would be different with another configuration. */
import type { ConfigDifference } from '../../../src/config/shape.js';
import { counted } from '../lib/format.js';

export function Differences({ differs }: { readonly differs: readonly ConfigDifference[] }) {
  if (differs.length === 0) return null;
  return (
    <section aria-label="Differences">
      <h3>{counted(differs.length, 'key')} would be different</h3>
      <table class="table" aria-label="Differences">
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Now</th>
            <th scope="col">Then</th>
          </tr>
        </thead>
        <tbody>
          {differs.map(({ key, now, then }) => (
            <tr key={key}>
              <td data-title="Key">
                <code>{key}</code>
              </td>
              <td data-title="Now">
                <Value value={now} />
              </td>
              <td data-title="Then">
                <Value value={then} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Value({ value }: { readonly value: unknown }) {
  if (value === null || value === undefined) return <span class="quiet">not there</span>;
  return <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>;
}
