import type { ComponentChildren } from 'preact';

interface ChoiceProps<T extends string> {
  /** What is chosen here, for readers of the screen. */
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, words: ComponentChildren])[];
  readonly onChange: (value: T) => void;
}

/** One of a few, side by side. */
export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([option, words]) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChange(option)}>
          {words}
        </button>
      ))}
    </div>
  );
}

/** One of many. */
export function Select<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <select
      class="select"
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value as T)}
    >
      {options.map(([option, words]) => (
        <option key={option} value={option}>
          {words}
        </option>
      ))}
    </select>
  );
}
