/** Lines that were refused together, with the server's words and their labels. */
import { useSignal } from '@preact/signals';
import { readAnsi } from '../lib/ansi.js';
import { ago, counted } from '../lib/format.js';
import { zone } from '../lib/prefs.js';
import { href } from '../lib/router.js';
import { clockText, dayText, millisOf, wholeText } from '../lib/time.js';
import { Chip } from '../parts/chip.js';
import { CopyButton } from '../parts/copy-button.js';
import type { Letter, Refusal } from './letters.js';
import { LineText } from './line-text.js';

interface RefusalItemProps {
  readonly refusal: Refusal;
  /** There are more of them, which are not loaded yet. */
  readonly isPartial: boolean;
  readonly isSelected: boolean;
  readonly onToggle: () => void;
}

const FIRST = 5;

export function RefusalItem({ refusal, isPartial, isSelected, onToggle }: RefusalItemProps) {
  const showsAll = useSignal(false);
  const { sink, reason, rejected, letters } = refusal;
  const [{ said, attempts, tenant }] = letters;
  const shown = showsAll.value ? letters : letters.slice(0, FIRST);
  return (
    <li class={isSelected ? 'letters-refusal letters-selected' : 'letters-refusal'}>
      <div class="letters-facts">
        <label>
          <input type="checkbox" checked={isSelected} onChange={onToggle} />
          <strong>
            {isPartial && 'at least '}
            {counted(letters.length, 'line')}
          </strong>
        </label>
        <Chip tone="bad">{reason}</Chip>
        <Chip>{sink}</Chip>
        {tenant !== undefined && tenant !== '' && <Chip>tenant {readAnsi(tenant).text}</Chip>}
        <span class="quiet">
          refused <time title={wholeText(rejected, zone.value)}>{ago(millisOf(rejected))}</time>
          {attempts > 1 && `, ${attempts} times by now`}
        </span>
      </div>
      {said !== '' && <Said words={said} />}
      <ol class="letters-lines">
        {shown.map((letter) => (
          <LetterRow key={letter.id} letter={letter} />
        ))}
      </ol>
      {letters.length > FIRST && (
        <button
          type="button"
          class="text-button"
          aria-expanded={showsAll.value}
          onClick={() => (showsAll.value = !showsAll.value)}
        >
          {showsAll.value
            ? 'Show fewer'
            : `Show ${counted(letters.length - FIRST, 'more line', 'more lines')}`}
        </button>
      )}
    </li>
  );
}

/** The server's words: one line, and all of it when pressed. */
function Said({ words }: { readonly words: string }) {
  const isOpen = useSignal(false);
  return (
    <button
      type="button"
      class={isOpen.value ? 'letters-said letters-said-open' : 'letters-said'}
      aria-expanded={isOpen.value}
      onClick={() => (isOpen.value = !isOpen.value)}
    >
      <span class="quiet">The server said:</span> {readAnsi(words).text}
    </button>
  );
}

function LetterRow({ letter }: { readonly letter: Letter }) {
  const isOpen = useSignal(false);
  const { id, time, labels, line } = letter;
  const { container } = labels;
  return (
    <li>
      <button
        type="button"
        class="letters-line"
        aria-expanded={isOpen.value}
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        <time class="quiet" title={wholeText(time, zone.value)}>
          {dayText(time, zone.value)} {clockText(time, zone.value).slice(0, 8)}
        </time>
        {container !== undefined && <span class="letters-container">{readAnsi(container).text}</span>}
        <span class="letters-text">{readAnsi(line.slice(0, 300)).text}</span>
      </button>
      {isOpen.value && (
        <div class="letters-open">
          <LineText line={line} />
          <dl>
            {Object.entries(labels).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{readAnsi(value).text}</dd>
              </div>
            ))}
            {Object.entries(letter.fields ?? {}).map(([name, value]) => (
              <div key={`field ${name}`}>
                <dt>field {readAnsi(name).text}</dt>
                <dd>{readAnsi(value).text}</dd>
              </div>
            ))}
          </dl>
          <p class="letters-links">
            <span class="quiet">
              Letter <code>{id}</code>
              {letter.base64 !== undefined && ', not UTF-8: what could not be read is shown as �'}
            </span>
            <CopyButton text={() => line}>Copy the line</CopyButton>
            {container !== undefined && (
              <a href={href('line', { container, time, stream: labels['stream'] ?? '' })}>
                Its surroundings in the history
              </a>
            )}
          </p>
        </div>
      )}
    </li>
  );
}
