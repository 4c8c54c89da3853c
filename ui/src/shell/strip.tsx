import { computed } from '@preact/signals';
import { counted } from '../lib/format.js';
import { theme } from '../lib/prefs.js';
import { href, route } from '../lib/router.js';
import { IconButton } from '../parts/button.js';
import { Popover } from '../parts/popover.js';
import { StateDot } from '../parts/state-dot.js';
import { type Health, health, reasonsOf } from './health.js';
import { PAGES } from './pages.js';

const THEMES = ['system', 'light', 'dark'] as const;
const THEME_ICONS = { system: 'theme-system', light: 'sun', dark: 'moon' } as const;

const title = computed(() => PAGES.find(({ name }) => name === route.value.page)?.title ?? '');

/** The page's title, how the agent is, which build it is, and the theme. */
export function Strip({ onHelp }: { readonly onHelp: () => void }) {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
  return (
    <header class="strip">
      <h1>{title}</h1>
      <HealthNote />
      <IconButton icon="keyboard" label="Keyboard shortcuts" onClick={onHelp} />
      <IconButton
        icon={THEME_ICONS[theme.value]}
        label={`Theme: ${theme.value}. Change to ${next}`}
        onClick={() => (theme.value = next)}
      />
    </header>
  );
}

function HealthNote() {
  const { value } = health;
  if (!value) return <span class="strip-health" />;
  const reasons = reasonsOf(value);
  return (
    <Popover
      class="strip-health"
      align="end"
      label={
        <>
          <StateDot state={value.status} />
          <span class="unseen">Health: </span>
          <span class="strip-words">{wordsOf(value, reasons.length)}</span>
        </>
      }
    >
      <div class="strip-reasons">
        {value.status === 'lost' && (
          <p>The agent does not answer. This page tries again every few seconds.</p>
        )}
        {Object.entries(value.components).map(([name, { state, reason }]) => (
          <div key={name} class="strip-reason">
            <StateDot state={state} />
            <strong>{name}</strong>
            <span class="quiet">{reason || state}</span>
          </div>
        ))}
        {value.build && (
          <p class="strip-build quiet">
            Version {value.build.version}, build <code>{value.build.digest.slice(0, 12)}</code>
            {' · '}
            <a href={href('resources')}>resources</a>
          </p>
        )}
      </div>
    </Popover>
  );
}

function wordsOf(value: Health, unwell: number): string {
  const { status } = value;
  if (status === 'lost') return 'No answer';
  if (unwell === 0) return 'Healthy';
  if (unwell > 1) return `${counted(unwell, 'component')} not well`;
  const [{ name, state, reason }] = reasonsOf(value);
  return `${name}: ${reason || state}`;
}
