/** The first lines do not wait for the journal's rhythm: whoever has just started the agent waits for them. */
import type { Journal } from '../journal/types.js';
import type { Tap } from '../pipeline/contract.js';

/** Has the first batch committed with the step that appends it; all others wait for the sync interval. */
export function hurryFirstLines(journal: Pick<Journal, 'barrier'>): Tap {
  let isFirst = true;
  return {
    onBatch() {
      if (!isFirst) return;
      isFirst = false;
      // Taps come before the journal: what is to be committed is there when this step is over.
      queueMicrotask(() => {
        // It fails where the journal is given up, which tells that itself.
        journal.barrier().catch(() => undefined);
      });
    },
  };
}
