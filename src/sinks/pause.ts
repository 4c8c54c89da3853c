import type { Scope } from '../runtime/scope.js';

/** Resolves after `ms`, or at once when `signal` says that no time is left. */
export function pause(scope: Scope, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      signal.removeEventListener('abort', finish);
      void timer.release();
      resolve();
    };
    const timer = scope.timeout('pause for a server', ms, finish);
    signal.addEventListener('abort', finish);
  });
}
