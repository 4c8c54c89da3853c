/** A configuration that is tried out: what is wrong with it, where, and what would be different. Nothing is applied. */
import { type Signal, signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ConfigCheck, ConfigProblem } from '../../../src/config/shape.js';
import { type ApiError, send } from '../lib/api.js';
import { Button } from '../parts/button.js';
import { CopyButton } from '../parts/copy-button.js';
import { ErrorNotice, Notice } from '../parts/notice.js';
import { Changes } from './changes.js';
import { Differences } from './differences.js';
import { Editor } from './editor.js';
import { Outcome, ProblemList } from './outcome.js';
import { offsetOf } from './problems.js';

/** Typing is not interrupted. */
const PAUSE_MS = 400;
const MOST_BYTES = 128 * 1024;

/** Outlives the page, so that a look elsewhere does not cost it; undefined: not begun. */
const draft = signal<string | undefined>(undefined);

export function CheckView({ file, effective }: { readonly file: string | null; readonly effective: string }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const text = draft.value ?? effective;
  const isTooLarge = useSignal(false);
  const { checked, error } = useChecked(text);
  const jump = ({ line, column }: ConfigProblem): void => {
    if (line === null || !area.current) return;
    const at = offsetOf(text, line, column ?? 1);
    area.current.focus();
    area.current.setSelectionRange(at, at);
  };
  const problems = checked?.problems ?? [];
  return (
    <>
      <div class="settings-file">
        <span class="quiet">
          What you type is checked as you type, and nothing is applied. To apply it, put it into{' '}
          {file === null ? 'a file, and start the agent with --config' : <code>{file}</code>}
          {file !== null && ': the agent takes it by itself'}.
        </span>
        <label class="button">
          Open a file
          <input
            type="file"
            class="unseen"
            accept=".yaml,.yml,text/yaml"
            onChange={(event) => void open(event.currentTarget, isTooLarge)}
          />
        </label>
        <Button onClick={() => (draft.value = undefined)} disabled={text === effective}>
          Start again
        </Button>
        <CopyButton text={() => text}>Copy</CopyButton>
      </div>
      <Editor area={area} text={text} problems={problems} onInput={(next) => (draft.value = next)} />
      <div aria-live="polite" class="settings-result">
        {isTooLarge.value && (
          <Notice>That file is larger than 128 KiB, which is the most that can be checked here.</Notice>
        )}
        {error && <ErrorNotice error={error} />}
        {checked && !error && <Outcome checked={checked} />}
      </div>
      {problems.length > 0 && <ProblemList problems={problems} onJump={jump} />}
      {checked?.ok && <Changes changes={checked.changes} title="What it would do" />}
      {checked?.ok && <Differences differs={checked.differs} />}
    </>
  );
}

async function open(input: HTMLInputElement, isTooLarge: Signal<boolean>): Promise<void> {
  const [file] = input.files ?? [];
  if (!file) return;
  isTooLarge.value = file.size > MOST_BYTES;
  if (!isTooLarge.value) draft.value = await file.text();
  input.value = '';
}

/** What the agent says of the text; of the one before while it is asked. */
function useChecked(text: string): {
  readonly checked: ConfigCheck | undefined;
  readonly error: ApiError | undefined;
} {
  const checked = useSignal<ConfigCheck | undefined>(undefined);
  const error = useSignal<ApiError | undefined>(undefined);
  useEffect(() => {
    const over = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const options = { type: 'text/yaml', signal: over.signal };
        checked.value = await send<ConfigCheck>('POST', 'api/v1/config/check', text, options);
        error.value = undefined;
      } catch (thrown) {
        if (!over.signal.aborted) error.value = thrown as ApiError;
      }
    };
    const timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      over.abort();
    };
  }, [text]);
  return { checked: checked.value, error: error.value };
}
