/** The configuration file as it is on the agent's disk: what is wrong with it, what a reload would do, and the reload. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ConfigCheck, ReloadResult } from '../../../src/config/shape.js';
import { type ApiError, send } from '../lib/api.js';
import { Button } from '../parts/button.js';
import { Icon } from '../parts/icon.js';
import { ErrorNotice } from '../parts/notice.js';
import { Skeleton } from '../parts/skeleton.js';
import { Changes } from './changes.js';
import { Outcome, ProblemList } from './outcome.js';

export function ReloadView({
  file,
  onReloaded,
}: {
  readonly file: string | null;
  readonly onReloaded: () => void;
}) {
  const checked = useSignal<ConfigCheck | undefined>(undefined);
  const reloaded = useSignal<ReloadResult | undefined>(undefined);
  const error = useSignal<ApiError | undefined>(undefined);
  const isBusy = useSignal(false);
  const busily = async (ask: () => Promise<void>): Promise<void> => {
    isBusy.value = true;
    try {
      await ask();
      error.value = undefined;
    } catch (thrown) {
      error.value = thrown as ApiError;
    }
    isBusy.value = false;
  };
  const check = async (): Promise<void> => {
    checked.value = await send<ConfigCheck>('POST', 'api/v1/config/check');
  };
  const look = (): Promise<void> => busily(check);
  const reload = (): Promise<void> =>
    busily(async () => {
      reloaded.value = await send<ReloadResult>('POST', 'api/v1/config/reload');
      onReloaded();
      await check();
    });
  useEffect(() => void look(), []);
  const { changes = [], problems = [] } = checked.value ?? {};
  const needsRestart = changes.some(({ change }) => change === 'restart');
  const isDifferent = changes.some(({ change }) => change !== 'unchanged');
  return (
    <>
      <div class="settings-file">
        <span class="quiet">
          {file === null ? 'There is no file that the agent was started with' : <code>{file}</code>}
          {file !== null && ' is read by itself a moment after it changes'}. A configuration that is wrong, or
          that needs a restart, is refused as a whole, and the one in force goes on.
        </span>
        <Button onClick={() => void look()} disabled={isBusy.value}>
          Look again
        </Button>
        <Button
          kind="primary"
          onClick={() => void reload()}
          disabled={isBusy.value || !checked.value?.ok || needsRestart || !isDifferent}
        >
          Apply the file
        </Button>
      </div>
      <div aria-live="polite" class="settings-result">
        {error.value && <ErrorNotice error={error.value} />}
        {reloaded.value && <Reloaded reloaded={reloaded.value} />}
        {checked.value ? <Outcome checked={checked.value} /> : !error.value && <Skeleton />}
      </div>
      {problems.length > 0 && <ProblemList problems={problems} />}
      <Changes changes={changes} title={needsRestart ? 'What the file changes' : 'What a reload would do'} />
      {reloaded.value?.result === 'applied' && (
        <Changes changes={reloaded.value.changes} title="What the reload did" />
      )}
    </>
  );
}

/** What became of the reload, and why. */
function Reloaded({ reloaded: { result, problems } }: { readonly reloaded: ReloadResult }) {
  if (result === 'applied' || result === 'unchanged') return <p class="settings-verdict">{SAID[result]}</p>;
  return (
    <section aria-label="Why it was not reloaded">
      <p class="settings-verdict bad">
        <Icon name="alert" /> {SAID[result]}
      </p>
      <ProblemList problems={problems} />
    </section>
  );
}

const SAID: Readonly<Record<ReloadResult['result'], string>> = {
  applied: 'Reloaded.',
  unchanged: 'Reloaded: nothing was different.',
  refused: 'Not reloaded: the configuration in force goes on.',
  failed: 'Not reloaded: restart the agent.',
};
