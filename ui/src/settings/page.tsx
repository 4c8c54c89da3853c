/** The configuration that is in force, the file that it comes from, a place to try another one, and the choices of this browser. */
import { navigate, route } from '../lib/router.js';
import { usePoll } from '../lib/use-poll.js';
import { Choice } from '../parts/choice.js';
import { CopyButton } from '../parts/copy-button.js';
import { ErrorNotice } from '../parts/notice.js';
import { Skeleton } from '../parts/skeleton.js';
import { CheckView } from './check-view.js';
import { Preferences } from './preferences.js';
import { ReloadView } from './reload-view.js';
import './page.css';

const EVERY_MS = 10_000;
const VIEWS = [
  ['now', 'In force'],
  ['file', 'The file'],
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
  const asked = route.value.params.get('view');
  const view = VIEWS.find(([name]) => name === asked)?.[0] ?? 'now';
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
        {value ? <View view={view} config={value} again={again} /> : !error && <Skeleton />}
      </section>
      <Preferences />
    </div>
  );
}

interface ViewProps {
  readonly view: (typeof VIEWS)[number][0];
  readonly config: Config;
  readonly again: () => void;
}

function View({ view, config, again }: ViewProps) {
  if (view === 'check') return <CheckView file={config.file} effective={config.yaml} />;
  if (view === 'file') return <ReloadView file={config.file} onReloaded={again} />;
  return <InForce config={config} />;
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
