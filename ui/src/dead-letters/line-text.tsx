/** A line as text that does nothing, with the colours that it had on a terminal. */
import { readAnsi } from '../lib/ansi.js';
import { counted } from '../lib/format.js';
import { segmentsOf } from '../lines/segments.js';

/** Longer lines would make the page slow; copied they are whole. */
const MOST_CHARS = 20_000;

export function LineText({ line }: { readonly line: string }) {
  const { text, runs } = readAnsi(line.slice(0, MOST_CHARS));
  return (
    <pre class="letters-whole">
      {segmentsOf(text, runs, []).map(({ text, classes }, at) => (
        <span key={String(at)} class={classes}>
          {text}
        </span>
      ))}
      {line.length > MOST_CHARS && (
        <span class="quiet"> … {counted(line.length - MOST_CHARS, 'character')} more: copy the line</span>
      )}
    </pre>
  );
}
