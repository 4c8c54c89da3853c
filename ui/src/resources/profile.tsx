/** Records where the processor's time goes, as a file for the tools of Chromium's browsers. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type ApiError, ask } from '../lib/api.js';
import { Button } from '../parts/button.js';
import { ErrorNotice } from '../parts/notice.js';

const SECONDS = 10;

export function Profile() {
  const left = useSignal<number | undefined>(undefined);
  const failed = useSignal<ApiError | undefined>(undefined);
  const isRecording = left.value !== undefined;
  useEffect(() => {
    if (!isRecording) return undefined;
    const over = new AbortController();
    const timer = setInterval(() => (left.value = Math.max(0, (left.peek() ?? 0) - 1)), 1000);
    void record(over.signal)
      .then(
        (blob) => save(blob, 'log-capturer.cpuprofile'),
        (error: unknown) => over.signal.aborted || (failed.value = error as ApiError),
      )
      .finally(() => over.signal.aborted || (left.value = undefined));
    return () => {
      over.abort();
      clearInterval(timer);
    };
  }, [isRecording]);
  const start = (): void => {
    failed.value = undefined;
    left.value = SECONDS;
  };
  return (
    <section class="resources-card" aria-label="CPU profile">
      <h2>CPU profile</h2>
      <p class="quiet">
        Where the agent's processor time goes, for {SECONDS} seconds; it costs some of it. The file opens in
        the performance panel of a Chromium browser's tools.
      </p>
      <div aria-live="polite">
        <Button icon="download" disabled={isRecording} onClick={start}>
          {isRecording ? `Recording, ${left.value} s left` : 'Record a CPU profile'}
        </Button>
      </div>
      {failed.value && <ErrorNotice error={failed.value} />}
    </section>
  );
}

async function record(signal: AbortSignal): Promise<Blob> {
  return (await ask('debug/profile', { params: { seconds: SECONDS }, signal }, {})).blob();
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
