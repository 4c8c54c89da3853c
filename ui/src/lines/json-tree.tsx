import { useSignal } from '@preact/signals';
import { readAnsi } from '../lib/ansi.js';
import { count } from '../lib/format.js';
import { entriesOf, isTree, type Json, summaryOf } from './json.js';

interface JsonTreeProps {
  readonly value: Json;
  /** What a press on a value does; without it values are only shown. */
  readonly onValue?: ((text: string) => void) | undefined;
}

const OPEN_LEVELS = 2;
const STEP = 100;

/** An object or a list; what is further down opens on a press. */
export function JsonTree(props: JsonTreeProps) {
  return (
    <div class="json">
      <Entries {...props} depth={1} />
    </div>
  );
}

function Entries({ value, onValue, depth }: JsonTreeProps & { readonly depth: number }) {
  const shown = useSignal(STEP);
  const entries = entriesOf(value);
  return (
    <ul>
      {entries.slice(0, shown.value).map(([name, child]) => (
        <li key={name}>
          <Entry name={name} value={child} onValue={onValue} depth={depth} />
        </li>
      ))}
      {entries.length > shown.value && (
        <li>
          <button type="button" class="text-button" onClick={() => (shown.value += STEP * 10)}>
            … {count(entries.length - shown.value)} more
          </button>
        </li>
      )}
    </ul>
  );
}

function Entry({
  name,
  value,
  onValue,
  depth,
}: JsonTreeProps & { readonly name: string; readonly depth: number }) {
  const isOpen = useSignal(depth < OPEN_LEVELS);
  if (!isTree(value)) {
    const text = readAnsi(typeof value === 'string' ? value : JSON.stringify(value)).text;
    return (
      <>
        <span class="json-name">{readAnsi(name).text}</span>
        {onValue ? (
          <button
            type="button"
            class={`json-value json-${kindOf(value)}`}
            title="Look for this value"
            onClick={() => onValue(String(value))}
          >
            {text}
          </button>
        ) : (
          <span class={`json-value json-${kindOf(value)}`}>{text}</span>
        )}
      </>
    );
  }
  return (
    <>
      <button
        type="button"
        class="json-name json-fold"
        aria-expanded={isOpen.value}
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        {readAnsi(name).text}
      </button>
      {isOpen.value ? (
        <Entries value={value} onValue={onValue} depth={depth + 1} />
      ) : (
        <span class="quiet">{summaryOf(value)}</span>
      )}
    </>
  );
}

function kindOf(value: Json): string {
  return value === null ? 'null' : typeof value;
}
