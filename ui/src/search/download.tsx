/** All that a search finds, as a file. */
import { apiUrl } from '../lib/api.js';
import { Icon } from '../parts/icon.js';
import { Popover } from '../parts/popover.js';
import type { TimeRange } from '../time-range/range.js';

const FORMATS = [
  ['text', 'Text', 'time, container, output and line'],
  ['jsonl', 'JSON lines', 'with level and all labels'],
] as const;

export function Download({ query, range }: { readonly query: string; readonly range: TimeRange }) {
  return (
    <Popover
      name="Download"
      class="search-download-button"
      align="end"
      label={
        <>
          <Icon name="download" />
          <span class="search-wide">Download</span>
        </>
      }
    >
      {(close) => (
        <div class="search-download">
          {FORMATS.map(([format, name, what]) => (
            <a
              key={format}
              href={apiUrl('api/v1/search/download', { query, from: range.from, to: range.to, format })}
              download
              onClick={close}
            >
              <b>{name}</b>
              <span class="quiet">{what}</span>
            </a>
          ))}
          <p class="quiet">Every line that is found, not only those that are shown; oldest first.</p>
        </div>
      )}
    </Popover>
  );
}
