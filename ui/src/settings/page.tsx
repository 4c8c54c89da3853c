/** The configuration that is in force, a place to try another one, and the choices of this browser. */
import { navigate, route } from '../lib/router.js';
import { usePoll } from '../lib/use-poll.js';
import { Choice } from '../parts/choice.js';
import { CopyButton } from '../parts/copy-button.js';
import { ErrorNotice } from '../parts/notice.js';
import { Skeleton } from '../parts/skeleton.js';
import { CheckView } from './check-view.js';
import { Preferences } from './preferences.js';
import './page.css';

/** It changes with a restart only. */
const EVERY_MS = 60_000;
const VIEWS = [
  ['now', 'In force'],
  ['check', 'Check a change'],
] as const;

interface Config {
  /** Null where the agent was started without one. */
  readonly file: string | null;
  /** With every default, secrets hidden. */
  readonly yaml: string;
}

export default function Page() {
  const { state, again } = usePoll<Config>('api/v1/config', EVERY_MS);
  const { value, error } = state.value;
  const view = route.value.params.get('view') === 'check' ? 'check' : 'now';
  return (
    <div class="page settings">
      <section class="settings-config" aria-label="Configuration">
        <header>
          <h2>Configuration</h2>
          <Choice
            label="What is shown"
            value={view}
            options={VIEWS}
            onChange={(next) => navigate('settings', { view: next === 'now' ? '' : next })}
          />
        </header>
        {error && <ErrorNotice error={error} onRetry={again} />}
        {value ? (
          view === 'check' ? (
            <CheckView file={value.file} effective={value.yaml} />
          ) : (
            <InForce config={value} />
          )
        ) : (
          !error && <Skeleton />
        )}
      </section>
      <Preferences />
    </div>
  );
}

function InForce({ config: { file, yaml } }: { readonly config: Config }) {
  return (
    <>
      <p class="settings-file">
        <span class="quiet">
          {file === null ? 'No file was given: all of it is defaults, flags and the environment.' : 'From '}
          {file !== null && <code>{file}</code>}
          {file !== null && ', with defaults, flags and the environment.'} Secrets are hidden.
        </span>
        <CopyButton text={() => yaml}>Copy</CopyButton>
      </p>
      <pre class="settings-yaml" tabIndex={0} aria-label="Configuration in force">
        {yaml}
      </pre>
    </>
  );
}
