/** The first Ctrl-C or SIGTERM ends what goes on early; a second one leaves at once. */
import type { ExitNow } from './program.js';

const INTERRUPTED = 130;

export async function interruptible<T>(
  exitNow: ExitNow,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const cut = new AbortController();
  const onSignal = (): void => {
    if (cut.signal.aborted) exitNow(INTERRUPTED);
    cut.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await work(cut.signal);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
