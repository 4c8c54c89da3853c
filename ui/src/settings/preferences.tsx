/** How this browser shows things; it remembers it, and nobody else knows. */
import type { Signal } from '@preact/signals';
import { density, theme, wrap, zone } from '../lib/prefs.js';
import { Choice } from '../parts/choice.js';

export function Preferences() {
  return (
    <section class="settings-prefs" aria-label="This browser">
      <h2>This browser</h2>
      <dl>
        <Preference
          name="Theme"
          choice={theme}
          options={[
            ['system', 'As the system'],
            ['light', 'Light'],
            ['dark', 'Dark'],
          ]}
        />
        <Preference
          name="Times"
          choice={zone}
          options={[
            ['local', 'Local'],
            ['utc', 'UTC'],
          ]}
        />
        <Preference
          name="Lines"
          choice={density}
          options={[
            ['compact', 'Compact'],
            ['roomy', 'Roomy'],
          ]}
        />
        <Preference
          name="Long lines"
          choice={wrap}
          options={[
            ['on', 'Wrapped'],
            ['off', 'Cut off'],
          ]}
        />
      </dl>
    </section>
  );
}

interface PreferenceProps<T extends string> {
  readonly name: string;
  readonly choice: Signal<T>;
  readonly options: readonly (readonly [T, string])[];
}

function Preference<T extends string>({ name, choice, options }: PreferenceProps<T>) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Choice
          label={name}
          value={choice.value}
          options={options}
          onChange={(next) => (choice.value = next)}
        />
      </dd>
    </div>
  );
}
