/** The time range: quick ones, two moments as people type them, and steps to earlier, later and wider. */
import { useSignal } from '@preact/signals';
import { zone } from '../lib/prefs.js';
import { Button, IconButton } from '../parts/button.js';
import { Choice } from '../parts/choice.js';
import { Icon } from '../parts/icon.js';
import { Popover } from '../parts/popover.js';
import { readMoment, typedForm } from './instant.js';
import { describeRange, moved, QUICK_RANGES, spanOf, type TimeRange, zoomedOut } from './range.js';
import './time-range.css';

interface PickerProps {
  readonly value: TimeRange;
  readonly onChange: (range: TimeRange) => void;
}

export function TimeRangePicker({ value, onChange }: PickerProps) {
  const now = Date.now();
  const span = spanOf(value, now) ?? { from: now - 1, to: now };
  const words = describeRange(value, zone.value, now);
  return (
    <div class="time-range">
      <IconButton icon="fold" label="Earlier by half" onClick={() => onChange(moved(span, -1, now))} />
      <Popover
        name={`Time range: ${words}`}
        class="time-range-popover"
        align="end"
        label={
          <>
            <Icon name="clock" />
            <span class="time-range-words">{words}</span>
          </>
        }
      >
        {(close) => (
          <Ranges
            value={value}
            onChange={(range) => {
              close();
              onChange(range);
            }}
          />
        )}
      </Popover>
      <IconButton
        icon="unfold"
        label="Later by half"
        disabled={span.to >= now}
        onClick={() => onChange(moved(span, 1, now))}
      />
      <IconButton icon="zoom-out" label="Twice as long" onClick={() => onChange(zoomedOut(span, now))} />
    </div>
  );
}

function Ranges({ value, onChange }: PickerProps) {
  return (
    <div class="time-range-body">
      <ul class="time-range-quick" aria-label="Quick ranges">
        {QUICK_RANGES.map(({ from, label }) => (
          <li key={from}>
            <button
              type="button"
              aria-pressed={value.to === 'now' && value.from === from}
              onClick={() => onChange({ from, to: 'now' })}
            >
              {label}
            </button>
          </li>
        ))}
      </ul>
      <ExactRange value={value} onChange={onChange} />
    </div>
  );
}

function ExactRange({ value, onChange }: PickerProps) {
  const from = useSignal(typedForm(value.from, zone.value));
  const to = useSignal(typedForm(value.to, zone.value));
  const isTried = useSignal(false);
  const read = {
    from: readMoment(from.value, zone.value, Date.now()),
    to: readMoment(to.value, zone.value, Date.now()),
  };
  const isEmpty =
    read.from !== null && read.to !== null && spanOf({ from: read.from, to: read.to }, Date.now()) === null;
  const submit = (): void => {
    isTried.value = true;
    if (read.from !== null && read.to !== null && !isEmpty) onChange({ from: read.from, to: read.to });
  };
  const changeZone = (next: 'local' | 'utc'): void => {
    // The moments stay; only how they are written changes.
    if (read.from !== null) from.value = typedForm(read.from, next);
    if (read.to !== null) to.value = typedForm(read.to, next);
    zone.value = next;
  };
  return (
    <form
      class="time-range-exact"
      onSubmit={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target instanceof HTMLInputElement) submit();
      }}
    >
      <Moment label="From" text={from} isWrong={read.from === null} />
      <Moment label="To" text={to} isWrong={read.to === null} />
      {isTried.value && isEmpty && (
        <p class="bad" role="alert">
          “From” is not earlier than “to”.
        </p>
      )}
      <p class="quiet">
        For example <code>2026-11-22 13:00</code>, <code>13:00:05</code>, <code>90m</code>, <code>2d</code>,{' '}
        <code>now</code>
      </p>
      <div class="time-range-end">
        <Choice
          label="Time zone"
          value={zone.value}
          options={[
            ['local', 'Local'],
            ['utc', 'UTC'],
          ]}
          onChange={changeZone}
        />
        <Button kind="primary" onClick={submit}>
          Apply
        </Button>
      </div>
    </form>
  );
}

function Moment({
  label,
  text,
  isWrong,
}: {
  readonly label: string;
  readonly text: { value: string };
  readonly isWrong: boolean;
}) {
  return (
    <label class="time-range-moment">
      <span>{label}</span>
      <input
        class="input"
        type="text"
        autocomplete="off"
        spellcheck={false}
        enterkeyhint="go"
        value={text.value}
        aria-invalid={isWrong}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      {isWrong && (
        <span class="bad" role="alert">
          This is no time that is understood.
        </span>
      )}
    </label>
  );
}
