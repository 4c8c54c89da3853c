import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { type ApiError, type ApiParams, getJson } from './api.js';

export interface Polled<T> {
  /** The last good answer. */
  readonly value: T | undefined;
  /** Why the last try failed; undefined where it did not. */
  readonly error: ApiError | undefined;
}

/** Asks at once and then every `everyMs`, but not in a hidden tab; a new question comes when the one before was answered. */
export function usePoll<T>(
  path: string,
  everyMs: number,
  params: ApiParams = {},
): { readonly state: Signal<Polled<T>>; readonly again: () => void } {
  const state = useSignal<Polled<T>>({ value: undefined, error: undefined });
  const again = useRef<() => void>(() => undefined);
  useEffect(() => {
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      clearTimeout(timer);
      if (!document.hidden) {
        try {
          state.value = { value: await getJson<T>(path, { params, signal: over.signal }), error: undefined };
        } catch (error) {
          if (over.signal.aborted) return;
          state.value = { ...state.peek(), error: error as ApiError };
        }
      }
      if (over.signal.aborted) return;
      clearTimeout(timer);
      timer = setTimeout(() => void ask(), everyMs);
    };
    again.current = () => void ask();
    const onShow = (): void => {
      if (!document.hidden) again.current();
    };
    document.addEventListener('visibilitychange', onShow);
    void ask();
    return () => {
      over.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onShow);
    };
  }, [path, everyMs, JSON.stringify(params)]);
  return { state, again: () => again.current() };
}
