/** The field for a query: completion of labels and stages, and what the agent found wrong under the very character. */
import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useShortcuts } from '../lib/keyboard.js';
import { IconButton } from '../parts/button.js';
import { Icon } from '../parts/icon.js';
import { type Completion, complete } from './completion.js';
import { historyLabels, refreshLabels, useHistoryLabels } from './labels.js';
import './query.css';

export interface QueryError {
  readonly message: string;
  readonly remedy?: string | undefined;
  /** The character that is wrong, counted from 1. */
  readonly at?: number | undefined;
}

interface QueryBarProps {
  /** The query in force. What is typed becomes it with Enter, or when the field is left; Escape takes it back. */
  readonly value: string;
  readonly onSubmit: (query: string) => void;
  /** What the agent says of `value`. */
  readonly error?: QueryError | null | undefined;
  readonly placeholder?: string;
}

const PLACEHOLDER = 'Text, or {container="web"} |= "timeout" | level="error"';

export function QueryBar({ value, onSubmit, error, placeholder = PLACEHOLDER }: QueryBarProps) {
  useHistoryLabels();
  const draft = useSignal(value);
  const completion = useSignal<Completion | null>(null);
  const chosen = useSignal(-1);
  const scrolled = useSignal(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => {
    draft.value = value;
  }, [value]);
  useShortcuts([{ keys: ['/'], what: 'Type a query', run: () => input.current?.select() }]);

  const close = (): void => {
    completion.value = null;
    chosen.value = -1;
  };
  const suggest = (): void => {
    const { current } = input;
    const cursor = current?.selectionStart ?? 0;
    chosen.value = -1;
    completion.value = current && complete(current.value, cursor, historyLabels.value?.labels ?? {});
  };
  const take = (index: number): void => {
    const { value: offered } = completion;
    const { current } = input;
    if (!offered || !current) return;
    const { insert } = offered.suggestions[index];
    const text = draft.value.slice(0, offered.from) + insert + draft.value.slice(offered.to);
    const cursor = offered.from + insert.length;
    draft.value = text;
    current.value = text;
    current.focus();
    current.setSelectionRange(cursor, cursor);
    suggest();
  };
  const submit = (): void => {
    close();
    onSubmit(draft.value.trim());
  };
  /** As if nothing had been typed. */
  const leave = (): void => {
    draft.value = value;
    input.current?.blur();
  };
  /** Whoever goes on elsewhere means what was typed; a window that another one covers is not left. */
  const onBlur = (): void => {
    close();
    if (draft.value.trim() !== value && document.activeElement !== input.current) submit();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const count = completion.value?.suggestions.length ?? 0;
    if (event.key === 'Escape') {
      if (count > 0) close();
      else leave();
    } else if (event.key === 'ArrowDown' && count === 0) {
      suggest();
    } else if (event.key === 'ArrowDown') {
      chosen.value = (chosen.value + 1) % count;
    } else if (event.key === 'ArrowUp' && count > 0) {
      chosen.value = (Math.max(chosen.value, 0) + count - 1) % count;
    } else if (event.key === 'Enter' && chosen.value >= 0) {
      take(chosen.value);
    } else if (event.key === 'Tab' && !event.shiftKey && count > 0 && draft.value !== '') {
      take(Math.max(chosen.value, 0));
    } else if (event.key === 'Enter') {
      submit();
      return;
    } else {
      return;
    }
    event.preventDefault();
  };

  const { value: offered } = completion;
  const isChanged = draft.value.trim() !== value;
  const shownError = isChanged ? null : error;
  return (
    <div class="query-bar" role="search">
      <div class="query-field" data-wrong={shownError ? '' : undefined}>
        <Icon name="search" />
        <input
          ref={input}
          class="query-input"
          type="text"
          role="combobox"
          aria-label="Query"
          aria-expanded={offered !== null}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={chosen.value >= 0 ? `${id}-${chosen.value}` : undefined}
          aria-invalid={shownError ? true : undefined}
          aria-describedby={shownError ? `${id}-error` : undefined}
          autocomplete="off"
          autocapitalize="off"
          autocorrect="off"
          spellcheck={false}
          enterkeyhint="search"
          placeholder={placeholder}
          value={draft.value}
          onInput={(event) => {
            draft.value = event.currentTarget.value;
            suggest();
          }}
          onFocus={() => void refreshLabels()}
          onClick={suggest}
          onBlur={onBlur}
          onScroll={(event) => (scrolled.value = event.currentTarget.scrollLeft)}
          onKeyDown={onKeyDown}
        />
        {isChanged && <kbd class="query-enter">Enter</kbd>}
        {draft.value !== '' && (
          <span onMouseDown={(event) => event.preventDefault()}>
            <IconButton
              icon="close"
              label="Clear the query"
              onClick={() => {
                draft.value = '';
                input.current?.focus();
                onSubmit('');
              }}
            />
          </span>
        )}
      </div>
      {shownError && (
        <div class="query-error" role="alert" id={`${id}-error`}>
          {shownError.at !== undefined && (
            <span
              class="query-caret"
              aria-hidden="true"
              style={{ left: `calc(${shownError.at - 1}ch - ${scrolled.value}px)` }}
            >
              ^
            </span>
          )}
          <span>
            {shownError.message} {shownError.remedy}
          </span>
        </div>
      )}
      {offered && (
        // The field keeps the focus: a press would take it, and close the list before the click.
        <ul
          class="query-list"
          role="listbox"
          id={`${id}-list`}
          aria-label="Suggestions"
          onMouseDown={(event) => event.preventDefault()}
        >
          {offered.suggestions.map(({ label, hint }, index) => (
            <li
              key={label}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === chosen.value}
              ref={(element) =>
                void (index === chosen.value && element?.scrollIntoView({ block: 'nearest' }))
              }
              onClick={() => take(index)}
            >
              <code>{label}</code> <span class="quiet">{hint}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
